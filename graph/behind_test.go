package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// TestBehind fills batches while the one before waits to be written: each sees what that one put, and the store ends with the
// same records as one that waits for each.
func TestBehind(t *testing.T) {
	plain, behind := inMemory(t), inMemory(t)
	var last *Commit
	behind.commits.Lock()
	for round := range 60 {
		b1, err := plain.NewBatch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b2, err := behind.NewBatchBehind(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		if last != nil && b2.prev == nil {
			t.Fatal("the batch before is not being written")
		}
		seed := uint64(round)
		if got, want := randomSteps(t, b2, seed), randomSteps(t, b1, seed); got != want {
			t.Fatalf("round %d:\n%s\nnot\n%s", round, got, want)
		}
		behind.commits.Unlock()
		removes := round%7 == 6 // a node goes, with all that is written of it: the batch after waits
		for _, b := range []*Batch{b1, b2} {
			if !removes {
				break
			}
			if err := b.DeleteNode("n1"); err != nil && !errors.Is(err, ErrNotFound) {
				t.Fatal(err)
			}
		}
		if _, err := b1.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if last != nil {
			if _, err := last.Wait(); err != nil {
				t.Fatal(err)
			}
			last = nil
		}
		if removes {
			if _, err := b2.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		behind.commits.Lock()
		if !removes {
			last = b2.CommitBehind(t.Context())
		}
	}
	behind.commits.Unlock()
	if seq, err := last.Wait(); err != nil || seq != 60 {
		t.Fatal(seq, err)
	}
	if !maps.Equal(recordsOf(t, plain), recordsOf(t, behind)) {
		t.Error("the stores differ")
	}
}

func inMemory(t *testing.T) *Store {
	s, err := OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() { // a test that failed may hold the lock that Close wants
			_ = s.Close()
		}
	})
	return s
}

func startBatch(t *testing.T, s *Store) *Batch {
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// randomSteps puts, deletes and asks for a few of few things, and returns what was said.
func randomSteps(t *testing.T, b *Batch, seed uint64) (said string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	node := func() string { return fmt.Sprint("n", r.IntN(12)) }
	for range 20 {
		var what any
		var err error
		switch x, y := node(), node(); r.IntN(7) {
		case 0:
			what, err = b.PutNode(Node{ID: x, Type: []string{"", "user", "film"}[r.IntN(3)], Name: fmt.Sprint(r.IntN(3))})
		case 1, 2:
			what, err = b.PutTriple(Triple{Head: x, Relation: fmt.Sprint("r", r.IntN(2)), Tail: y, Weight: float32(1 + r.IntN(2))})
		case 3, 4:
			what, err = b.PutInteraction(Interaction{User: x, Item: y, Weight: float32(r.IntN(2))})
		case 5:
			err = b.DeleteTriple(x, "r0", y)
		default:
			what, _, err = b.NodeType(x)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		said += fmt.Sprintln(what, err != nil)
	}
	return said
}

// recordsOf returns the store's records of nodes, names, edges and counters.
func recordsOf(t *testing.T, s *Store) map[string]string {
	sn := s.kv.pin()
	defer sn.close()
	all := map[string]string{}
	for _, kind := range []byte{kindSym, kindCount, kindDict, kindNode, kindOut, kindIn, kindUser, kindItem} {
		err := sn.scan(t.Context(), []byte{kind}, func(key, val []byte) bool {
			all[string(key)] = string(val)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestBehindFailed writes nothing of a batch whose predecessor could not be written, and can be told so at any point; the next
// batch is a whole one.
func TestBehindFailed(t *testing.T) {
	full := errors.New("full")
	for name, last := range map[string]func(s *Store, c *Commit, b *Batch, release func()) error{
		"commit": func(_ *Store, _ *Commit, b *Batch, release func()) error {
			release()
			_, err := b.Commit(context.Background())
			return err
		},
		"delete": func(_ *Store, _ *Commit, b *Batch, release func()) error {
			release()
			err := b.DeleteNode("a")
			if _, err := b.Commit(context.Background()); err == nil {
				t.Error("committed after all")
			}
			return err
		},
		"begin": func(s *Store, c *Commit, b *Batch, release func()) error {
			b.Cancel()
			release()
			_, _ = c.Wait()
			_, err := s.NewBatchBehind(context.Background(), c)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := inMemory(t)
			s.commits.Lock()
			s.failed = full
			b := startBatch(t, s)
			if _, err := b.PutInteraction(Interaction{User: "a", Item: "b", Type: "view"}); err != nil {
				t.Fatal(err)
			}
			c := b.CommitBehind(t.Context())
			b, err := s.NewBatchBehind(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if typ, found, err := b.NodeType("a"); err != nil || !found || typ != TypeUser {
				t.Fatal(typ, found, err)
			}
			if _, err := b.PutTriple(Triple{Head: "a", Relation: "r", Tail: "c"}); err != nil {
				t.Fatal(err)
			}
			if err := last(s, c, b, s.commits.Unlock); !errors.Is(err, full) {
				t.Fatal(err)
			}
			s.failed = nil
			b = startBatch(t, s)
			if _, found, err := b.NodeType("a"); err != nil || found {
				t.Fatal(found, err)
			}
			if _, err := b.PutTriple(Triple{Head: "a", Relation: "s", Tail: "c"}); err != nil {
				t.Fatal(err)
			}
			if seq, err := b.Commit(t.Context()); err != nil || seq != 1 {
				t.Fatal(seq, err)
			}
			if r, err := s.Check(t.Context()); err != nil || len(r.Findings) > 0 || r.Stats.Nodes != 2 {
				t.Fatal(r, err)
			}
		})
	}
}
