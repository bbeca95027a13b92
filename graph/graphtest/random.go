package graphtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kenrec/ken/graph"
)

// testRandom does random things in random batches, some of them cancelled, to the store and to a model of it.
func testRandom(t *testing.T, s *graph.Store) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	m := newModel()
	for round := range 60 {
		b, err := s.NewBatch(t.Context())
		fatal(t, err)
		next := m.clone()
		for range 1 + r.IntN(20) {
			next.step(t, r, b)
		}
		if r.IntN(5) == 0 {
			b.Cancel()
		} else {
			_, err := b.Commit(t.Context())
			fatal(t, err)
			m = next
		}
		g := Dump(t, s)
		same(t, g, m.graph())
		if round%10 == 9 {
			sameViews(t, s, g)
			Check(t, s)
		}
	}
}

// testBehind does random things in batches that are begun while the ones before are being written.
func testBehind(t *testing.T, s *graph.Store) {
	const seed = 8
	r := rand.New(rand.NewPCG(seed, seed))
	m := newModel()
	var last *graph.Commit
	for round := range 120 {
		b, err := s.NewBatchBehind(t.Context(), last)
		fatal(t, err)
		next := m.clone()
		for range 1 + r.IntN(20) {
			next.step(t, r, b)
		}
		if r.IntN(8) == 0 {
			b.Cancel()
		} else {
			last = b.CommitBehind(t.Context())
			m = next
		}
		if round%10 < 9 {
			continue
		}
		if last != nil {
			_, err := last.Wait()
			fatal(t, err)
		}
		same(t, Dump(t, s), m.graph())
		Check(t, s)
	}
}

// testReaders has readers look on while a writer puts and deletes batches of equal size: a reader that sees a part of a
// batch sees another number of triples than its batches have.
func testReaders(t *testing.T, s *graph.Store) {
	const rounds, per = 12, 400
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-done:
					return
				default:
				}
				n := 0
				for _, err := range s.Triples(t.Context()) {
					if err != nil {
						t.Error(err)
						return
					}
					n++
				}
				if n%per != 0 {
					t.Errorf("%d triples: a part of a batch shows", n)
					return
				}
				if _, err := s.Node(t.Context(), "h0"); err != nil && !errors.Is(err, graph.ErrNotFound) {
					t.Error(err)
				}
			}
		}()
	}
	for round := range rounds {
		b, err := s.NewBatch(t.Context())
		fatal(t, err)
		if round%3 == 2 {
			fatal(t, b.DeleteNode(fmt.Sprint("h", round-1)))
		} else {
			for i := range per {
				_, err := b.PutTriple(graph.Triple{Head: fmt.Sprint("h", round), Relation: "r", Tail: fmt.Sprint("t", i)})
				fatal(t, err)
			}
		}
		_, err = b.Commit(t.Context())
		fatal(t, err)
	}
	close(done)
	wg.Wait()
}
