package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/engine"
)

// npyFile makes a NumPy file of 32-bit numbers.
func npyFile(rows, columns int, numbers ...float32) string {
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }\n", rows, columns)
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	_ = binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	_ = binary.Write(&b, binary.LittleEndian, numbers)
	return b.String()
}

func TestImportNPY(t *testing.T) {
	good := npyFile(2, 2, 1, -.5, .25, 3)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(good)); err != nil {
		t.Fatal(err)
	}
	z.Close()
	workDir(t, map[string]string{
		"good.npy": good, "good.npy.gz": packed.String(), "cut.npy": good[:len(good)-1], "huge.npy": npyFile(1_000_000_000, 65536),
		"ids.txt": "\ufeffheat\r\nalien\r\n", "three.txt": "a\nb\nc\n", "twice.txt": "a\na\n", "gap.txt": "a\n\nb\n",
	})
	for _, line := range []string{"good.npy", "good.npy.gz --db packed.db", "- --input-format npy --db stdin.db"} {
		r := ken(t, good, "import vectors --modality image --ids ids.txt --format json "+line)
		var reports []engine.ImportReport
		decode(t, r.out, &reports)
		if rep := reports[0]; r.code != ExitDone || rep.Stored != 2 || rep.Format != "npy" || rep.Bytes == 0 {
			t.Errorf("%s: exit %d, %+v %s", line, r.code, rep, r.stderr)
		}
		db := line[strings.LastIndex(line, " ")+1:]
		if db == "good.npy" {
			db = "ken.db"
		}
		if diff := cmp.Diff("id\tv1\tv2\nheat\t1\t-0.5\nalien\t0.25\t3\n", must(t, "export vectors --modality image --output-format tsv --db "+db)); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
	for _, tc := range []struct{ line, want string }{
		{"cut.npy --ids ids.txt", "cut.npy: cannot read the NumPy file: it has"},
		{"huge.npy --ids ids.txt", "1000000000 rows, but there are 2 ids"},
		{"good.npy --ids three.txt", "it has 2 rows, but there are 3 ids"},
		{"good.npy --ids twice.txt", "twice.txt:2: the id of line 1 again"},
		{"good.npy --ids gap.txt", "gap.txt:2: empty line"},
	} {
		if r := ken(t, "", "import vectors "+tc.line+" --db none.db"); r.code != ExitFailed || !strings.Contains(r.stderr, tc.want) {
			t.Errorf("%s: exit %d, want %q: %s", tc.line, r.code, tc.want, r.stderr)
		}
	}
	if r := ken(t, "", "import nodes good.npy --ids ids.txt"); r.code != ExitUsage || !strings.Contains(r.stderr, "holds vectors, not nodes") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
}
