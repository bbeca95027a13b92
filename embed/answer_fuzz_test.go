package embed_test

import (
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/embedtest"
)

// answering is an HTTP transport that answers every request with one body.
type answering []byte

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(string(a))), Request: r,
	}, nil
}

// FuzzAnswer checks that no answer of a server makes the client fail otherwise than by an error, that the error does not
// tell the key, and that vectors that are accepted are as many as the texts, of one length, finite and not zero.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(data(item(0, "[1,2]"), item(1, "[3,4]"))))
	f.Add([]byte(data(item(1, "[1,2]"), item(0, "[3,null]"))))
	f.Add([]byte(`{"error":{"message":"` + canary + `"}}`))
	f.Add([]byte(data(item(0, "[1e39]"), item(0, "[]"))))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := embed.NewOpenAI(embed.Config{
			BaseURL: "http://localhost/v1", Model: "m", Key: embed.NewSecret(canary), Clock: &embedtest.Clock{}, Tries: 2,
			HTTPTransport: answering(body),
		})
		if err != nil {
			t.Fatal(err)
		}
		vecs, err := o.Embed(t.Context(), []string{"a", "b"})
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the key stands in %v", err)
		}
		for _, v := range vecs {
			if err == nil && len(v) == 0 || v != nil && len(v) != o.Model().Dim {
				t.Errorf("%d numbers, the model has %d, %v", len(v), o.Model().Dim, err)
			}
			norm := 0.0
			for _, x := range v {
				norm += float64(x) * float64(x)
			}
			if v != nil && !(norm > 0) || math.IsInf(norm, 0) {
				t.Errorf("vector of norm %v", norm)
			}
		}
	})
}
