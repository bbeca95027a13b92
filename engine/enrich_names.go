package engine

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

// normalName is a name without what writers disagree about: case, accents, punctuation, white space. "" when nothing
// with a letter or digit is left.
func normalName(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
		case r == '\'' || r == '’': // O'Neill, l'eau
		default:
			gap = true
		}
	}
	return norm.NFC.String(b.String())
}

// namesOf lists the names a node may be called by: its name, else its id and what stands last in that.
func namesOf(n graph.Node) []string {
	if n.Name != "" {
		return []string{n.Name}
	}
	if i := strings.LastIndexAny(n.ID, ":/#"); i >= 0 && i+1 < len(n.ID) {
		return []string{n.ID, strings.ReplaceAll(n.ID[i+1:], "_", " ")}
	}
	return []string{n.ID}
}

// How a name was found.
const (
	matchExact      = "exact"
	matchNormalised = "normalised"
	matchEmbedding  = "embedding"
	matchNew        = "new"
	matchPredicted  = "predicted" // nobody named it
)

// maxNear is how many names are compared by their vectors; a relation with more tails is matched by words alone.
const maxNear = 20_000

// tails finds the tails of one relation by their names. Not safe for concurrent use.
type tails struct {
	ids          map[string]bool
	exact, folds map[string]string // name → id; ties go to the node that is a tail more often, then to the older one
	names        []string          // one of each id, in the order of near
	order        []string          // ids
	near         [][]float32       // unit vectors of names, made when first needed
	mean         []float32
	off          bool // no vectors
}

// candidate is a node that may be a tail.
type candidate struct {
	graph.Node
	idx  graph.Idx
	uses int
}

// tailsOf collects the possible tails of every relation of a schema, in two scans.
func (e *Engine) tailsOf(ctx context.Context, s EnrichSchema) ([]*tails, error) {
	uses := make([]map[graph.Idx]int, len(s.Relations))
	for i := range uses {
		uses[i] = map[graph.Idx]int{}
	}
	at := map[string]int{}
	for i, r := range s.Relations {
		at[r.Name] = i
	}
	for t, err := range e.store.Triples(ctx) {
		if err != nil {
			return nil, err
		}
		if i, ok := at[e.store.SymName(t.Relation)]; ok {
			uses[i][t.Tail]++
		}
	}
	found := make([][]candidate, len(s.Relations))
	for row, err := range e.store.Nodes(ctx) {
		if err != nil {
			return nil, err
		}
		for i, r := range s.Relations {
			n := uses[i][row.Idx]
			if slices.Contains(r.TailTypes, row.Node.Type) || len(r.TailTypes) == 0 && n > 0 {
				found[i] = append(found[i], candidate{row.Node, row.Idx, n})
			}
		}
	}
	out := make([]*tails, len(found))
	for i, list := range found {
		out[i] = newTails(list)
	}
	return out, nil
}

func newTails(list []candidate) *tails {
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Or(b.uses-a.uses, cmp.Compare(a.idx, b.idx)) })
	t := &tails{ids: map[string]bool{}, exact: map[string]string{}, folds: map[string]string{}}
	set := func(m map[string]string, name, id string) {
		if _, ok := m[name]; !ok && name != "" {
			m[name] = id
		}
	}
	for _, c := range list {
		t.ids[c.ID] = true
		for _, name := range namesOf(c.Node) {
			set(t.exact, name, c.ID)
			set(t.folds, normalName(name), c.ID)
		}
		t.names, t.order = append(t.names, namesOf(c.Node)[0]), append(t.order, c.ID)
	}
	return t
}

// find returns the node that a value names, and how sure that is; "" when it names none.
func (t *tails) find(ctx context.Context, value string, vectors *embed.Cached, threshold float64) (id, match string, sure float32, err error) {
	if id := t.exact[value]; id != "" {
		return id, matchExact, 1, nil
	}
	if t.ids[value] {
		return value, matchExact, 1, nil
	}
	if id := t.folds[normalName(value)]; id != "" {
		return id, matchNormalised, 1, nil
	}
	if vectors == nil || threshold > 1 || len(t.names) < 2 || len(t.names) > maxNear || t.off {
		return "", "", 0, nil
	}
	return t.nearest(ctx, value, vectors, threshold)
}

// nearest compares vectors of names. The mean of all names is taken off first: it says that they are names.
func (t *tails) nearest(ctx context.Context, value string, vectors *embed.Cached, threshold float64) (string, string, float32, error) {
	if t.near == nil {
		vecs, err := vectors.Embed(ctx, t.names)
		if err != nil || len(vecs) == 0 {
			t.off = ctx.Err() == nil // without vectors the words decide alone
			return "", "", 0, ctx.Err()
		}
		t.mean = make([]float32, len(vecs[0]))
		for _, v := range vecs {
			for j, x := range v {
				t.mean[j] += x / float32(len(vecs))
			}
		}
		for i := range vecs {
			vecs[i] = centred(vecs[i], t.mean)
		}
		t.near = vecs
	}
	vecs, err := vectors.Embed(ctx, []string{value})
	if err != nil || len(vecs) == 0 || len(vecs[0]) != len(t.mean) {
		return "", "", 0, ctx.Err()
	}
	v := centred(vecs[0], t.mean)
	best, at := float32(-1), -1
	for i, w := range t.near {
		sum := float32(0)
		for j, x := range w {
			sum += x * v[j]
		}
		if sum > best {
			best, at = sum, i
		}
	}
	if at < 0 || float64(best) < threshold {
		return "", "", 0, nil
	}
	return t.order[at], matchEmbedding, min(1, best), nil
}

// centred is v minus mean, of length 1.
func centred(v, mean []float32) []float32 {
	out := make([]float32, len(v))
	q := 0.0
	for j, x := range v {
		out[j] = x - mean[j]
		q += float64(out[j]) * float64(out[j])
	}
	if q > 0 {
		by := float32(1 / math.Sqrt(q))
		for j := range out {
			out[j] *= by
		}
	}
	return out
}
