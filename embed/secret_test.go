package embed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/embedtest"
)

func TestSecretNeverShows(t *testing.T) {
	s := embed.NewSecret(" " + canary + "\n")
	if s.Reveal() != canary {
		t.Errorf("Reveal gives %q", s.Reveal())
	}
	config := embed.Config{Model: "m", Key: s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", &s)
		fmt.Fprintf(&out, verb+"\n", config)
	}
	fmt.Fprintln(&out, s, errors.New(s.String()))
	if err := json.NewEncoder(&out).Encode(map[string]any{"key": s, "in": struct{ K embed.Secret }{s}}); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", s, "config", config)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", s)
	hex := fmt.Sprintf("%x", canary)
	if strings.Contains(out.String(), "canary") || strings.Contains(out.String(), hex) {
		t.Errorf("the key shows:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "***") {
		t.Error("nothing stands for the key")
	}
	if zero := (embed.Secret{}); zero.String() != "" || !zero.IsZero() {
		t.Errorf("no key prints as %q", zero)
	}
}

// TestCanary lets servers echo the key in every way and looks for it in all that comes out: errors, their chains, logs.
func TestCanary(t *testing.T) {
	echo := `{"error":{"message":"key ` + canary + ` bearer ` + canary + `","type":"` + canary + `","code":"` + canary + `"}}`
	answers := []embedtest.Answer{
		{Status: 400, Body: echo}, {Status: 401, Body: echo}, {Status: 403, Body: canary}, {Status: 404, Body: echo},
		{Status: 429, Body: echo}, {Status: 500, Body: "Authorization: Bearer " + canary}, {Status: 503, Body: `{"error":"` + canary + `"}`},
		{Body: echo}, {Body: canary}, {Body: `{"data":"` + canary + `"}`}, {Body: `{"data":[{"index":"` + canary + `"}]}`},
		{Status: 302, Header: map[string]string{"Location": "http://127.0.0.1:1/" + canary}},
		{Status: 200, Header: map[string]string{"Content-Length": "9999"}, Body: canary, Drop: true},
	}
	for i, a := range answers {
		s := embedtest.NewServer(t, 4)
		s.Poison("", a)
		var out bytes.Buffer
		o, _ := client(t, s, func(c *embed.Config) {
			c.Log = slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		_, err := o.Embed(t.Context(), []string{"private text", "b"})
		if err == nil {
			t.Errorf("answer %d: no error", i)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			fmt.Fprintf(&out, "%v %+v %#v\n", e, e, e)
		}
		fmt.Fprintf(&out, "%+v %#v", o, o)
		if strings.Contains(out.String(), "canary") {
			t.Errorf("answer %d: the key shows in\n%s", i, out.String())
		}
		if strings.Contains(out.String(), "private text") {
			t.Errorf("answer %d: a text shows in\n%s", i, out.String())
		}
		if len(s.Requests()) == 0 || s.Requests()[0].Authorization != "Bearer "+canary {
			t.Errorf("answer %d: the key was not sent", i)
		}
	}
}

func TestNoKeyNoHeader(t *testing.T) {
	s := embedtest.NewServer(t, 4)
	o, _ := client(t, s, func(c *embed.Config) { c.Key = embed.Secret{} })
	if _, err := o.Embed(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Requests()[0].Authorization; got != "" {
		t.Errorf("without a key the server saw %q", got)
	}
}
