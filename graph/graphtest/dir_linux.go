package graphtest

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// memoryDir is a file system in memory on most Linux systems.
const memoryDir = "/dev/shm"

// Dir returns a directory for the store of a test, in memory where there is room. What a killed process or a damaged file
// leaves behind is the same there as on a disk, but nobody waits for the disk; only the loss of power is not. With KEN_LONG
// set it is where the other temporary files are. The directory is removed with the test.
func Dir(t testing.TB) string {
	t.Helper()
	var fs unix.Statfs_t
	if os.Getenv("KEN_LONG") != "" || unix.Statfs(memoryDir, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < 2<<30 {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memoryDir, "ken-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
