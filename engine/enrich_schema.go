package engine

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kenrec/ken/graph"
)

// EnrichSchema says what may be extracted from the texts of items: nothing else gets in.
type EnrichSchema struct {
	Relations []EnrichRelation `json:"relations"`
}

// EnrichRelation is one relation that items may have.
type EnrichRelation struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// TailTypes are the types of nodes that tails are looked for among; the first is that of new ones. None: the tails
	// that the relation has in the graph.
	TailTypes []string `json:"tail_types,omitempty"`
	Values    []string `json:"values,omitempty"`   // when given, the only names that tails may have
	Examples  []string `json:"examples,omitempty"` // of names
	KnownOnly bool     `json:"known_only,omitempty"`
}

const (
	maxRelations   = 64
	maxSchemaBytes = 1 << 20
	maxValues      = 500
)

// ReadEnrichSchema reads and checks a schema in JSON. Errors: ErrBadOption, those of r.
func ReadEnrichSchema(r io.Reader) (s EnrichSchema, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSchemaBytes+1))
	if err != nil {
		return s, fmt.Errorf("engine: schema: %w", err)
	}
	if len(data) > maxSchemaBytes {
		return s, fmt.Errorf("%w: schema of more than %d bytes", ErrBadOption, maxSchemaBytes)
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, fmt.Errorf("%w: schema: %w", ErrBadOption, err)
	}
	return s, s.Validate()
}

// Validate reports the first thing that is wrong, as ErrBadOption.
func (s EnrichSchema) Validate() error {
	if len(s.Relations) == 0 || len(s.Relations) > maxRelations {
		return fmt.Errorf("%w: schema with %d relations, want 1 to %d", ErrBadOption, len(s.Relations), maxRelations)
	}
	seen := map[string]bool{}
	for _, r := range s.Relations {
		switch {
		case strings.TrimSpace(r.Name) == "" || len(r.Name) > graph.MaxName:
			return fmt.Errorf("%w: schema: relation name of %d bytes", ErrBadOption, len(r.Name))
		case seen[r.Name]:
			return fmt.Errorf("%w: schema: relation %q stands twice", ErrBadOption, r.Name)
		case len(r.Values) > maxValues:
			return fmt.Errorf("%w: schema: relation %q has %d values, want at most %d", ErrBadOption, r.Name, len(r.Values), maxValues)
		case slices.Contains(r.TailTypes, ""):
			return fmt.Errorf("%w: schema: relation %q has an empty tail type", ErrBadOption, r.Name)
		}
		for _, v := range r.Values {
			if normalName(v) == "" {
				return fmt.Errorf("%w: schema: relation %q has a value without a letter or digit", ErrBadOption, r.Name)
			}
		}
		seen[r.Name] = true
	}
	return nil
}

// relation returns the relation of a name, nil when the schema does not have it.
func (s EnrichSchema) relation(name string) *EnrichRelation {
	for i := range s.Relations {
		if s.Relations[i].Name == name {
			return &s.Relations[i]
		}
	}
	return nil
}

// allows reports whether a tail may have the name.
func (r *EnrichRelation) allows(name string) bool {
	if len(r.Values) == 0 {
		return true
	}
	want := normalName(name)
	return slices.ContainsFunc(r.Values, func(v string) bool { return normalName(v) == want })
}
