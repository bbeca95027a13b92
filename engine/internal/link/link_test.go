package link

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

func matrix(rows, cols int, pairs ...[2]int32) *sparse.CSR {
	var r, c []int32
	for _, p := range pairs {
		r, c = append(r, p[0]), append(c, p[1])
	}
	return sparse.FromTriplets(rows, cols, r, c, nil, nil)
}

// circles is items in circles of five that are alike; item i has end i/5, and every third item the common end 9.
func circles() (*Evidence, *Relation, *sparse.CSR) {
	const items, circle, ends = 45, 5, 10
	var near, links [][2]int32
	for i := range int32(items) {
		for j := i / circle * circle; j < (i/circle+1)*circle; j++ {
			if i != j {
				near = append(near, [2]int32{i, j})
			}
		}
		links = append(links, [2]int32{i, i / circle})
		if i%3 == 0 {
			links = append(links, [2]int32{i, ends - 1})
		}
	}
	all := matrix(items, ends, links...)
	views := []View{{Name: "circle", Near: matrix(items, items, near...)}, {Name: "nothing", Near: matrix(items, items)}}
	return NewEvidence(views, dense.New(items, 4)), NewRelation(all, dense.New(ends, 4)), all
}

// drop returns m without some entries, and those.
func drop(m *sparse.CSR, out func(i int, z int32) bool) (rest, held *sparse.CSR) {
	var a, b [][2]int32
	for i := range m.Rows {
		ends, _ := m.Row(i)
		for _, z := range ends {
			if p := [2]int32{int32(i), z}; out(i, z) {
				b = append(b, p)
			} else {
				a = append(a, p)
			}
		}
	}
	return matrix(m.Rows, m.Cols, a...), matrix(m.Rows, m.Cols, b...)
}

func TestRanksByHand(t *testing.T) {
	// Ends 0, 1 and 2 are had by 3, 2 and 1 of the items, end 3 by none; 4 is had by 2 like 1.
	links := matrix(6, 5, [2]int32{0, 0}, [2]int32{1, 0}, [2]int32{2, 0}, [2]int32{0, 1}, [2]int32{3, 1}, [2]int32{4, 2}, [2]int32{1, 4}, [2]int32{2, 4})
	held := matrix(6, 5, [2]int32{3, 0}, [2]int32{4, 1}, [2]int32{4, 3}, [2]int32{5, 2})
	known := matrix(6, 5, [2]int32{0, 0}, [2]int32{1, 0}, [2]int32{2, 0}, [2]int32{0, 1}, [2]int32{3, 1}, [2]int32{4, 2}, [2]int32{1, 4}, [2]int32{2, 4},
		[2]int32{3, 0}, [2]int32{4, 1}, [2]int32{4, 3}, [2]int32{5, 2})
	e := NewEvidence(nil, dense.New(6, 2))
	frequency, nothing := []float64{1, 0, 0}, []float64{0, 0, 0}
	ranks, err := e.Ranks(t.Context(), NewRelation(links, dense.New(5, 2)), held, known, [][]float64{frequency, nothing}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range [][]float64{
		{
			1,   // item 3, end 0: the most frequent of 0, 2, 3 and 4
			2.5, // item 4, end 1: beside 0 (above), 4 (equal)
			3,   // item 4, end 3: unseen; 0 and 4 are above
			4,   // item 5, end 2: 0, 1 and 4 are above, the unseen 3 below
		},
		{
			2,   // item 3, end 0: equal to 2 and 4, the unseen 3 below
			2,   // item 4, end 1: equal to 0 and 4
			3,   // item 4, end 3: unseen; 0 and 4 are above
			2.5, // item 5, end 2: equal to 0, 1 and 4
		},
	} {
		if diff := cmp.Diff(want, ranks[n]); diff != "" {
			t.Errorf("scorer %d:\n%s", n, diff)
		}
	}
}

// A regression on links that were held out finds others again, for any number of workers, and says how sure it is.
func TestPredict(t *testing.T) {
	e, whole, all := circles()
	rest, held := drop(all, func(i int, z int32) bool { return i%5 == 1 && z < 9 })
	r := NewRelation(rest, whole.Ends)
	sample, err := e.Sample(t.Context(), r, held, rest, 2)
	if err != nil || sample.Positives() != held.NNZ() {
		t.Fatalf("%d of %d held links in the sample, %v", sample.Positives(), held.NNZ(), err)
	}
	if thin := sample.Thin(10); len(thin.Rows) > 11 || len(thin.Rows) < 5 {
		t.Errorf("%d of %d rows are about 10", len(thin.Rows), len(sample.Rows))
	}
	fit := sample.Fit()

	rest, held = drop(all, func(i int, z int32) bool { return i%5 == 2 && z < 9 })
	r = NewRelation(rest, whole.Ends)
	var first [][]Guess
	for workers := 1; workers < 4; workers++ {
		guesses, err := e.Guesses(t.Context(), r, rest, fit, 0.5, 1, workers)
		if err != nil {
			t.Fatal(err)
		}
		for i := range held.Rows {
			want, _ := held.Row(i)
			if len(guesses[i]) != len(want) || len(want) == 1 && guesses[i][0].End != want[0] {
				t.Errorf("item %d: guesses %v, held out %v", i, guesses[i], want)
			}
		}
		if first == nil {
			first = guesses
		} else if diff := cmp.Diff(first, guesses); diff != "" {
			t.Errorf("%d workers:\n%s", workers, diff)
		}
	}
}

func TestFeaturesAreFinite(t *testing.T) {
	e, r, all := circles()
	s := newScratch(e, r)
	for i := range all.Rows {
		s.gather(e, r, i)
		for z := range all.Cols {
			s.features(e, r, i, z, s.row)
			for n, v := range s.row {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("item %d, end %d: feature %s is %g", i, z, e.Features()[n], v)
				}
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	e, r, all := circles()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errSample := e.Sample(ctx, r, all, all, 1)
	_, errRanks := e.Ranks(ctx, r, all, all, [][]float64{make([]float64, 5)}, 1)
	_, errGuesses := e.Guesses(ctx, r, all, Sample{}.Fit(), 0, 1, 1)
	for what, err := range map[string]error{"sample": errSample, "ranks": errRanks, "guesses": errGuesses} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
