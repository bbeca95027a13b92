package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

// tenant is one of several that have the same ids and nothing else in common: each name, text, type, relation, source and
// interaction type of hers holds her canary.
type tenant struct {
	name, canary string
	shift        int // of who likes what
	e            *engine.Engine
}

const (
	tenantUsers, tenantItems = 24, 30
	tenantRounds             = 3
	tenantQueries            = 10_000
)

// own is the id of a node that only this tenant has.
func (n *tenant) own(i int) string { return fmt.Sprintf("own-of-%s:%d", n.name, i) }

// write is one round of a tenant's working day: import, embed, propose, train, erase.
func (n *tenant) write(ctx context.Context, round int) error {
	var nodes, triples, events strings.Builder
	for i := range tenantItems {
		fmt.Fprintf(&nodes, "item:%d\t%s-film\t%s number %d\t%s wrote a text %d about %s maker %d\n", i, n.canary, n.canary, i, n.canary, round, n.canary, i%5)
		fmt.Fprintf(&triples, "item:%d\t%s-made-by\tmaker:%d\n", i, n.canary, (i+n.shift)%5)
	}
	for i := range 5 {
		fmt.Fprintf(&nodes, "maker:%d\t%s-person\t%s maker %d\t\n", i, n.canary, n.canary, i)
		fmt.Fprintf(&nodes, "%s\t%s-film\t%s secret %d\tonly %s has it\n", n.own(i), n.canary, n.canary, i, n.canary)
	}
	for u := range tenantUsers {
		for j := range 5 + round {
			fmt.Fprintf(&events, "user:%d\titem:%d\t1\t%d\t%s-view\n", u, (u*(1+n.shift)+j*(2+n.shift))%tenantItems, 100+j, n.canary)
		}
		fmt.Fprintf(&events, "user:%d\t%s\t1\t200\t%s-view\n", u, n.own(u%5), n.canary)
	}
	for _, src := range []engine.Source{
		{Kind: engine.Nodes, Reader: strings.NewReader(nodes.String())},
		{Kind: engine.Triples, Reader: strings.NewReader(triples.String()), SourceTag: n.canary},
		{Kind: engine.Interactions, Reader: strings.NewReader(events.String())},
	} {
		src.Format, src.Header = engine.TSV, engine.HeaderNo
		if _, err := n.e.Import(ctx, src); err != nil {
			return err
		}
	}
	if _, err := n.e.Embed(ctx, engine.EmbedOptions{}); err != nil {
		return err
	}
	if _, err := n.e.EnrichLink(ctx, engine.LinkOptions{By: n.canary}); err != nil {
		return err
	}
	if _, err := n.e.Erase(ctx, []string{n.own(4), fmt.Sprint("user:", round)}); err != nil {
		return err
	}
	_, err := n.e.Train(ctx, engine.TrainOptions{Config: seeded(0)})
	return err
}

// ask is one query of a tenant; other's ids are asked for, too. It returns all that the caller gets to see.
func (n *tenant) ask(ctx context.Context, i int, other *tenant) (seen string, err error) {
	user, item := fmt.Sprint("user:", 3+i%(tenantUsers-3)), fmt.Sprint("item:", i%tenantItems)
	switch i % 8 {
	case 0, 1, 2:
		r, err := n.e.Recommend(ctx, engine.Query{User: user, K: 10, Explain: i%64 == 0, IncludeSeen: i%3 == 0})
		return fmt.Sprintf("%+v", r), err
	case 3:
		r, err := n.e.Similar(ctx, item, 10)
		return fmt.Sprintf("%+v", r), err
	case 4:
		if i%5 > 0 { // an explanation costs as much as twenty lists
			r, err := n.e.Similar(ctx, user, 5)
			return fmt.Sprintf("%+v", r), err
		}
		r, err := n.e.Explain(ctx, user, item)
		return fmt.Sprintf("%+v", r), err
	case 5:
		node, err := n.e.Graph().Node(ctx, item)
		return fmt.Sprintf("%+v", node), err
	case 6:
		return n.askForOther(ctx, i, other)
	}
	if i%200 != 7 { // exports and counts cost a scan each
		r, err := n.e.Recommend(ctx, engine.Query{Likes: []string{item}, K: 5})
		return fmt.Sprintf("%+v", r), err
	}
	return n.everything(ctx)
}

