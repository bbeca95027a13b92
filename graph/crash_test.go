package graph_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

// crashDir, when set, makes the test binary a writer that goes on until it is killed; vacuumDir one that goes on vacuuming.
const (
	crashDir  = "KEN_GRAPH_CRASH_DIR"
	vacuumDir = "KEN_GRAPH_VACUUM_DIR"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashWriter(dir)
		os.Exit(1)
	}
	if dir := os.Getenv(vacuumDir); dir != "" {
		for n := 1; ; n++ {
			if _, err := graph.Vacuum(contextBackground, dir); err != nil {
				fmt.Println("vacuum:", err)
				os.Exit(1)
			}
			fmt.Println("ack", n)
		}
	}
	if dir := os.Getenv(openDirBench); dir != "" {
		benchChild(dir)
		return
	}
	if dir := os.Getenv(lockDir); dir != "" {
		lockTaker(dir)
		return
	}
	os.Exit(m.Run())
}

// long reports whether the long form of the crash and damage tests was asked for.
func long() bool { return os.Getenv("KEN_LONG") != "" }

// crashWriter commits the batches after the store's sequence one by one and prints the number of each that was
// acknowledged.
func crashWriter(dir string) {
	s, err := graph.Open(contextBackground, dir)
	if err != nil {
		fmt.Println("open:", err)
		return
	}
	for {
		n := s.Seq() + 1
		b, err := s.NewBatch(contextBackground)
		if err == nil {
			err = crashBatch(b, n)
		}
		if err == nil {
			n, err = b.Commit(contextBackground)
		}
		if err != nil {
			fmt.Println("commit:", err)
			return
		}
		fmt.Println("ack", n)
	}
}

// crashBatch puts batch n: three nodes with text and edges; each eleventh is larger than a Badger transaction, and the
// one after it deletes that again.
func crashBatch(b *graph.Batch, n uint64) error {
	if err := crashNodes(b, n); err != nil {
		return err
	}
	switch {
	case n%crashHub == 1 && n > 1:
		return b.DeleteNode("hub")
	case n%crashHub == 0:
		return putHub(b)
	}
	return nil
}

const (
	crashHub  = 11 // each so many batches a large one
	crashRing = 40 // after so many batches nodes are written over

	crashVacuum = 10 // kills between two vacuums
)

func crashNodes(b *graph.Batch, n uint64) error {
	id := func(i int) string { return fmt.Sprintf("n%d/%d", n%crashRing, i) }
	for i := range 3 {
		text := strings.Repeat(fmt.Sprint(n, " "), 10)
		if _, err := b.ReplaceNode(graph.Node{ID: id(i), Type: "item", Text: text}); err != nil {
			return err
		}
		if _, err := b.PutTriple(graph.Triple{Head: id(i), Relation: "next", Tail: id((i + 1) % 3), Weight: float32(n)}); err != nil {
			return err
		}
		if _, err := b.PutInteraction(graph.Interaction{User: id(i), Item: "all", Weight: float32(n)}); err != nil {
			return err
		}
	}
	return nil
}

func putHub(b *graph.Batch) error {
	for i := range 8000 {
		if _, err := b.PutTriple(graph.Triple{Head: "hub", Relation: "has", Tail: fmt.Sprint("leaf", i)}); err != nil {
			return err
		}
	}
	return nil
}

// TestKill kills writers at random moments and checks that each batch they acknowledged is there, whole, and no part of
// another.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 3
	if long() {
		kills = 500
	}
	if testing.Short() {
		kills = 1
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	dir := graphtest.Dir(t)
	for kill := range kills {
		acked := killWriter(t, crashDir, dir, time.Duration(80+r.IntN(500))*time.Millisecond)
		s := openDir(t, dir)
		if s.Seq() < acked || s.Seq() > acked+1 {
			t.Fatalf("kill %d: batch %d was acknowledged, the store is at %d", kill, acked, s.Seq())
		}
		graphtest.Check(t, s)
		sameAsReplay(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		// Writers die before they get to compact: without this the dead versions of all hubs are read in every round.
		if kill%crashVacuum == crashVacuum-1 {
			if _, err := graph.Vacuum(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestKillVacuum kills vacuums at random moments: the store is the old one or the new one, which hold the same.
func TestKillVacuum(t *testing.T) {
	t.Parallel()
	kills := 2
	if long() {
		kills = 100
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 5))
	dir := graphtest.Dir(t)
	s := openDir(t, dir)
	importTriples(t, s, 2000)
	graphtest.Films().Put(t, s)
	want := graphtest.Dump(t, s)
	closeStore(t, s)
	for range kills {
		killWriter(t, vacuumDir, dir, time.Duration(r.IntN(300))*time.Millisecond)
		s := openDir(t, dir)
		sameContent(t, s, want)
		graphtest.Check(t, s)
		closeStore(t, s)
		if left, err := filepath.Glob(filepath.Join(dir, "kv-*")); err != nil || len(left) != 1 {
			t.Errorf("data directories %v, %v", left, err)
		}
	}
}

// killWriter runs this binary with the variable env set to dir, kills it a while after its first line, and returns the
// last batch it acknowledged.
func killWriter(t *testing.T, env, dir string, after time.Duration) (acked uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), env+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var timer *time.Timer
	for lines.Scan() {
		n, ok := strings.CutPrefix(lines.Text(), "ack ")
		if !ok {
			t.Errorf("writer: %s", lines.Text())
			continue
		}
		acked, _ = strconv.ParseUint(n, 10, 64)
		if timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait()
	if timer != nil {
		timer.Stop()
	}
	return acked
}

// sameAsReplay compares s with a store in memory that got what is left of the same batches: the nodes of the last
// crashRing, since batches write over each other, and of all hubs the leaves, and the last one when nothing deleted it.
func sameAsReplay(t *testing.T, s *graph.Store) {
	t.Helper()
	m, err := graph.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	last := s.Seq()
	commit := func(put func(*graph.Batch) error) {
		t.Helper()
		b, err := m.NewBatch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := put(b); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if last >= crashHub {
		commit(putHub)
	}
	if last > crashHub && last%crashHub != 0 {
		commit(func(b *graph.Batch) error { return b.DeleteNode("hub") })
	}
	for n := max(last, crashRing) - crashRing + 1; n <= last; n++ {
		commit(func(b *graph.Batch) error { return crashNodes(b, n) })
	}
	sameContent(t, s, graphtest.Dump(t, m))
}
