package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

func recordsOf(t *testing.T, s *graph.Store, space, prefix string) (out []string) {
	t.Helper()
	for r, err := range s.Records(t.Context(), space, prefix) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%q=%s", r.Key, r.Value))
	}
	return out
}

func logOf(t *testing.T, s *graph.Store) (out []string) {
	t.Helper()
	for e, err := range s.Log(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%d:%s", e.Seq, e.Text))
	}
	return out
}

// withBatch commits what put does.
func withBatch(t *testing.T, s *graph.Store, put func(b *graph.Batch) error) uint64 {
	t.Helper()
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Cancel()
	if err := put(b); err != nil {
		t.Fatal(err)
	}
	seq, err := b.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// TestRecords guarantees that records and log entries are there with their batch or not at all, apart by space, in order,
// and that neither backup, vacuum nor repair loses them or takes them for knowledge.
func TestRecords(t *testing.T) {
	t.Parallel()
	dir := graphtest.Dir(t)
	s := openDir(t, dir)
	graphtest.Films().Put(t, s)
	before := graphtest.Dump(t, s)
	seq := withBatch(t, s, func(b *graph.Batch) error {
		return errors.Join(b.PutRecord("a", "k2", []byte("two")), b.PutRecord("a", "k1", []byte("one")), b.PutRecord("a", "k1", []byte("uno")),
			b.PutRecord("ab", "k", []byte("other")), b.PutRecord("a", "gone", []byte("x")), b.DeleteRecord("a", "gone"), b.DeleteRecord("a", "never"),
			b.AppendLog([]byte("first")), b.AppendLog([]byte("second")))
	})
	if again := withBatch(t, s, func(b *graph.Batch) error { return b.PutRecord("a", "k1", []byte("uno")) }); again != seq {
		t.Errorf("the same record again moved the sequence from %d to %d", seq, again)
	}
	withBatch(t, s, func(b *graph.Batch) error {
		return errors.Join(b.PutRecord("a", "k3", []byte("three")), b.DeleteRecord("a", "k2"), b.AppendLog([]byte("third")))
	})
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.PutRecord("a", "cancelled", []byte("x")), b.AppendLog([]byte("cancelled"))); err != nil {
		t.Fatal(err)
	}
	b.Cancel()
	if err := s.SetRecord(t.Context(), "c", "\x00\xff", []byte("bytes")); err != nil {
		t.Fatal(err)
	}
	check := func(s *graph.Store, what string) {
		t.Helper()
		got := [][]string{recordsOf(t, s, "a", ""), recordsOf(t, s, "a", "k3"), recordsOf(t, s, "ab", ""), recordsOf(t, s, "c", ""), logOf(t, s)}
		want := [][]string{{`"k1"=uno`, `"k3"=three`}, {`"k3"=three`}, {`"k"=other`}, {`"\x00\xff"=bytes`},
			{fmt.Sprintf("%d:first", seq), fmt.Sprintf("%d:second", seq), fmt.Sprintf("%d:third", seq+1)}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		if got, err := s.Record(t.Context(), "a", "k1"); err != nil || string(got) != "uno" {
			t.Errorf("%s: %q, %v", what, got, err)
		}
		if rep, err := s.Check(t.Context()); err != nil || !rep.OK() {
			t.Errorf("%s: check %+v, %v", what, rep, err)
		}
	}
	check(s, "stored")
	if diff := cmp.Diff(before, graphtest.Dump(t, s)); diff != "" {
		t.Errorf("records show as knowledge:\n%s", diff)
	}
	var buf bytes.Buffer
	if _, err := s.Backup(t.Context(), &buf); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if _, err := graph.Vacuum(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	s = openDir(t, dir)
	check(s, "after vacuum")
	closeStore(t, s)
	copied := filepath.Join(graphtest.Dir(t), "copy")
	if _, err := restore(t, buf.Bytes(), copied); err != nil {
		t.Fatal(err)
	}
	r := openDir(t, copied)
	check(r, "restored")
	withBatch(t, r, func(b *graph.Batch) error { return b.AppendLog([]byte("after")) })
	if got := logOf(t, r); len(got) != 4 || !strings.HasSuffix(got[3], ":after") {
		t.Errorf("log after a restore: %v", got)
	}
	closeStore(t, r)
}

func TestBadRecords(t *testing.T) {
	t.Parallel()
	s, err := graph.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 9000)
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"no space", b.PutRecord("", "k", []byte("v"))},
		{"long space", b.PutRecord(long, "k", []byte("v"))},
		{"no key", b.PutRecord("s", "", []byte("v"))},
		{"long key", b.PutRecord("s", long, []byte("v"))},
		{"no value", b.PutRecord("s", "k", nil)},
		{"large value", b.PutRecord("s", "k", make([]byte, graph.MaxRecord+1))},
		{"empty entry", b.AppendLog(nil)},
		{"delete without a key", b.DeleteRecord("s", "")},
		{"set without a value", s.SetRecord(context.Background(), "s", "k", nil)},
	} {
		if !errors.Is(tt.err, graph.ErrBadRecord) {
			t.Errorf("%s: %v, want ErrBadRecord", tt.name, tt.err)
		}
	}
	b.Cancel()
	if _, err := s.Record(t.Context(), "s", "k"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("missing record: %v", err)
	}
	closeStore(t, s)
}
