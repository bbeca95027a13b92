package engine

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/embed/chat/chattest"
)

func TestReadEnrichSchema(t *testing.T) {
	s, err := ReadEnrichSchema(strings.NewReader(`{"relations":[{"name":"has_genre","tail_types":["genre"],"values":["Crime"],"examples":["Crime"],"known_only":true}]}`))
	if err != nil || !s.Relations[0].KnownOnly || !s.Relations[0].allows(" CRIME ") || s.Relations[0].allows("Horror") {
		t.Errorf("%+v, %v", s, err)
	}
	for _, tt := range []struct{ json, why string }{
		{``, "no JSON"},
		{`{}`, "no relation"},
		{`{"relations":[{"name":" "}]}`, "no name"},
		{`{"relations":[{"name":"a"},{"name":"a"}]}`, "one name twice"},
		{`{"relations":[{"name":"a","tail_types":[""]}]}`, "an empty type would be all untyped nodes"},
		{`{"relations":[{"name":"a","values":["?"]}]}`, "a value that no name can equal"},
		{`{"relations":[{"name":"a","tails":["person"]}]}`, "a mistyped key would be ignored"},
		{strings.Repeat(" ", maxSchemaBytes+1), "endless"},
	} {
		if _, err := ReadEnrichSchema(strings.NewReader(tt.json)); !errors.Is(err, ErrBadOption) {
			t.Errorf("%.40s: %v, want ErrBadOption: %s", tt.json, err, tt.why)
		}
	}
}

func TestProposeSchema(t *testing.T) {
	e, _ := world(t)
	s, err := e.ProposeSchema(t.Context(), nil, EnrichSchemaOptions{})
	if err != nil || len(s.Relations) != 3 {
		t.Fatalf("%+v, %v", s, err)
	}
	for _, r := range s.Relations {
		if len(r.TailTypes) != 1 || !strings.HasPrefix(r.Name, "has_rel") || len(r.Values) != 16 || len(r.Examples) != schemaExamples {
			t.Errorf("%+v", r)
		}
	}
	bare := filmStore(t)
	o := EnrichSchemaOptions{Types: []string{"film"}, Sample: 2}
	if _, err := bare.ProposeSchema(t.Context(), nil, o); !errors.Is(err, ErrNoData) {
		t.Errorf("no relation and no model: %v", err)
	}
	m := &chattest.Model{Reply: func(r chat.Request) (string, error) {
		if strings.Count(r.Messages[1].Content, `"name"`) != 2 || !json.Valid(r.Schema) {
			t.Errorf("asked %+v", r)
		}
		return `Relations: {"relations":[{"name":"Directed By","description":"who","tail_types":["person",""],"examples":["a"]},{"name":"directed-by"},{"name":"?"}]}`, nil
	}}
	s, err = bare.ProposeSchema(t.Context(), m, o)
	if err != nil || len(s.Relations) != 1 || s.Relations[0].Name != "directed_by" || !slices.Equal(s.Relations[0].TailTypes, []string{"person"}) {
		t.Errorf("%+v, %v", s, err)
	}
	m.Reply = func(chat.Request) (string, error) { return "no", nil }
	if _, err := bare.ProposeSchema(t.Context(), m, o); !errors.Is(err, ErrBadRecord) {
		t.Errorf("bad answer: %v", err)
	}
}
