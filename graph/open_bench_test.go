package graph_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kenrec/ken/graph"
)

// openDirBench, when set, makes the test binary a process that opens a store and tells what that took. In a store that
// is new it puts a million triples and waits to be killed.
const openDirBench = "KEN_GRAPH_OPEN_BENCH"

func benchChild(dir string) {
	start := time.Now()
	s, err := graph.Open(contextBackground, dir)
	took := time.Since(start)
	if err != nil {
		fmt.Println(err)
		return
	}
	if s.Seq() > 0 {
		st, err := s.Stats(contextBackground)
		fmt.Println("opened", took.Microseconds(), peakKiB(), st.Triples, err)
		return // without Close: as after a kill, for the next one
	}
	if err := putTriples(contextBackground, s, 1_000_000); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("full")
	select {} // until it is killed
}

// peakKiB is the most memory that the process had, 0 where the system does not say.
func peakKiB() (kib int64) {
	b, _ := os.ReadFile("/proc/self/status")
	if _, after, ok := strings.Cut(string(b), "VmHWM:"); ok {
		_, _ = fmt.Sscan(after, &kib)
	}
	return kib
}

// BenchmarkOpenKilled opens a store of a million triples, whose writer was killed, in a process of its own: the time until
// Open returns, the most memory that the process had, and the sizes of the files.
func BenchmarkOpenKilled(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "store")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), openDirBench+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "full\n" {
		b.Fatalf("%q, %v", line, err)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	for b.Loop() {
		again := exec.Command(os.Args[0])
		again.Env = child.Env
		text, err := again.Output()
		var micros, kib, triples int64
		var said string
		if _, serr := fmt.Sscan(string(text), new(string), &micros, &kib, &triples, &said); err != nil || serr != nil || triples != 1_000_000 {
			b.Fatalf("%q, %v, %v", text, err, serr)
		}
		b.ReportMetric(float64(micros)/1000, "ms/open")
		b.ReportMetric(float64(kib)/1024, "MiB-peak")
	}
	apparent := int64(0)
	for _, text := range listing(b, dir) {
		apparent += int64(len(text))
	}
	b.ReportMetric(float64(apparent)/(1<<20), "MiB-apparent")
}
