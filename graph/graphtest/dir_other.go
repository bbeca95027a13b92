//go:build !linux

package graphtest

import "testing"

// Dir returns a directory for the store of a test. It is removed with the test.
func Dir(t testing.TB) string {
	t.Helper()
	return t.TempDir()
}
