package topk

import (
	"slices"
	"sync"
	"testing"

	"github.com/kenrec/ken/engine/internal/par"
)

// TestSearchConcurrently searches one set of items from many goroutines with different requests; the race detector watches.
func TestSearchConcurrently(t *testing.T) {
	v := random(900, 24, 1)
	for name, it := range variants(v) {
		var group sync.WaitGroup
		for g := range 6 {
			group.Go(func() {
				users := random(3+11*g, 24, uint64(g))
				req := filtered(users, v.Rows, 5+g, par.Stream(9, uint64(g)))
				var first []int32
				for range 3 {
					ids, _, err := it.Search(t.Context(), req, 1+g%2)
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					if first != nil && !slices.Equal(ids, first) {
						t.Errorf("%s: the same request got two results", name)
					}
					first = ids
				}
			})
		}
		group.Wait()
	}
}
