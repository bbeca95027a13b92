package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph/graphtest"
)

// The variables that make the test binary a process to be killed: what it does, its store, and the server it pays.
const (
	victimVerb   = "KEN_ENGINE_VICTIM"
	victimStore  = "KEN_ENGINE_VICTIM_STORE"
	victimServer = "KEN_ENGINE_VICTIM_SERVER"
)

func TestMain(m *testing.M) {
	if verb := os.Getenv(victimVerb); verb != "" {
		if err := victim(context.Background(), verb, os.Getenv(victimStore)); err != nil {
			fmt.Println("error", err)
		}
		return
	}
	os.Exit(m.Run())
}

// victim does what verb says and prints "ack N" for each step that is durable.
func victim(ctx context.Context, verb, dir string) error {
	e, err := openVictim(ctx, verb, dir, os.Getenv(victimServer))
	if err != nil {
		return err
	}
	ack := func(n int64) { fmt.Println("ack", n) }
	ack(0) // open
	switch verb {
	case "import":
		err = importAll(ctx, e, func(n int) { ack(int64(n)) })
	case "embed":
		_, err = e.Embed(ctx, engine.EmbedOptions{Progress: func(p engine.Progress) { ack(p.Done) }})
	case "train":
		for n := uint64(1); err == nil; n++ {
			_, err = e.Train(ctx, engine.TrainOptions{Config: seeded(n)})
			ack(int64(n))
		}
	}
	if err != nil {
		return err
	}
	return e.Close()
}

func openVictim(ctx context.Context, verb, dir, server string) (*engine.Engine, error) {
	var with embed.Embedder = embed.NewHash(16)
	if verb == "embed" {
		c, err := embed.NewOpenAI(embed.Config{BaseURL: server, Model: "m", BatchTexts: paidBatch})
		if err != nil {
			return nil, err
		}
		with = c
	}
	return engine.Open(ctx, dir, engine.WithEmbedder(with), engine.WithWorkers(1))
}

// killing is a run of victims on one store.
type killing struct {
	t     *testing.T
	verb  string
	dir   string
	env   []string
	r     *rand.Rand
	kills int // left
}

// newKilling shares the kills of the small form over import, embed and train: 24 + 8 + 8.
func newKilling(t *testing.T, verb string, kills, long int) *killing {
	t.Helper()
	switch {
	case os.Getenv("KEN_LONG") != "":
		kills = long
	case testing.Short():
		kills = 2
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	return &killing{t, verb, filepath.Join(graphtest.Dir(t), "store"), nil, rand.New(rand.NewPCG(seed, 6)), kills}
}

// strike runs a victim and kills it at a random moment up to span after its start. It returns the last step that was
// acknowledged in this life, -1 when the store was not open yet, and whether the victim came to its end before.
func (k *killing) strike(span time.Duration) (acked int64, done bool) {
	k.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), victimVerb+"="+k.verb, victimStore+"="+k.dir), k.env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	timer := time.AfterFunc(time.Duration(k.r.Int64N(int64(span))), func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	acked = -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n, ok := strings.CutPrefix(lines.Text(), "ack ")
		if !ok {
			k.t.Fatalf("%s: %s", k.verb, lines.Text())
		}
		if acked, err = strconv.ParseInt(n, 10, 64); err != nil {
			k.t.Fatal(err)
		}
	}
	done = cmd.Wait() == nil
	if !done {
		k.kills--
	}
	return acked, done
}

// duration is how long a victim takes from its start to its end.
func (k *killing) duration() time.Duration {
	k.t.Helper()
	start := time.Now()
	if _, done := k.strike(time.Hour); !done {
		k.t.Fatal("the victim died by itself")
	}
	return time.Since(start)
}

// reopen opens the store after a kill and checks it.
func (k *killing) reopen() *engine.Engine {
	k.t.Helper()
	e, err := openVictim(k.t.Context(), "", k.dir, "")
	if err != nil {
		k.t.Fatalf("open after a kill: %v", err)
	}
	graphtest.Check(k.t, e.Graph())
	return e
}

func closeEngine(t testing.TB, e *engine.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
