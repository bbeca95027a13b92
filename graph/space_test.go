package graph_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

func TestSpaceDir(t *testing.T) {
	for _, tc := range []struct {
		name string
		ok   bool
		why  string
	}{
		{"acme", true, ""},
		{"a", true, "one character will do"},
		{"7-of_9", true, "digits, - and _"},
		{strings.Repeat("x", graph.MaxSpace), true, "the longest"},
		{strings.Repeat("x", graph.MaxSpace+1), false, "too long"},
		{"", false, "a tenant that was not set must not get the store of all"},
		{"Acme", false, "would be acme where file names have no case"},
		{".", false, "the directory of the spaces itself"},
		{"..", false, "the store around them"},
		{"../other", false, "a way out"},
		{"a/b", false, "a space in a space"},
		{`a\b`, false, "the same on Windows"},
		{"/etc", false, "an absolute path"},
		{"a.b", false, "no dots: lost+found, STORE.tmp and the like have them"},
		{"-db", false, "reads like a flag"},
		{"_x", false, "kept for later"},
		{"a b", false, "a blank"},
		{"a\x00b", false, "ends a path in C"},
		{"straße", false, "one letter, several spellings in Unicode"},
	} {
		dir, err := graph.SpaceDir("root", tc.name)
		if tc.ok && (err != nil || dir != filepath.Join("root", "spaces", tc.name)) || !tc.ok && !errors.Is(err, graph.ErrBadSpace) {
			t.Errorf("SpaceDir(%q) = %q, %v: %s", tc.name, dir, err, tc.why)
		}
	}
}

// A space is a store in the directory of another one. Neither counts, finds, checks or loses what is the other's, whichever
// was there first.
func TestSpaceBesideStore(t *testing.T) {
	for _, first := range []string{"root", "space"} {
		root := filepath.Join(graphtest.Dir(t), "ken.db")
		space, err := graph.SpaceDir(root, "acme")
		if err != nil {
			t.Fatal(err)
		}
		if there, err := graph.Exists(root); there || err != nil {
			t.Fatalf("a store in a directory that is not there: %v", err)
		}
		dirs := []string{root, space}
		if first == "space" {
			dirs = []string{space, root}
		}
		for i, dir := range dirs {
			if there, err := graph.Exists(dir); there || err != nil {
				t.Errorf("%s first: %s is taken for a store before it was made: %v", first, dir, err)
			}
			storeOf(t, dir, []string{"secret-of-the-first", "secret-of-the-second"}[i])
		}
		for i, dir := range dirs {
			rep, err := graph.Check(t.Context(), dir)
			if err != nil || !rep.OK() || rep.Stats.Nodes != 1 {
				t.Errorf("%s: %+v, %v", dir, rep, err)
			}
			found, err := graph.FindBytes(t.Context(), dir, []byte("secret-of-the-first"), []byte("secret-of-the-second"))
			if err != nil || found[i] == 0 || found[1-i] != 0 {
				t.Errorf("%s first, %s holds %v of the two secrets, %v", first, dir, found, err)
			}
		}
		all, err := graph.Spaces(root)
		if err != nil || len(all) != 1 || all[0].Name != "acme" || all[0].Bytes == 0 {
			t.Errorf("spaces: %v, %v", all, err)
		}
		if err := os.RemoveAll(space); err != nil {
			t.Fatal(err)
		}
		if rep, err := graph.Check(t.Context(), root); err != nil || !rep.OK() || rep.Stats.Nodes != 1 {
			t.Errorf("after a space was removed: %+v, %v", rep, err)
		}
	}
}

// storeOf makes a store with one node in dir.
func storeOf(t *testing.T, dir, id string) {
	t.Helper()
	s, err := graph.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.Stats(t.Context())
	if err != nil || before.Nodes != 0 || before.Seq != 0 {
		t.Errorf("a new store has %+v, %v", before, err)
	}
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.PutNode(graph.Node{ID: id, Type: id}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	types, err := s.Types(t.Context())
	if diff := cmp.Diff([]graph.Count{{Name: id, N: 1}}, types); err != nil || diff != "" {
		t.Errorf("types: %v %s", err, diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
