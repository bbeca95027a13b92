package cli

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestInputReadsEverything(t *testing.T) {
	want := strings.Repeat("some rows\n", 20_000)
	for _, in := range []io.Reader{strings.NewReader(want), iotest.OneByteReader(strings.NewReader(want[:1000])), iotest.DataErrReader(strings.NewReader(want))} {
		got, err := io.ReadAll(newInput(t.Context(), in))
		if err != nil || !strings.HasPrefix(want, string(got)) || len(got)%1000 != 0 || len(got) == 0 {
			t.Errorf("%T: %d bytes, %v", in, len(got), err)
		}
	}
	if err := iotest.TestReader(newInput(t.Context(), strings.NewReader("abc")), []byte("abc")); err != nil {
		t.Error(err)
	}
}

// TestInterruptedStdin: a command that waits for input ends when it is cancelled, although nobody writes or closes it.
func TestInterruptedStdin(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	for _, line := range []string{"import interactions -", "import nodes - --input-format jsonl", "recommend --users -", "restore - --db other.db"} {
		in, out := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, _ = out.Write([]byte("bo\theat\n")) // returns when the command has read it, and waits for more
			cancel()
		}()
		var stdout, stderr strings.Builder
		if code := Main(ctx, append([]string{"ken"}, words(line)...), in, &stdout, &stderr); code != ExitInterrupted {
			t.Errorf("ken %s: exit %d, want %d\n%s", line, code, ExitInterrupted, stderr.String())
		}
		cancel()
		in.Close()
	}
	must(t, "info")
}
