package page

import "testing"

func TestInsideHoldsWholePagesOnly(t *testing.T) {
	const mib = 1 << 20
	for _, tc := range []struct {
		from, size uintptr
		want       span
		why        string
	}{
		{0, 0, span{}, "an empty slice"},
		{64 * mib, 4*mib - 1, span{}, "too small, although a page would fit"},
		{64 * mib, 4 * mib, span{64 * mib, 68 * mib}, "exactly two pages"},
		{64*mib + 64, 4 * mib, span{66 * mib, 68 * mib}, "an aligned row: one page fits"},
		{64*mib - 1, 6*mib + 2, span{64 * mib, 70 * mib}, "a byte beside the pages at both ends stays out"},
		{64*mib + 1, 4*mib - 1, span{}, "too small at an odd address"},
	} {
		if got := inside(tc.from, tc.size); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.why, got, tc.want)
		}
	}
}
