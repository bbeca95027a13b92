package solve

import "github.com/kenrec/ken/engine/internal/sparse"

// chunks is into about how many parts of equal cost the rows are cut: enough that workers finish together.
const chunks = 256

// cost estimates the work of a row of n entries and f factors, in multiplications.
func cost(n, f int) float64 {
	m, k := float64(n), float64(f)
	if n < f {
		return m*m*k/2 + m*m*m/6 + 2*m*k + 20*k
	}
	return min(m*k*k/2+k*k*k/6, 40*m*k)
}

// bounds cuts the rows into chunks of about equal cost. Equal numbers of rows would leave one worker with the popular ones.
func bounds(rows *sparse.CSR, f int) []int {
	var total float64
	for r := range rows.Rows {
		total += cost(rows.Len(r), f)
	}
	limit, sum, b := total/chunks, 0.0, []int{0}
	for r := range rows.Rows {
		sum += cost(rows.Len(r), f)
		if sum >= limit || r == rows.Rows-1 {
			b, sum = append(b, r+1), 0
		}
	}
	return b
}
