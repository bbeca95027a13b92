package embed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	minBackoff    = 500 * time.Millisecond
	maxBackoff    = 30 * time.Second
	maxRetryAfter = 120 * time.Second // a server that asks for more gets no further try
	malformed     = 2                 // tries for answers that are not what the API promises: a proxy page seldom goes away
)

// retry calls try until it succeeds, fails for good, or has been called tries times, and waits in between. Waits are
// drawn evenly up to a bound that doubles (full jitter), so that clients that failed together do not return together.
// Errors: what try returned last, or one wrapping ctx.Err().
func (o *OpenAI) retry(ctx context.Context, tries int, try func() error) error {
	for n := 1; ; n++ {
		err := try()
		if err == nil {
			return nil
		}
		if ctxErr := ctx.Err(); ctxErr != nil {
			return fmt.Errorf("embed: %s: %w", o.model.Name, ctxErr)
		}
		wait, again := retryWait(err, n, tries)
		if !again {
			return err
		}
		var status int
		if e := (*statusError)(nil); errors.As(err, &e) {
			status = e.status
		}
		o.cfg.Log.Warn("embedding request failed, trying again", "status", status, "try", n, "of", tries, "wait", wait)
		if err := o.cfg.Clock.Sleep(ctx, wait); err != nil {
			return fmt.Errorf("embed: %s: %w", o.model.Name, err)
		}
	}
}

// retryWait returns how long to wait after the n-th try failed with err, and whether another try makes sense at all.
func retryWait(err error, n, tries int) (time.Duration, bool) {
	if n >= tries {
		return 0, false
	}
	backoff := min(maxBackoff, minBackoff<<min(n, 10))
	wait := minBackoff + rand.N(backoff-minBackoff+1)
	var status *statusError
	var bad *malformedError
	switch {
	case errors.As(err, &status):
		if !status.temporary() {
			return 0, false
		}
		if status.retryAfter >= 0 {
			// A little more than asked, else all clients come back in the same instant.
			wait = status.retryAfter + rand.N(minBackoff)
		}
		return wait, status.retryAfter <= maxRetryAfter
	case errors.As(err, &bad):
		return wait, n < malformed
	case errors.Is(err, ErrBadAnswer):
		return 0, false
	}
	return wait, true
}

// temporary reports whether the same request may succeed later.
func (e *statusError) temporary() bool {
	if e.code == "insufficient_quota" {
		return false
	}
	switch e.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
		return false
	}
	switch e.retry {
	case "true":
		return true
	case "false":
		return false
	}
	return e.status == http.StatusRequestTimeout || e.status == http.StatusConflict ||
		e.status == http.StatusTooManyRequests || e.status >= 500
}

// translate gives the last error of a request the sentinel callers test for.
func (o *OpenAI) translate(err error) error {
	var status *statusError
	var bad *malformedError
	var transport *transportError
	kind := ErrRefused
	switch {
	case errors.As(err, &status):
		switch {
		case status.code == "insufficient_quota":
			kind = ErrQuota
		case status.status == http.StatusUnauthorized || status.status == http.StatusForbidden:
			kind = ErrAuth
		case status.temporary() || status.status >= 500:
			kind = ErrUnavailable
		}
	case errors.As(err, &bad):
		kind = ErrBadAnswer
	case errors.As(err, &transport):
		kind = ErrUnavailable
	default: // has its sentinel, or is the caller's cancelled context
		return err
	}
	return fmt.Errorf("%w: %s: %v", kind, o.model.Name, err)
}
