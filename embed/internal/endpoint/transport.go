package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxErrorBody   = 64 << 10 // of an answer other than 2xx
	maxSuccessBody = 64 << 20 // 2,048 vectors of 1,536 numbers in JSON take about 45 MiB
	maxMessage     = 300      // characters of a server's message that go into an error
)

// Doer sends the requests of go-openai. It stands between because go-openai reads bodies of any size, follows
// redirects with the key, waits for ever, and puts what the server said, the key included, into its errors.
type Doer struct {
	client *http.Client
	key    Secret
	check  func(body []byte) error // nil for none
}

// NewDoer returns a doer that sends key over rt. check, which may be nil, looks at each body of status 2xx before
// go-openai decodes it; its error is that of the request.
func NewDoer(rt http.RoundTripper, key Secret, check func(body []byte) error) *Doer {
	return &Doer{
		client: &http.Client{
			Transport: rt,
			// A redirect would take the key along to where it points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		key:   key,
		check: check,
	}
}

// StatusError is an answer other than 2xx. It holds nothing of the request and no key.
type StatusError struct {
	Status     int
	Code       string        // the server's word for the kind of error: "insufficient_quota"
	Message    string        // redacted and shortened
	retryAfter time.Duration // -1 when the server named none
	retry      string        // x-should-retry: "true", "false" or ""
}

func (e *StatusError) Error() string {
	s := "status " + strconv.Itoa(e.Status)
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// TransportError is a request without a whole answer: refused connection, broken body, time-out.
type TransportError struct{ Message string }

func (e *TransportError) Error() string { return e.Message }

// MalformedError is an answer of status 2xx whose body is no answer.
type MalformedError struct{ Message string }

func (e *MalformedError) Error() string { return e.Message }

// Do sends req with the key and returns answers of status 2xx only, their bodies read whole.
func (d *Doer) Do(req *http.Request) (*http.Response, error) {
	req.Header.Del("Authorization")
	if !d.key.IsZero() {
		req.Header.Set("Authorization", "Bearer "+d.key.Reveal())
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, d.broken(req, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, d.refused(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSuccessBody+1))
	switch {
	case err != nil:
		return nil, d.broken(req, err)
	case len(body) > maxSuccessBody:
		return nil, &MalformedError{fmt.Sprintf("answer of more than %d MiB", maxSuccessBody>>20)}
	}
	if d.check != nil {
		if err := d.check(body); err != nil {
			return nil, err
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// TransportError keeps the context's error as it is and flattens any other: it may quote what it was given.
func (d *Doer) broken(req *http.Request, err error) error {
	if ctxErr := req.Context().Err(); ctxErr != nil {
		return ctxErr
	}
	return &TransportError{d.clean(err.Error())}
}

func (d *Doer) clean(s string) string { return clean(s, d.key) }

// clean is a text of a server on one line, shortened and without what looks like a key.
func clean(s string, key Secret) string {
	s = strings.Join(strings.Fields(key.Redact(strings.ToValidUTF8(s, "?"))), " ")
	if short := Cut(s, maxMessage); short != s {
		return short + " …"
	}
	return s
}

// apiError is the error object of the API. Servers put strings or numbers into code.
type apiError struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Code    any    `json:"code"`
}

func (d *Doer) refused(resp *http.Response) *StatusError {
	// A failed read leaves the beginning, which is all that is wanted.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	e := &StatusError{Status: resp.StatusCode, retryAfter: retryAfter(resp.Header), retry: resp.Header.Get("X-Should-Retry")}
	var parsed struct {
		Error json.RawMessage `json:"error"`
	}
	var api apiError
	switch err := json.Unmarshal(body, &parsed); {
	case err == nil && json.Unmarshal(parsed.Error, &api) == nil:
		e.Message = d.clean(api.Message)
		e.Code = d.clean(api.Type)
		if s, ok := api.Code.(string); ok && s != "" {
			e.Code = d.clean(s)
		}
		if api.Type == "insufficient_quota" {
			e.Code = api.Type
		}
	case err == nil && len(parsed.Error) > 0: // {"error":"in words"}
		e.Message = d.clean(string(parsed.Error))
	default:
		e.Message = d.clean(string(body))
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Message = "redirect refused: the key goes to the configured address only"
	}
	return e
}

// ErrorObject returns the error object in an answer of status 200, which go-openai lets pass, as a MalformedError.
func ErrorObject(answer json.RawMessage, key Secret) error {
	return &MalformedError{"status 200 with an error: " + clean(string(answer), key)}
}

// retryAfter reads how long the server asks to wait, -1 when it does not say.
func retryAfter(h http.Header) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 && ms < 1e12 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 && s < 1e9 {
		return time.Duration(s * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil {
		// The server's own clock is the one its date is meant for.
		if now, err := http.ParseTime(h.Get("Date")); err == nil {
			return max(0, at.Sub(now))
		}
	}
	return -1
}

// IsStatus reports whether err is an answer of one of the statuses.
func IsStatus(err error, statuses ...int) bool {
	var e *StatusError
	if !errors.As(err, &e) {
		return false
	}
	for _, s := range statuses {
		if e.Status == s {
			return true
		}
	}
	return false
}
