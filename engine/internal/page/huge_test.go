package page

import (
	"bytes"
	"testing"
)

// TestHugeKeepsBytes asks for slices of every awkward kind and looks at what they hold.
func TestHugeKeepsBytes(t *testing.T) {
	const mib = 1 << 20
	for _, tc := range []struct {
		n, skip int
		why     string
	}{
		{0, 0, "nothing to ask for"},
		{1, 0, "far below the least size"},
		{4*mib - 1, 0, "just below it"},
		{4 * mib, 0, "just large enough"},
		{4*mib + 3, 1, "odd size, odd address"},
		{9*mib + 17, 4095, "begins at the end of a page"},
	} {
		v := bytes.Repeat([]byte("kenken7"), (tc.n+tc.skip)/7+1)
		want := bytes.Clone(v)
		Huge(v[tc.skip:][:tc.n])
		if !bytes.Equal(v, want) {
			t.Errorf("%s: bytes changed", tc.why)
		}
		fresh := make([]byte, tc.n)
		Huge(fresh)
		if len(bytes.Trim(fresh, "\x00")) != 0 {
			t.Errorf("%s: fresh memory is not zero", tc.why)
		}
	}
	Huge[float32](nil)
}
