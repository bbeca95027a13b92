package par

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
)

func TestChunksCoverOnce(t *testing.T) {
	for _, tt := range []struct {
		n, size, workers int
		why              string
	}{
		{0, 4, 3, "nothing to do"},
		{-1, 4, 3, "negative counts as nothing"},
		{10, 4, 1, "last chunk is short"},
		{10, 4, 8, "more workers than chunks"},
		{1000, 1, 4, "many chunks a worker"},
		{5, 0, 0, "size and workers below 1 count as 1"},
	} {
		seen := make([]atomic.Int32, max(tt.n, 0))
		err := Chunks(t.Context(), tt.n, tt.size, tt.workers, func(_, lo, hi int) error {
			for i := lo; i < hi; i++ {
				seen[i].Add(1)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", tt.why, err)
		}
		for i := range seen {
			if n := seen[i].Load(); n != 1 {
				t.Errorf("%s: element %d visited %d times", tt.why, i, n)
			}
		}
	}
}

func TestWeightedBounds(t *testing.T) {
	var total atomic.Int64
	err := Weighted(t.Context(), []int{0, 1, 1, 7, 9}, 2, func(_, lo, hi int) error {
		total.Add(int64(hi - lo))
		return nil
	})
	if err != nil || total.Load() != 9 {
		t.Errorf("visited %d of 9 elements, error %v", total.Load(), err)
	}
	if err := Weighted(t.Context(), nil, 2, nil); err != nil {
		t.Errorf("no bounds: %v", err)
	}
}

func TestFirstErrorByChunkOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		for range 50 {
			err := Chunks(t.Context(), 100, 1, workers, func(_, lo, _ int) error {
				if lo >= 17 {
					return fmt.Errorf("chunk %d", lo)
				}
				return nil
			})
			if err == nil || err.Error() != "chunk 17" {
				t.Fatalf("%d workers: got %v, want chunk 17", workers, err)
			}
		}
	}
}

func TestCancel(t *testing.T) {
	for _, workers := range []int{1, 4} {
		ctx, cancel := context.WithCancel(t.Context())
		var calls atomic.Int32
		err := Chunks(ctx, 1000, 1, workers, func(_, _, _ int) error {
			if calls.Add(1) >= 5 {
				cancel() // by each caller: the fifth may be held up before it gets here while others go on
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d workers: got %v, want context.Canceled", workers, err)
		}
		if n := calls.Load(); n > 4+int32(workers) {
			t.Errorf("%d workers: %d calls, want the fifth to end it", workers, n)
		}
	}
}

func TestWorkersDoNotOverlap(t *testing.T) {
	const workers = 4
	var busy [workers]atomic.Bool
	err := Chunks(t.Context(), 500, 1, workers, func(worker, _, _ int) error {
		if !busy[worker].CompareAndSwap(false, true) {
			return errors.New("two calls with one worker number at once")
		}
		busy[worker].Store(false)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStream(t *testing.T) {
	draw := func(seed, unit uint64) []uint64 {
		r := Stream(seed, unit)
		return []uint64{r.Uint64(), r.Uint64(), r.Uint64()}
	}
	if !slices.Equal(draw(1, 2), draw(1, 2)) {
		t.Error("a stream is not repeatable")
	}
	seen := map[uint64]bool{}
	for seed := range uint64(20) {
		for unit := range uint64(20) {
			for _, v := range draw(seed, unit) {
				if seen[v] {
					t.Errorf("seed %d unit %d repeats %d", seed, unit, v)
				}
				seen[v] = true
			}
		}
	}
}
