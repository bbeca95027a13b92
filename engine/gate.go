package engine

import "context"

// gate is a mutex whose waiting can be cancelled.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

// Lock waits for as long as it takes.
func (g gate) Lock() { g <- struct{}{} }

// Unlock lets the next one in.
func (g gate) Unlock() { <-g }

// LockContext waits until ctx ends.
func (g gate) LockContext(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
