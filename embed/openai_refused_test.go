package embed_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/embedtest"
)

func TestPoisonousTextCostsOnlyItself(t *testing.T) {
	cases := []struct {
		name   string
		answer embedtest.Answer
		why    string
	}{
		{"400", embedtest.Answer{Status: 400, Body: `{"error":{"message":"input too long","code":"context_length_exceeded"}}`}, "llama.cpp refuses the whole batch for one long text"},
		{"500", embedtest.Answer{Status: 500, Body: `{"error":"failed to encode response: json: unsupported value: NaN"}`}, "ollama, on some texts"},
		{"null", embedtest.Answer{Body: `{"data":[{"index":0,"embedding":[null]}]}`}, "NaN written as null"},
	}
	texts := make([]string, 100)
	for i := range texts {
		texts[i] = fmt.Sprintf("text %d", i)
	}
	texts[37], texts[38] = "poison 1", "poison 2"
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := embedtest.NewServer(t, 8)
			s.Poison("poison", c.answer)
			o, _ := client(t, s, nil)
			got, err := o.Embed(t.Context(), texts)
			var partial *embed.PartialError
			if !errors.As(err, &partial) || !errors.Is(err, embed.ErrBadText) {
				t.Fatalf("error %v, want a PartialError: %s", err, c.why)
			}
			if len(partial.Failed) != 2 || partial.Failed[0].Index != 37 || partial.Failed[1].Index != 38 {
				t.Errorf("failed: %+v", partial.Failed)
			}
			want := hashOf(t, 8, texts...)
			want[37], want[38] = nil, nil
			checkVectors(t, got, want)
		})
	}
}

func TestTextTooLongForTheModelIsCut(t *testing.T) {
	s := embedtest.NewServer(t, 8)
	s.LimitText(1000)
	o, clock := client(t, s, nil)
	long := strings.Repeat("長い文", 700) // 6,300 bytes: halved three times
	got, err := o.Embed(t.Context(), []string{"a", long, "b"})
	if err != nil {
		t.Fatal(err)
	}
	checkVectors(t, got, hashOf(t, 8, "a", long[:786], "b")) // at a character's border at or before each half
	if n := len(clock.Sleeps()); n != 0 {
		t.Errorf("%d waits for nothing", n)
	}
}

func TestSingleBadTextIsNotTheServersFault(t *testing.T) {
	s := embedtest.NewServer(t, 4)
	s.Poison("poison", embedtest.Answer{Status: 400})
	o, _ := client(t, s, nil)
	_, err := o.Embed(t.Context(), []string{"poison"})
	var partial *embed.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 1 {
		t.Errorf("error %v, want a PartialError", err)
	}
}

func TestEmptyTextFailsAloneAndIsNotSent(t *testing.T) {
	s := embedtest.NewServer(t, 4)
	s.Poison("poison", embedtest.Answer{Status: 400})
	o, _ := client(t, s, nil)
	got, err := o.Embed(t.Context(), []string{"", "a", " \n", "poison", "b"})
	var partial *embed.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 3 || partial.Failed[1].Index != 2 || partial.Failed[2].Index != 3 {
		t.Fatalf("error %v", err)
	}
	want := hashOf(t, 4, "a", "b")
	checkVectors(t, got, [][]float32{nil, want[0], nil, nil, want[1]})
	for _, r := range s.Requests() {
		if slices.Contains(r.Input, "") {
			t.Error("an empty text was sent")
		}
	}
}
