package metrics

import (
	"math"
	"slices"
)

// Values are the list metrics of one user, each in [0, 1].
type Values struct {
	Recall, Precision, HR, MRR, MAP, NDCG float64
}

// Score returns all list metrics of one list, best item first, against the held-out set truth, at length k ≥ 1.
// Truth is ascending and without duplicates. A list may be shorter than k, or empty (all values 0); what stands after
// place k is ignored. With an empty truth nothing is defined and every value is 0: leave such users out of means.
func Score(list, truth []int32, k int) Values {
	hits := Hits(list, truth, k)
	t := len(truth)
	return Values{
		Recall:    Recall(hits, t),
		Precision: Precision(hits, k),
		HR:        HR(hits),
		MRR:       MRR(hits),
		MAP:       AveragePrecision(hits, t, k),
		NDCG:      NDCG(hits, t, k),
	}
}

// Hits says for each of the first min(k, len(list)) places whether its item is in truth, which is ascending.
// An item listed twice is a hit at its first place only, so that no metric can exceed 1.
func Hits(list, truth []int32, k int) []bool {
	list = list[:min(max(k, 0), len(list))]
	hits := make([]bool, len(list))
	for r, item := range list {
		_, found := slices.BinarySearch(truth, item)
		// The backward scan costs something on hits only, and lists have a few dozen places.
		hits[r] = found && !slices.Contains(list[:r], item)
	}
	return hits
}

// Recall is hits / |T|: the share of the t held-out items that the list found. 0 when t is 0.
// It divides by |T|, not by min(k, |T|) as LensKit does: a short list cannot reach 1 when |T| > k.
func Recall(hits []bool, t int) float64 {
	if t == 0 {
		return 0
	}
	return float64(count(hits)) / float64(t)
}

// Precision is hits / k, also for a list shorter than k: places left empty count as wrong. 0 when k is 0.
func Precision(hits []bool, k int) float64 {
	if k == 0 {
		return 0
	}
	return float64(count(hits)) / float64(k)
}

// HR is the hit rate: 1 when the list holds any held-out item, else 0.
func HR(hits []bool) float64 {
	if slices.Contains(hits, true) {
		return 1
	}
	return 0
}

// MRR is the reciprocal rank 1/r of the first hit, ranks from 1, and 0 without a hit. Its mean over users is the mean
// reciprocal rank. Source: Voorhees 1999, "The TREC-8 Question Answering Track Report".
func MRR(hits []bool) float64 {
	r := slices.Index(hits, true)
	if r < 0 {
		return 0
	}
	return 1 / float64(r+1)
}

// AveragePrecision is AP@k = Σ_r hit_r · (hits up to r)/r / min(k, t); its mean over users is MAP. 0 when t or k is 0.
// The divisor min(k, |T|) lets a perfect list reach 1 when |T| > k; dividing by |T|, as trec_eval does on full
// rankings, would not. Source: Manning, Raghavan, Schütze 2008, "Introduction to Information Retrieval", 8.4, cut at k.
func AveragePrecision(hits []bool, t, k int) float64 {
	if t == 0 || k == 0 {
		return 0
	}
	n, sum := 0, 0.0
	for r, hit := range hits {
		if hit {
			n++
			sum += float64(n) / float64(r+1)
		}
	}
	return sum / float64(min(k, t))
}

// NDCG is DCG / IDCG with binary gain and discount 1/log2(r+1): DCG = Σ_r hit_r / log2(r+1), IDCG the same sum over
// min(k, t) hits at the top, whatever the length of the list. 0 when t or k is 0.
// Source: Järvelin, Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", with the ideal cut at k.
func NDCG(hits []bool, t, k int) float64 {
	if t == 0 || k == 0 {
		return 0
	}
	dcg := 0.0
	for r, hit := range hits {
		if hit {
			dcg += discount(r + 1)
		}
	}
	ideal := 0.0
	for r := range min(k, t) {
		ideal += discount(r + 1)
	}
	// Both sums add the same terms in the same order, so a perfect list gives exactly 1; any other list lacks a term.
	return dcg / ideal
}

// discount is what a hit at rank r, counted from 1, is worth.
func discount(r int) float64 { return 1 / math.Log2(float64(r+1)) }

func count(hits []bool) int {
	n := 0
	for _, h := range hits {
		if h {
			n++
		}
	}
	return n
}