// askForOther asks for ids that only the other tenant has: they are not there, and the error knows nothing but the id.
func (n *tenant) askForOther(ctx context.Context, i int, other *tenant) (string, error) {
	id := other.own(i % 4)
	_, e1 := n.e.Graph().Node(ctx, id)
	_, e2 := n.e.Similar(ctx, id, 3)
	_, e3 := n.e.Explain(ctx, "user:7", id)
	_, e4 := n.e.Recommend(ctx, engine.Query{Likes: []string{id}, K: 3})
	for _, err := range []error{e1, e2, e3, e4} {
		if !errors.Is(err, engine.ErrNotFound) && !errors.Is(err, graph.ErrNotFound) && !errors.Is(err, engine.ErrNotTrained) {
			return "", fmt.Errorf("%s is in the space of %s: %w", id, n.name, err)
		}
	}
	return strings.ReplaceAll(fmt.Sprint(e1, e2, e3, e4), id, ""), nil
}

// everything is all that a store tells: rows, counts, names of types, relations, modalities, proposals, the audit log.
func (n *tenant) everything(ctx context.Context) (string, error) {
	var b bytes.Buffer
	var errs []error
	note := func(v any, err error) {
		fmt.Fprintf(&b, "%+v\n", v)
		errs = append(errs, err)
	}
	for _, kind := range []engine.Kind{engine.Nodes, engine.Triples, engine.Interactions} {
		_, err := n.e.Export(ctx, kind, engine.JSONL, &b, engine.ExportOptions{})
		errs = append(errs, err)
	}
	g := n.e.Graph()
	note(g.Types(ctx))
	note(g.Relations(ctx))
	note(g.InteractionTypes(ctx))
	note(g.Modalities(ctx))
	proposals, err := n.e.ReviewList(ctx, engine.ReviewFilter{})
	for i := range proposals {
		proposals[i].Time = 0
	}
	note(proposals, err)
	s, err := g.Stats(ctx)
	// Bytes differ with the files of Badger; the text of a user who is new to the model is embedded, cached and so committed
	// when she is first asked about.
	s.Bytes, s.CacheEntries, s.Seq = 0, 0, 0
	note(s, err)
	return b.String(), errors.Join(errs...)
}

