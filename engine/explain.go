package engine

import (
	"context"
	"fmt"
)

// Explanation splits one score into parts that add up to it.
type Explanation struct {
	User  string   `json:"user"`
	Item  string   `json:"item"`
	Name  string   `json:"name,omitempty"`
	Score float64  `json:"score"`
	Basis Basis    `json:"basis"`
	Parts []Part   `json:"parts"` // sum of Value is Score up to rounding
	Paths []string `json:"paths"` // ways through the graph, in words: liked Heat —directed_by→ Michael Mann ←directed_by— Collateral
}

// Part is one addend of a score.
type Part struct {
	Kind  string  `json:"kind"`           // "history", "context", "text", "structure", "popularity", "user knowledge", …
	ID    string  `json:"id,omitempty"`   // the node it comes from, if one
	Name  string  `json:"name,omitempty"` // in words
	Value float64 `json:"value"`
}

// Explain returns why item has the score it has for user.
// Errors: ErrNotTrained, ErrNotFound.
func (e *Engine) Explain(ctx context.Context, user, item string) (_ Explanation, err error) {
	defer border(&err)
	q := Query{User: user, K: 1, IncludeSeen: true}
	s, err := e.session(ctx, q)
	if err != nil {
		return Explanation{}, err
	}
	p, err := e.find(ctx, s.m, s.live, q)
	if err != nil {
		return Explanation{}, err
	}
	return s.explain(ctx, p, item)
}

// explain splits the score of one item for one person.
func (s *session) explain(ctx context.Context, p *person, item string) (Explanation, error) {
	n, err := s.e.need("item", item)
	if err != nil {
		return Explanation{}, err
	}
	at := s.position(n)
	if at < 0 {
		return Explanation{}, fmt.Errorf("%w: %q is no item of the model", ErrNotFound, item)
	}
	it, err := s.show(ctx, at)
	if err != nil {
		return Explanation{}, err
	}
	if it.gone {
		return Explanation{}, fmt.Errorf("%w: item %q", ErrNotFound, item)
	}
	score, v := s.score(p, at)
	x := Explanation{User: p.id, Item: item, Name: it.name, Score: float64(score), Basis: p.basis, Paths: []string{}}
	if p.basis == BasisPopularity {
		x.Parts = []Part{{Kind: "popularity", Name: "how many users like it", Value: x.Score}}
		return x, nil
	}
	reader, err := s.e.tieReader(ctx, s.m)
	if err != nil {
		return Explanation{}, err
	}
	sp := splitter{s: s, p: p, v: v, at: at, item: item, reader: reader}
	if err := sp.split(ctx, x.Score); err != nil {
		return Explanation{}, err
	}
	x.Parts = sp.sorted()
	x.Paths, err = s.paths(ctx, reader, p, item, x.Parts)
	return x, err
}

// score returns the score of the item at a position for a person and the voice that it was taken by, without its bonuses.
func (s *session) score(p *person, at int) (float32, voice) {
	b := s.m.board()
	defer s.m.putBoard(b)
	v := s.m.voice(p, b)
	if n := at - len(s.m.items); n >= 0 {
		return s.scoreLive(p, []int{n})[0], v
	}
	return s.m.score(p, &v, b, at), v
}

// sentences turns an explanation into reasons, strongest first: paths through the graph, then the largest parts.
func (x *Explanation) sentences() []string {
	const most = 3
	out := append([]string(nil), x.Paths[:min(len(x.Paths), 2)]...)
	for _, part := range x.Parts {
		if len(out) >= most || part.Value <= 0 {
			break
		}
		if text := part.sentence(); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func (p Part) sentence() string {
	switch p.Kind {
	case partHistory:
		return "goes with " + p.Name + ", which is in the history"
	case partContext:
		return p.Name
	case partPreference:
		return "fits the preference for " + p.Name
	case partPeople, partEarlier, partUser:
		return "" // never the whole story: history and contexts say the same in words
	case "popularity":
		return "is liked by many"
	}
	return "its " + p.Kind + " is close to what the history says"
}
