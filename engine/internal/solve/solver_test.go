package solve

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
)

var lens = []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 40, 63, 64, 65, 100, 127, 128, 129, 200, 399}

var shapes = []shape{
	{f: 1, cols: 400, lens: lens, alpha: .1, scale: .3, conf: 1, why: "a single factor"},
	{f: 7, cols: 400, lens: lens, alpha: .1, scale: .3, conf: 1, prior: true, why: "less than a vector"},
	{f: 16, cols: 400, lens: lens, alpha: .1, scale: .3, conf: 10, target: true, why: "one vector, targets"},
	{f: 64, cols: 400, lens: lens, alpha: .3, scale: .1, conf: 5, prior: true, target: true, why: "whole vectors, everything on"},
	{f: 100, cols: 400, lens: lens, alpha: 1, scale: .1, conf: 40, prior: true, why: "padding, high confidence"},
	{f: 128, cols: 400, lens: lens, alpha: .01, scale: .05, conf: 1, why: "small factors: the regularisation decides"},
	{f: 130, cols: 60, lens: []int{0, 10, 60}, alpha: 1, scale: .3, conf: 1, prior: true, why: "singular Gram matrix"},
}

func TestHalfStepAgainstReference(t *testing.T) {
	for _, s := range shapes {
		p := s.random(t, 1)
		dst := dense.New(p.Rows.Rows, s.f)
		if err := New(s.f, 2).HalfStep(t.Context(), p, dst); err != nil {
			t.Fatalf("%s: %v", s.why, err)
		}
		for r := range p.Rows.Rows {
			if e := relError(dst.Row(r), reference(p.Gram, p.row(r))); e > 1e-5 {
				t.Errorf("%s: row of %d entries, f %d: relative error %.2g", s.why, p.Rows.Len(r), s.f, e)
			}
		}
	}
}

func TestRowAgainstReference(t *testing.T) {
	for _, s := range shapes {
		p := s.random(t, 2)
		b, err := NewBasis(p.Gram, s.f)
		if err != nil {
			t.Fatal(err)
		}
		solver, dst := New(s.f, 1), make([]float32, s.f)
		for r := range p.Rows.Rows {
			if err := solver.Row(t.Context(), b, p.row(r), dst); err != nil {
				t.Fatalf("%s: %v", s.why, err)
			}
			if e := relError(dst, reference(p.Gram, p.row(r))); e > 1e-5 {
				t.Errorf("%s: row of %d entries, f %d: relative error %.2g", s.why, p.Rows.Len(r), s.f, e)
			}
		}
	}
}

func TestRowRepeatedAndUnorderedEntries(t *testing.T) {
	p := shape{f: 20, cols: 30, lens: []int{3}, alpha: .5, scale: .3, conf: 1}.random(t, 3)
	b, err := NewBasis(p.Gram, 20)
	if err != nil {
		t.Fatal(err)
	}
	r := Row{F: p.F, Reg: .5, Idx: []int32{9, 2, 9, 2, 2}, Conf: []float32{1, 2, 3, .5, 0}, Target: []float32{1, -1, 1, 0, 5}}
	dst := make([]float32, 20)
	if err := New(20, 1).Row(t.Context(), b, r, dst); err != nil {
		t.Fatal(err)
	}
	if e := relError(dst, reference(p.Gram, r)); e > 1e-5 {
		t.Errorf("relative error %.2g", e)
	}
}

func TestHalfStepZeroConfidence(t *testing.T) {
	p := shape{f: 24, cols: 90, lens: []int{1, 5, 80}, alpha: .5, scale: .3, conf: 1, prior: true}.random(t, 4)
	for i := range p.Rows.Val {
		if i%2 == 0 {
			p.Rows.Val[i] = 0
		}
	}
	dst := dense.New(3, 24)
	if err := New(24, 1).HalfStep(t.Context(), p, dst); err != nil {
		t.Fatal(err)
	}
	for r := range 3 {
		if e := relError(dst.Row(r), reference(p.Gram, p.row(r))); e > 1e-5 {
			t.Errorf("row %d: relative error %.2g", r, e)
		}
	}
}

func TestHalfStepSameBytesForAnyWorkers(t *testing.T) {
	for _, s := range shapes {
		p := s.random(t, 5)
		var want []float32
		for _, workers := range []int{1, 2, 8} {
			dst := dense.New(p.Rows.Rows, s.f)
			if err := New(s.f, workers).HalfStep(t.Context(), p, dst); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = dst.Data
			} else if !slices.Equal(dst.Data, want) {
				t.Errorf("%s: %d workers give other bytes than 1", s.why, workers)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	nan := float32(math.NaN())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		spoil func(p *Problem, ctx *context.Context)
		want  error
		why   string
	}{
		{func(p *Problem, _ *context.Context) { p.Reg[1] = 0 }, ErrReg, "no regularisation"},
		{func(p *Problem, _ *context.Context) { p.Reg[1] = nan }, ErrReg, "NaN regularisation"},
		{func(p *Problem, _ *context.Context) { p.Rows.Val[3] = -1 }, ErrConfidence, "negative confidence"},
		{func(p *Problem, _ *context.Context) { p.Rows.Val[3] = nan }, ErrConfidence, "NaN confidence"},
		{func(p *Problem, _ *context.Context) { p.Rows.Val[3] = float32(math.Inf(1)) }, ErrConfidence, "infinite confidence"},
		{func(p *Problem, _ *context.Context) { p.F.Set(int(p.Rows.Idx[0]), 2, nan) }, ErrNotFinite, "NaN factor"},
		{func(p *Problem, _ *context.Context) { p.Mode = Approximate; p.F.Set(int(p.Rows.Idx[10]), 2, nan) }, ErrNotFinite, "NaN factor, few steps"},
		{func(p *Problem, _ *context.Context) { p.Gram[5] = math.NaN() }, ErrNotFinite, "NaN in the Gram matrix"},
		{func(p *Problem, _ *context.Context) { p.Gram = p.Gram[1:] }, ErrShape, "short Gram matrix"},
		{func(p *Problem, _ *context.Context) { p.Reg = p.Reg[1:] }, ErrShape, "short regularisation"},
		{func(p *Problem, _ *context.Context) { p.Target = make([]float32, 1) }, ErrShape, "short targets"},
		{func(p *Problem, _ *context.Context) { p.Prior = dense.New(1, 6) }, ErrShape, "short prior"},
		{func(p *Problem, _ *context.Context) { p.F = dense.New(2, 6) }, ErrShape, "short other side"},
		{func(_ *Problem, c *context.Context) { *c = ctx }, context.Canceled, "cancelled"},
	} {
		p := shape{f: 6, cols: 20, lens: []int{4, 5, 18}, alpha: .5, scale: .3, conf: 1}.random(t, 6)
		use := t.Context()
		tt.spoil(&p, &use)
		if err := New(6, 2).HalfStep(use, p, dense.New(3, 6)); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.why, err, tt.want)
		}
	}
}
