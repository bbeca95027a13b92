package embed

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

// doer sends the requests of go-openai. It stands between because go-openai reads bodies of any size, follows
// redirects with the key, waits for ever, and puts what the server said, the key included, into its errors.
type doer struct {
	client *http.Client
	key    Secret
}

func newDoer(rt http.RoundTripper, key Secret) *doer {
	return &doer{
		client: &http.Client{
			Transport: rt,
			// A redirect would take the key along to where it points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		key: key,
	}
}

// statusError is an answer other than 2xx. It holds nothing of the request and no key.
type statusError struct {
	status     int
	code       string        // the server's word for the kind of error: "insufficient_quota"
	message    string        // redacted and shortened
	retryAfter time.Duration // -1 when the server named none
	retry      string        // x-should-retry: "true", "false" or ""
}

func (e *statusError) Error() string {
	s := "status " + strconv.Itoa(e.status)
	if e.code != "" {
		s += " " + e.code
	}
	if e.message != "" {
		s += ": " + e.message
	}
	return s
}

// transportError is a request without a whole answer: refused connection, broken body, time-out.
type transportError struct{ message string }

func (e *transportError) Error() string { return e.message }

// malformedError is an answer of status 2xx whose body is no answer.
type malformedError struct{ message string }

func (e *malformedError) Error() string { return e.message }

// Do sends req with the key and returns answers of status 2xx only, their bodies read whole.
func (d *doer) Do(req *http.Request) (*http.Response, error) {
	req.Header.Del("Authorization")
	if !d.key.IsZero() {
		req.Header.Set("Authorization", "Bearer "+d.key.Reveal())
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, d.transportError(req, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, d.statusError(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSuccessBody+1))
	switch {
	case err != nil:
		return nil, d.transportError(req, err)
	case len(body) > maxSuccessBody:
		return nil, &malformedError{fmt.Sprintf("answer of more than %d MiB", maxSuccessBody>>20)}
	}
	if err := d.checkBody(body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// transportError keeps the context's error as it is and flattens any other: it may quote what it was given.
func (d *doer) transportError(req *http.Request, err error) error {
	if ctxErr := req.Context().Err(); ctxErr != nil {
		return ctxErr
	}
	return &transportError{d.clean(err.Error())}
}

func (d *doer) clean(s string) string {
	s = strings.Join(strings.Fields(d.key.redact(strings.ToValidUTF8(s, "?"))), " ")
	if short := cut(s, maxMessage); short != s {
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

func (d *doer) statusError(resp *http.Response) *statusError {
	// A failed read leaves the beginning, which is all that is wanted.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	e := &statusError{status: resp.StatusCode, retryAfter: retryAfter(resp.Header), retry: resp.Header.Get("X-Should-Retry")}
	var parsed struct {
		Error json.RawMessage `json:"error"`
	}
	var api apiError
	switch err := json.Unmarshal(body, &parsed); {
	case err == nil && json.Unmarshal(parsed.Error, &api) == nil:
		e.message = d.clean(api.Message)
		e.code = d.clean(api.Type)
		if s, ok := api.Code.(string); ok && s != "" {
			e.code = d.clean(s)
		}
		if api.Type == "insufficient_quota" {
			e.code = api.Type
		}
	case err == nil && len(parsed.Error) > 0: // {"error":"in words"}
		e.message = d.clean(string(parsed.Error))
	default:
		e.message = d.clean(string(body))
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.message = "redirect refused: the key goes to the configured address only"
	}
	return e
}

// checkBody looks for what go-openai lets pass: an error object in an answer of status 200, and null in a vector,
// which servers write for NaN and which decodes to 0.
func (d *doer) checkBody(body []byte) error {
	if !bytes.Contains(body, []byte("null")) && !bytes.Contains(body, []byte(`"error"`)) {
		return nil
	}
	var answer struct {
		Error *json.RawMessage `json:"error"`
		Data  []struct {
			Index     int        `json:"index"`
			Embedding []*float32 `json:"embedding"`
		} `json:"data"`
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer); err != nil {
		return &malformedError{d.clean(err.Error())}
	}
	if answer.Error != nil && len(answer.Data) == 0 {
		return &malformedError{"status 200 with an error: " + d.clean(string(*answer.Error))}
	}
	for _, item := range answer.Data {
		for _, x := range item.Embedding {
			if x == nil {
				return &malformedError{fmt.Sprintf("null in the vector of index %d", item.Index)}
			}
		}
	}
	return nil
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

// isStatus reports whether err is an answer of one of the statuses.
func isStatus(err error, statuses ...int) bool {
	var e *statusError
	if !errors.As(err, &e) {
		return false
	}
	for _, s := range statuses {
		if e.status == s {
			return true
		}
	}
	return false
}
