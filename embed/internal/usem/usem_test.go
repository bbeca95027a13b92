package usem

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"
)

func TestLoadRefusesOtherArchives(t *testing.T) {
	// One array of the right name and the wrong shape; all others missing.
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, err := w.Create("q1.npy")
	if err != nil {
		t.Fatal(err)
	}
	header := "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"
	fmt.Fprintf(f, "\x93NUMPY\x01\x00%c\x00%sabc", len(header), header)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"foreign": buf.Bytes(), "no archive": []byte("x"), "nothing": nil} {
		if _, err := Load(data); !errors.Is(err, ErrWeights) {
			t.Errorf("%s: error %v, want ErrWeights", name, err)
		}
	}
}

func TestLayerNorm(t *testing.T) {
	l := layerNorm{gain: []float32{1, 1, 2, 1}, bias: []float32{0, 0, 0, 10}, eps: 0}
	x := []float32{1, 2, 3, 4, -1, -1, 1, 1}
	l.apply(x)
	a, b := float32(1.5/math.Sqrt(1.25)), float32(0.5/math.Sqrt(1.25))
	want := []float32{-a, -b, 2 * b, 10 + a, -1, -1, 2, 11}
	for i := range want {
		if math.Abs(float64(x[i]-want[i])) > 1e-6 {
			t.Errorf("column %d is %g, want %g", i, x[i], want[i])
		}
	}
}

func TestGatherStopsAtTheEndsOfATextAndFillsWithZeros(t *testing.T) {
	// Two texts of two and one pieces; the first number of each row names its piece.
	s := &Scratch{ids: make([]int32, 3), ends: []int{2, 3}}
	x := make([]float32, 3*branchDim)
	for r := range 3 {
		x[r*branchDim] = float32(r + 1)
	}
	cases := []struct {
		branch branch
		want   [][]float32
		why    string
	}{
		{branch{window: 2, left: 0}, [][]float32{{1, 2}, {2, 0}, {3, 0}}, "the piece and the next"},
		{branch{window: 3, left: 1}, [][]float32{{0, 1, 2}, {1, 2, 0}, {0, 3, 0}}, "one on each side"},
		{branch{window: 5, left: 2}, [][]float32{{0, 0, 1, 2, 0}, {0, 1, 2, 0, 0}, {0, 0, 3, 0, 0}}, "two on each side"},
	}
	for _, c := range cases {
		s.window = noise(3 * c.branch.window * branchDim)
		c.branch.gather(s, x)
		for r, row := range c.want {
			for w, v := range row {
				if got := s.window[(r*c.branch.window+w)*branchDim]; got != v {
					t.Errorf("window %d, piece %d, place %d: %g, want %g: %s", c.branch.window, r, w, got, v, c.why)
				}
			}
		}
	}
}

// noise stands for what an earlier call left in a scratch.
func noise(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 99
	}
	return v
}
