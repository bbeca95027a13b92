package endpoint

import (
	"context"
	"time"
)

// Clock is the time that retries and rate limits run on. Tests give their own and never sleep.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d, or ctx.Err() when ctx is done before that.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is real time.
type SystemClock struct{}

// Now returns the time.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep waits for d or for ctx.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
