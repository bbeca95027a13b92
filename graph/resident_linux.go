package graph

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxResident is how many bytes of files a process that writes or scans may have mapped in before pages of its tables are
// let go. Badger maps its tables, and all that was written or read of them counts as memory of the process, until the
// system wants it back: without a bound the memory of an import would grow with its file.
const maxResident = 192 << 20

// letGo drops the pages of Badger's tables from memory when there are many. Their files are on disk already, so that a
// page which is wanted again is read again. The advice used cannot lose data, whatever lies at an address by now.
func (f *files) letGo() { f.letGoAbove(maxResident) }

func (f *files) letGoAbove(most int64) {
	if f == nil || residentBytes() < most {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return // nothing but a larger number depends on it
	}
	defer maps.Close()
	dir := []byte("/" + filepath.Base(f.data()) + "/") // the rest of the path may be a link's, which maps do not name
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		line := lines.Bytes()
		if !bytes.HasSuffix(line, []byte(".sst")) || !bytes.Contains(line, dir) {
			continue
		}
		span, _, _ := bytes.Cut(line, []byte(" "))
		from, to, _ := bytes.Cut(span, []byte("-"))
		begin, err1 := strconv.ParseUint(string(from), 16, 64)
		end, err2 := strconv.ParseUint(string(to), 16, 64)
		if err1 == nil && err2 == nil && begin < end {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(begin), uintptr(end-begin), unix.MADV_PAGEOUT)
		}
	}
}

// residentBytes is how much of files this process has in memory, 0 where the system does not tell.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text) // size, resident, of it shared with files: pages
	if len(fields) < 3 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
