package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

const (
	minBackoff    = 500 * time.Millisecond
	maxBackoff    = 30 * time.Second
	maxRetryAfter = 120 * time.Second // a server that asks for more gets no further try
	malformed     = 2                 // tries for answers that are not what the API promises: a proxy page seldom goes away
)

// Client is what all requests to one endpoint and model share: its name, patience and rate limits. Safe for concurrent use.
type Client struct {
	Name    string // of provider, model and host; in errors
	Clock   Clock
	Log     *slog.Logger  // retries; never a text or the key
	Timeout time.Duration // of one request

	requests, tokens *rate.Limiter
}

// Limit sets how much may be sent a minute, 0 for no limit. burst is the most tokens of one request.
func (c *Client) Limit(requests, tokens, burst int) {
	c.requests, c.tokens = perMinute(requests, 1), perMinute(tokens, burst)
}

// perMinute returns a bucket of burst that n a minute flow into; 0 means no limit.
func perMinute(n, burst int) *rate.Limiter {
	if n == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(float64(n)/60), burst)
}

// Wait delays the next request to where the rate limits allow it.
func (c *Client) Wait(ctx context.Context, tokens int) error {
	now := c.Clock.Now()
	delay := c.requests.ReserveN(now, 1).DelayFrom(now)
	// More than the bucket holds can never be reserved; such a request waits for a full bucket.
	if c.tokens.Limit() != rate.Inf {
		delay = max(delay, c.tokens.ReserveN(now, min(tokens, c.tokens.Burst())).DelayFrom(now))
	}
	if delay <= 0 {
		return ctx.Err()
	}
	return c.Clock.Sleep(ctx, delay)
}

// Once calls try with the time-out of one request and says so when that is what ended it.
func (c *Client) Once(ctx context.Context, try func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	err := try(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return &TransportError{fmt.Sprintf("no answer within %v", c.Timeout)}
	}
	return err
}

// Malformed turns go-openai's decoding errors into a MalformedError; those of the doer pass. what is the answer that was
// expected: "an embedding list".
func Malformed(err error, what string, key Secret) error {
	var status *StatusError
	var transport *TransportError
	var bad *MalformedError
	if errors.As(err, &status) || errors.As(err, &transport) || errors.As(err, &bad) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return &MalformedError{"answer is not JSON: " + key.Redact(syntax.Error())}
	}
	return &MalformedError{"answer is not " + what + ": " + key.Redact(err.Error())}
}

// Retry calls try until it succeeds, fails for good, or has been called tries times, and waits in between. Waits are
// drawn evenly up to a bound that doubles (full jitter), so that clients that failed together do not return together.
// Errors: what try returned last, or one wrapping ctx.Err().
func (c *Client) Retry(ctx context.Context, tries int, try func() error) error {
	for n := 1; ; n++ {
		err := try()
		if err == nil {
			return nil
		}
		if ctxErr := ctx.Err(); ctxErr != nil {
			return fmt.Errorf("embed: %s: %w", c.Name, ctxErr)
		}
		wait, again := retryWait(err, n, tries)
		if !again {
			return err
		}
		var status int
		if e := (*StatusError)(nil); errors.As(err, &e) {
			status = e.Status
		}
		c.Log.Warn("request failed, trying again", "status", status, "try", n, "of", tries, "wait", wait)
		if err := c.Clock.Sleep(ctx, wait); err != nil {
			return fmt.Errorf("embed: %s: %w", c.Name, err)
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
	var status *StatusError
	var bad *MalformedError
	switch {
	case errors.As(err, &status):
		if !status.Temporary() {
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

// Temporary reports whether the same request may succeed later.
func (e *StatusError) Temporary() bool {
	if e.Code == "insufficient_quota" {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
		return false
	}
	switch e.retry {
	case "true":
		return true
	case "false":
		return false
	}
	return e.Status == http.StatusRequestTimeout || e.Status == http.StatusConflict ||
		e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// Translate gives the last error of a request the sentinel callers test for.
func (c *Client) Translate(err error) error {
	var status *StatusError
	var bad *MalformedError
	var transport *TransportError
	kind := ErrRefused
	switch {
	case errors.As(err, &status):
		switch {
		case status.Code == "insufficient_quota":
			kind = ErrQuota
		case status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden:
			kind = ErrAuth
		case status.Temporary() || status.Status >= 500:
			kind = ErrUnavailable
		}
	case errors.As(err, &bad):
		kind = ErrBadAnswer
	case errors.As(err, &transport):
		kind = ErrUnavailable
	default: // has its sentinel, or is the caller's cancelled context
		return err
	}
	return fmt.Errorf("%w: %s: %v", kind, c.Name, err)
}
