package kernel

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The encodings for registers above 15, 512-bit registers and masks need AVX-512. The assembler picks them silently.
var wideOperand = regexp.MustCompile(`\b([XY](1[6-9]|2\d|3\d)|Z\d+|K[0-7])\b|\bVEXTRACTF(32X4|64X4)\b`)

func TestAVX2KernelsStayAVX2(t *testing.T) {
	src, err := os.ReadFile("kernels_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	name, lines := "", 0
	for sc := bufio.NewScanner(bytes.NewReader(src)); sc.Scan(); {
		line := sc.Text()
		if strings.HasPrefix(line, "TEXT") {
			name = strings.Fields(line)[1]
		}
		if strings.Contains(name, "AVX2") {
			lines++
			if m := wideOperand.FindString(line); m != "" && !strings.HasPrefix(line, "TEXT") && !strings.HasPrefix(line, "//") {
				t.Errorf("%s uses %s: %s", name, m, strings.TrimSpace(line))
			}
		}
	}
	if lines < 500 {
		t.Errorf("only %d lines of AVX2 code found", lines)
	}
}

// TestOtherBuilds compiles what this machine does not run and checks the frames of the assembler against their declarations.
func TestOtherBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the go command")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	for _, tt := range []struct {
		env  string
		args []string
		why  string
	}{
		{"GOARCH=amd64", []string{"vet", "-asmdecl", "."}, "assembler matches its declarations"},
		{"GOARCH=arm64", []string{"build", "."}, "other processors use plain Go"},
		{"GOARCH=amd64", []string{"build", "-tags", "purego", "."}, "plain Go can be asked for"},
	} {
		cmd := exec.Command("go", tt.args...)
		cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", tt.env)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", tt.why, err, out)
		}
	}
}
