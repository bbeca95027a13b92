package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is a mean over users with its 95 % confidence interval, Low ≤ Mean ≤ High up to sampling noise.
type Interval struct {
	Mean, Low, High float64
}

// Draws are bounded so that a million users do not cost minutes: with that many the interval is narrow and its ends
// hardly move between rounds, with few users the full number of rounds is cheap.
const (
	bootstrapRounds = 1000
	bootstrapDraws  = 20_000_000
	bootstrapLeast  = 200

	permutationRounds = 10_000
	permutationDraws  = 200_000_000
	permutationLeast  = 1000
)

// Intervals returns the mean of each column and its 95 % percentile-bootstrap interval: users are drawn with
// replacement 1,000 times (fewer above 20,000 users, at least 200) and the 2.5 and 97.5 percentiles of the means taken.
// Shape: columns[metric][user], all of one length, which may be 0 (zero intervals). All columns see the same draws.
// Deterministic by seed. Source: Efron, Tibshirani 1993, "An introduction to the bootstrap", 13.3.
func Intervals(columns [][]float64, seed uint64) []Interval {
	m := len(columns)
	out := make([]Interval, m)
	if m == 0 || len(columns[0]) == 0 {
		return out
	}
	n := len(columns[0])
	flat := rowMajor(columns, n)
	rounds := min(bootstrapRounds, max(bootstrapLeast, bootstrapDraws/n))
	means := make([][]float64, m)
	for c := range means {
		means[c] = make([]float64, rounds)
	}
	sum := make([]float64, m)
	for b := range rounds {
		rng := rand.New(rand.NewPCG(seed, uint64(b))) // a stream a round: no round depends on another
		clear(sum)
		for range n {
			u := rng.IntN(n) * m
			for c, v := range flat[u : u+m] {
				sum[c] += v
			}
		}
		for c, s := range sum {
			means[c][b] = s / float64(n)
		}
	}
	for c := range out {
		slices.Sort(means[c])
		out[c] = Interval{Mean: Mean(columns[c]), Low: percentile(means[c], 0.025), High: percentile(means[c], 0.975)}
	}
	return out
}

// Mean is the arithmetic mean, 0 for no values.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(len(values), 1))
}

// Test is the outcome of a paired comparison.
type Test struct {
	Delta float64 // mean of a − b
	P     float64 // two-sided, in (0, 1]: how often chance alone gives a difference at least as large
}

// PairedTest asks whether a and b, the values of two models for the same users in the same order, differ in the mean.
// Under the hypothesis that they do not, the sign of each user's difference is a coin: signs are flipped 10,000 times
// (fewer above 20,000 differing users, at least 1,000) and P = (1 + flips with |mean| ≥ |observed|) / (1 + flips).
// No difference at all gives P = 1. Deterministic by seed. It panics when the lengths differ: the pairing is lost.
// Source: Fisher 1935; Smucker, Allan, Carterette 2007 recommend it for comparing rankings.
func PairedTest(a, b []float64, seed uint64) Test {
	if len(a) != len(b) {
		panic(fmt.Sprintf("metrics: paired test of %d and %d users", len(a), len(b)))
	}
	diffs := make([]float64, 0, len(a)) // zeros have no sign to flip
	sum, scale := 0.0, 0.0
	for i := range a {
		if d := a[i] - b[i]; d != 0 {
			diffs = append(diffs, d)
			sum += d
			scale += math.Abs(d)
		}
	}
	if len(diffs) == 0 {
		return Test{P: 1}
	}
	rounds := min(permutationRounds, max(permutationLeast, permutationDraws/len(diffs)))
	// Sums that are equal on paper differ in the last bits when added with other signs; they count as equal.
	limit := math.Abs(sum) - 1e-12*scale
	extreme := 0
	for r := range rounds {
		if math.Abs(flipped(diffs, rand.NewPCG(seed, uint64(r)))) >= limit {
			extreme++
		}
	}
	return Test{Delta: sum / float64(len(a)), P: float64(1+extreme) / float64(1+rounds)}
}

// flipped sums the differences with a random sign each, 64 signs from one draw.
func flipped(diffs []float64, src *rand.PCG) float64 {
	sum := 0.0
	for len(diffs) > 0 {
		bits := src.Uint64()
		n := min(64, len(diffs))
		for _, d := range diffs[:n] {
			// The sign bit is set by exclusive or: a branch here would be mispredicted every other time.
			sum += math.Float64frombits(math.Float64bits(d) ^ bits<<63)
			bits >>= 1
		}
		diffs = diffs[n:]
	}
	return sum
}

// rowMajor turns columns[metric][user] into user-major order, so that one draw touches one cache line.
func rowMajor(columns [][]float64, n int) []float64 {
	m := len(columns)
	flat := make([]float64, n*m)
	for c, col := range columns {
		for u, v := range col {
			flat[u*m+c] = v
		}
	}
	return flat
}

// percentile of ascending values by nearest rank.
func percentile(sorted []float64, q float64) float64 {
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
