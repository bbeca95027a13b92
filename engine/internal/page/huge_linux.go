package page

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	huge  = 2 << 20  // bytes of a huge page
	least = 2 * huge // bytes of a slice from which on it is worth asking
)

// span is a range of addresses, no pointers: what they lead to must be free to go.
type span struct{ first, end uintptr }

// Huge asks for huge pages where whole ones lie within v, and nothing else: what is beside v never shares one. v is new, since
// memory that it has already stays as it is, and comes to be used from end to end, since a page is had whole or not at all.
// What v holds does not change, and a refusal costs nothing but speed.
//
// The wish belongs to the addresses. It is taken back once v is garbage: small things that Go puts there later would
// take 2 MiB each time and get them again after they were given back. It may be taken back from what lies there by then,
// which loses speed and no more.
func Huge[T float32 | uint8](v []T) {
	s := inside(uintptr(unsafe.Pointer(unsafe.SliceData(v))), uintptr(len(v))*unsafe.Sizeof(*new(T)))
	if s.first == s.end || !wanted() {
		return
	}
	s.advise(unix.MADV_HUGEPAGE)
	runtime.AddCleanup(&v[0], func(s span) { s.advise(unix.MADV_NOHUGEPAGE) }, s)
}

// inside returns the huge pages that lie within size bytes from an address on; none when the bytes are few.
func inside(from, size uintptr) span {
	first, end := (from+huge-1)&^(huge-1), (from+size)&^(huge-1)
	if size < least {
		return span{}
	}
	return span{first, end}
}

func (s span) advise(advice uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, s.first, s.end-s.first, advice)
}

// wanted says whether the system gives huge pages to those who ask. One that always gives them must not be told
// not to, and one that never does need not be asked.
var wanted = sync.OnceValue(func() bool {
	text, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return err == nil && strings.Contains(string(text), "[madvise]")
})
