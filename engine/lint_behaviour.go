package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/text/cases"

	"github.com/kenrec/ken/graph"
)

// Activity spreads over orders of magnitude, so its logarithm is measured: the median, and the median deviation of those
// above it, since the upper tail is the longer one; a few robots move neither. With the floor nobody below 12 times the
// median is suspected, however alike the others are.
const (
	robotDeviations = 5
	robotFloor      = 0.5 // least deviation of the logarithm
	robotLeast      = 100 // interactions that no robot stays below
	madToSigma      = 1.4826
)

// busy finds users and items with far more interactions than the others.
func (l *lint) busy() {
	users, items := make([]int, len(l.d.users)), make([]int, len(l.d.items))
	for _, e := range l.d.events {
		users[e.user]++
		items[e.item]++
	}
	l.busiest(newFinding(LintBusyUsers, "", "users"), l.d.users, users)
	l.busiest(newFinding(LintBusyItems, "", "items"), l.d.items, items)
}

func (l *lint) busiest(f *LintFinding, nodes []graph.Idx, counts []int) {
	bound, active := robotBound(counts)
	f.Total = active
	var found []int
	for row, c := range counts {
		if float64(c) > bound {
			found = append(found, row)
		}
	}
	f.N = len(found)
	slices.SortStableFunc(found, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	for _, row := range found[:min(len(found), maxLintExamples)] {
		f.example(fmt.Sprintf("%d interactions, bound %.0f", counts[row], bound), l.d.nodes[nodes[row]].id)
	}
	l.add(f)
}

// robotBound returns the activity beyond which somebody is suspected, and how many are active at all.
func robotBound(counts []int) (bound float64, active int) {
	var logs []float64
	for _, c := range counts {
		if c > 0 {
			logs = append(logs, math.Log(float64(c)))
		}
	}
	if len(logs) == 0 {
		return math.Inf(1), 0
	}
	mid := median(logs)
	above := slices.Clone(logs[len(logs)/2:])
	for i := range above {
		above[i] -= mid
	}
	sigma := max(madToSigma*median(above), robotFloor)
	return max(math.Exp(mid+robotDeviations*sigma), robotLeast), len(logs)
}

// median sorts x and returns its middle, the upper one of two.
func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// typeSpread finds interactions whose type says nothing or splits what belongs together: no type where others have one,
// and a type that differs from a more frequent one by case and white space alone.
func (l *lint) typeSpread() {
	count := map[graph.Sym]int{}
	var types []graph.Sym
	for _, e := range l.d.events {
		if count[e.typ]++; count[e.typ] == 1 {
			types = append(types, e.typ)
		}
	}
	slices.SortFunc(types, func(a, b graph.Sym) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	f := newFinding(LintTypeSpread, "", "interactions")
	f.Total = len(l.d.events)
	fold, first := cases.Fold(), map[string]string{}
	for _, t := range types {
		name := l.d.symName(t)
		key := strings.Join(strings.Fields(fold.String(name)), " ")
		usual, known := first[key]
		switch {
		case name == "" && len(types) > 1:
			f.N += count[t]
			f.example(fmt.Sprintf("%d interactions have no type, others have", count[t]), "")
		case known:
			f.N += count[t]
			f.example(fmt.Sprintf("%d interactions; another spelling of %s", count[t], usual), name)
		default:
			first[key] = name
		}
	}
	l.add(f)
}