// TestSpacesUnderLoad: two tenants of one directory import, embed, propose, train and erase while 10,000 queries are
// answered. No answer and no error holds anything of the other, and at the end each store is, row by row and count by
// count, what it is when a tenant does the same alone.
func TestSpacesUnderLoad(t *testing.T) {
	ctx, root := t.Context(), filepath.Join(graphtest.Dir(t), "ken.db")
	open := func(root string, n *tenant) *tenant {
		t.Helper()
		dir, err := graph.SpaceDir(root, n.name)
		if err != nil {
			t.Fatal(err)
		}
		n.e, err = engine.Open(ctx, dir, engine.WithEmbedder(embed.NewHash(16)), engine.WithWorkers(1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closeEngine(t, n.e) })
		return n
	}
	ann := open(root, &tenant{name: "ann", canary: "sparrow", shift: 0})
	bob := open(root, &tenant{name: "bob", canary: "vulture", shift: 1})

	var work sync.WaitGroup
	for _, n := range []*tenant{ann, bob} {
		if err := n.write(ctx, 0); err != nil {
			t.Fatal(err)
		}
		work.Go(func() {
			for round := 1; round < tenantRounds; round++ {
				if err := n.write(ctx, round); err != nil {
					t.Errorf("%s: %v", n.name, err)
				}
			}
		})
	}
	var asked, answered, leaks atomic.Int64
	for range 4 {
		work.Go(func() {
			for i := int(asked.Add(1)) - 1; i < tenantQueries; i = int(asked.Add(1)) - 1 {
				n, other := ann, bob
				if i/8%2 == 1 {
					n, other = bob, ann
				}
				seen, err := n.ask(ctx, i, other)
				// An erasure takes the model, and nodes from under who reads them.
				if err != nil && !errors.Is(err, engine.ErrNotTrained) && (i%8 == 6 || !errors.Is(err, engine.ErrNotFound) && !errors.Is(err, graph.ErrNotFound)) {
					t.Errorf("%s, query %d: %v", n.name, i, err)
				}
				if err == nil {
					answered.Add(1)
				}
				if all := seen + fmt.Sprint(err); strings.Contains(all, other.canary) || strings.Contains(all, "own-of-"+other.name) {
					leaks.Add(1)
				}
			}
		})
	}
	work.Wait()
	t.Logf("%d queries, %d answered, %d leaks", tenantQueries, answered.Load(), leaks.Load())
	if leaks.Load() > 0 || answered.Load() == 0 {
		t.Errorf("%d answers, %d leaks", answered.Load(), leaks.Load())
	}
	for _, n := range []*tenant{ann, bob} {
		alone := open(filepath.Join(graphtest.Dir(t), "alone.db"), &tenant{name: n.name, canary: n.canary, shift: n.shift})
		for round := range tenantRounds {
			if err := alone.write(ctx, round); err != nil {
				t.Fatal(err)
			}
		}
		sameTenant(t, alone, n)
	}
}

// sameTenant fails unless two engines show the same store and the same lists.
func sameTenant(t *testing.T, want, got *tenant) {
	t.Helper()
	for what, see := range map[string]func(*tenant) (string, error){
		"store": func(n *tenant) (string, error) { return n.everything(t.Context()) },
		"lists": func(n *tenant) (string, error) {
			r, err := n.e.Recommend(t.Context(), engine.Query{User: "user:9", K: 40, Explain: true, IncludeSeen: true})
			return fmt.Sprintf("%+v", r), err
		},
	} {
		a, errA := see(want)
		b, errB := see(got)
		if errA != nil || errB != nil || a != b {
			t.Errorf("%s: the %s differs from that of a tenant alone (%v, %v): %s", want.name, what, errA, errB, cmp.Diff(strings.Split(a, "\n"), strings.Split(b, "\n")))
		}
	}
}

// counting embeds as the hash embedder does and counts the texts.
type counting struct {
	embed.Embedder
	texts atomic.Int64
}

func (c *counting) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	c.texts.Add(int64(len(texts)))
	return c.Embedder.Embed(ctx, texts)
}

// TestSpacesShareNoCache: the vector of a text that another tenant had embedded is not taken from her cache. Else how long
// an Embed takes, and what it costs, would tell whether somebody else has the text.
func TestSpacesShareNoCache(t *testing.T) {
	root, c := filepath.Join(graphtest.Dir(t), "ken.db"), &counting{Embedder: embed.NewHash(8)}
	for n, name := range []string{"ann", "bob", "ann"} {
		dir, err := graph.SpaceDir(root, name)
		if err != nil {
			t.Fatal(err)
		}
		e, err := engine.Open(t.Context(), dir, engine.WithEmbedder(c))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.AddNode(t.Context(), graph.Node{ID: "x", Name: "the same words"}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Embed(t.Context(), engine.EmbedOptions{}); err != nil {
			t.Fatal(err)
		}
		closeEngine(t, e)
		if want := int64(min(n+1, 2)); c.texts.Load() != want {
			t.Errorf("after space %d, %s, %d texts were embedded, want %d", n, name, c.texts.Load(), want)
		}
	}
}
