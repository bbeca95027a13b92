package engine

import "github.com/kenrec/ken/engine/internal/metrics"

// activityBuckets is how many ranges users and items with any activity are parted into.
const activityBuckets = 4

// bucketTable breaks recall and NDCG down by activity. The ranges come from the first fold and serve all.
func bucketTable(rows []tableRow, folds []holdout) []BucketRow {
	first := &folds[0]
	var ofUsers, ofItems []int // activity of those tested; the ranges part what is in the table, not the whole store
	for j, u := range first.users {
		ofUsers = append(ofUsers, len(first.history.has[u]))
		for _, i := range first.truth[j] {
			ofItems = append(ofItems, itemUsers(first, i))
		}
	}
	table := userBuckets(rows, folds, metrics.Buckets(ofUsers, activityBuckets))
	table = append(table, pairBuckets(BucketItems, rows, folds, metrics.Buckets(ofItems, activityBuckets), itemUsers)...)
	if first.links == nil {
		return table
	}
	var ofLinks []int
	for _, set := range first.truth {
		for _, i := range set {
			ofLinks = append(ofLinks, itemTriples(first, i))
		}
	}
	return append(table, pairBuckets(BucketLinks, rows, folds, metrics.Buckets(ofLinks, activityBuckets), itemTriples)...)
}

// itemUsers is the training users of an item, 0 for one that the store does not hold.
func itemUsers(h *holdout, i int32) int {
	if int(i) >= len(h.history.fans) {
		return 0
	}
	return len(h.history.fans[i])
}

// itemTriples is the triples of an item.
func itemTriples(h *holdout, i int32) int {
	if int(i) >= len(h.links) {
		return 0
	}
	return h.links[i]
}

func userBuckets(rows []tableRow, folds []holdout, buckets []metrics.Bucket) []BucketRow {
	var table []BucketRow
	for _, row := range rows {
		n, recall, ndcg := make([]int, len(buckets)), make([]float64, len(buckets)), make([]float64, len(buckets))
		for f := range folds {
			for j, u := range folds[f].users {
				b := bucketOf(buckets, len(folds[f].history.has[u]))
				n[b]++
				recall[b] += row.folds[f].values[j].Recall
				ndcg[b] += row.folds[f].values[j].NDCG
			}
		}
		for b, r := range buckets {
			mean := ndcg[b] / float64(max(n[b], 1))
			table = append(table, BucketRow{Of: BucketUsers, Low: r.Low, High: r.High, N: n[b], Row: row.name,
				Recall: recall[b] / float64(max(n[b], 1)), NDCG: &mean})
		}
	}
	return table
}

// pairBuckets parts the held-out pairs by a count of their item; recall is the share of pairs found. NDCG belongs to
// whole lists and has no value here.
func pairBuckets(of string, rows []tableRow, folds []holdout, buckets []metrics.Bucket, count func(*holdout, int32) int) []BucketRow {
	var table []BucketRow
	for _, row := range rows {
		n, found := make([]int, len(buckets)), make([]int, len(buckets))
		for f := range folds {
			for j, set := range folds[f].truth {
				listed := map[int32]bool{}
				for _, i := range row.folds[f].lists[j] {
					listed[i] = true
				}
				for _, i := range set {
					b := bucketOf(buckets, count(&folds[f], i))
					n[b]++
					if listed[i] {
						found[b]++
					}
				}
			}
		}
		for b, r := range buckets {
			table = append(table, BucketRow{Of: of, Low: r.Low, High: r.High, N: n[b], Row: row.name, Recall: float64(found[b]) / float64(max(n[b], 1))})
		}
	}
	return table
}

// bucketOf finds the range of a count; one that lies between or beyond the ranges, as other folds may have, goes to the
// next higher range, else to the last.
func bucketOf(buckets []metrics.Bucket, count int) int {
	for b, r := range buckets {
		if count <= r.High {
			return b
		}
	}
	return len(buckets) - 1
}
