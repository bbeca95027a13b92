package par

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Chunks calls f once for each chunk [lo, hi) of [0, n), size elements a chunk (the last one may be shorter),
// on at most workers goroutines. worker is in [0, workers) and no two calls with the same worker overlap, so it
// may index scratch memory. size and workers below 1 count as 1.
//
// It returns the error of the first chunk (in chunk order) that failed; no chunk is started after a failure.
// When ctx ends first, the error wraps ctx.Err(). All calls of f have returned when Chunks returns.
func Chunks(ctx context.Context, n, size, workers int, f func(worker, lo, hi int) error) error {
	size = max(size, 1)
	chunks := (max(n, 0) + size - 1) / size
	return run(ctx, chunks, workers, func(worker, chunk int) error {
		lo := chunk * size
		return f(worker, lo, min(lo+size, n))
	})
}

// Weighted is Chunks for given bounds: chunk i is [bounds[i], bounds[i+1]). The caller chooses bounds such that
// chunks cost about the same; they must ascend and must not depend on the number of workers.
func Weighted(ctx context.Context, bounds []int, workers int, f func(worker, lo, hi int) error) error {
	return run(ctx, len(bounds)-1, workers, func(worker, chunk int) error {
		return f(worker, bounds[chunk], bounds[chunk+1])
	})
}

// run hands out chunk numbers in ascending order. When chunk i fails, every chunk below i has been handed out
// already, and run waits for all of them: the lowest failing chunk is therefore the same in every run.
func run(ctx context.Context, chunks, workers int, f func(worker, chunk int) error) error {
	workers = min(max(workers, 1), chunks)
	if workers <= 1 {
		for chunk := range chunks {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("par: stopped: %w", err)
			}
			if err := f(0, chunk); err != nil {
				return err
			}
		}
		return nil
	}
	var (
		next  atomic.Int64
		stop  atomic.Bool
		group sync.WaitGroup
		mu    sync.Mutex // guards first and cause
		first = chunks   // the lowest failing chunk
		cause error
	)
	fail := func(chunk int, err error) {
		stop.Store(true)
		mu.Lock()
		defer mu.Unlock()
		if chunk < first {
			first, cause = chunk, err
		}
	}
	for worker := range workers {
		group.Go(func() {
			for !stop.Load() {
				chunk := int(next.Add(1)) - 1
				if chunk >= chunks {
					return
				}
				if err := ctx.Err(); err != nil {
					fail(chunk, fmt.Errorf("par: stopped: %w", err))
					return
				}
				if err := f(worker, chunk); err != nil {
					fail(chunk, err)
					return
				}
			}
		})
	}
	group.Wait()
	return cause
}

// Stream returns the random numbers of one unit of work (a row, a chunk, an epoch) under a seed. Streams of
// different units are independent, so the numbers a unit sees do not depend on who computes it or when.
func Stream(seed, unit uint64) *rand.Rand {
	return rand.New(rand.NewPCG(mix(seed), mix(unit^0x9e3779b97f4a7c15)))
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): PCG streams with neighbouring seeds start alike.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
