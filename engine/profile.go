package engine

import (
	"slices"
	"strings"

	"github.com/kenrec/ken/graph"
)

// profiler finds the contexts of items that a user's own triples speak of.
type profiler struct {
	ofEnd  map[graph.Idx][]int32  // contexts of items by their other end
	byName map[string][]graph.Idx // ends of contexts by folded name
}

func newProfiler(items *contextIndex, name func(graph.Idx) string) profiler {
	f := profiler{ofEnd: map[graph.Idx][]int32{}, byName: map[string][]graph.Idx{}}
	for z, c := range items.all {
		if c.attr.key != "" {
			continue
		}
		end := c.link.end
		if n := strings.ToLower(name(end)); f.ofEnd[end] == nil && n != "" {
			f.byName[n] = append(f.byName[n], end)
		}
		f.ofEnd[end] = append(f.ofEnd[end], int32(z))
	}
	return f
}

// profile returns the items' contexts that the ends of a user's facts belong to, each end weighing the same in total, half
// of that for each hop over which the fact came. An end that no item points to stands for the nodes of its name: "prefers
// American" means the cuisine called American.
func (f *profiler) profile(ties []tie, label func(graph.Idx) string) (at []int32, weight []float32) {
	sum := map[int32]float32{}
	var order []int32
	total := float32(0)
	for _, x := range ties {
		e, share := x.link.end, x.share()
		contexts := f.ofEnd[e]
		if len(contexts) == 0 {
			for _, same := range f.byName[strings.ToLower(label(e))] {
				contexts = append(contexts, f.ofEnd[same]...)
			}
		}
		for _, z := range contexts {
			if sum[z] == 0 {
				order = append(order, z)
			}
			sum[z] += share / float32(len(contexts))
		}
		if len(contexts) > 0 {
			total += share
		}
	}
	slices.Sort(order)
	for _, z := range order {
		at, weight = append(at, z), append(weight, sum[z]/total)
	}
	return at, weight
}
