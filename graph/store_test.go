package graph_test

import (
	"testing"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

func TestInMemory(t *testing.T) {
	graphtest.Run(t, func(t *testing.T) *graph.Store {
		s, err := graph.OpenInMemory()
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestOnDisk(t *testing.T) {
	graphtest.Run(t, func(t *testing.T) *graph.Store { return openDir(t, t.TempDir()) })
}

func openDir(t testing.TB, dir string, opts ...graph.Option) *graph.Store {
	t.Helper()
	s, err := graph.Open(t.Context(), dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
