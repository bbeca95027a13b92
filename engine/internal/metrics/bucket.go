package metrics

import (
	"fmt"
	"slices"
	"sort"
)

// Bucket is a range of activity: training interactions of a user or of an item, both ends included.
type Bucket struct {
	Low, High int
}

// String is the range in words: "0", "3", "4-17".
func (b Bucket) String() string {
	if b.Low == b.High {
		return fmt.Sprint(b.Low)
	}
	return fmt.Sprintf("%d-%d", b.Low, b.High)
}

// Buckets parts counts, each at least 0, into at most n ranges of about equal population, ascending, plus one for the zeros if there are
// any: those with no activity are cold and want a row of their own. Equal counts never fall into two buckets, so skewed
// data give fewer. Every count lies in exactly one bucket (see Find). Quantiles rather than fixed limits, because "20
// interactions" is a heavy user on one data set and a light one on the next.
func Buckets(counts []int, n int) []Bucket {
	sorted := slices.Clone(counts)
	slices.Sort(sorted)
	var out []Bucket
	active := sorted[sort.SearchInts(sorted, 1):]
	if len(active) < len(sorted) {
		out = append(out, Bucket{})
	}
	for q, from := 0, 0; q < n && from < len(active); q++ {
		end := max(from+1, (q+1)*len(active)/n)
		end = sort.SearchInts(active, active[end-1]+1) // take all of the last count in
		out = append(out, Bucket{Low: active[from], High: active[end-1]})
		from = end
	}
	return out
}

// Find returns the number of the bucket that holds count, -1 when none does.
func Find(buckets []Bucket, count int) int {
	return slices.IndexFunc(buckets, func(b Bucket) bool { return b.Low <= count && count <= b.High })
}
