package parquet

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// kinds has a column of each type that is written in a way of its own.
type kinds struct {
	Yes   bool             `parquet:"yes"`
	I32   int32            `parquet:"i32"`
	I64   int64            `parquet:"i64"`
	U64   uint64           `parquet:"u64"`
	F32   float32          `parquet:"f32"`
	Date  int32            `parquet:"date,date"`
	Nano  time.Time        `parquet:"nano,timestamp(nanosecond)"`
	I96   deprecated.Int96 `parquet:"i96"`
	D32   int32            `parquet:"d32,decimal(2:9)"`
	D64   int64            `parquet:"d64,decimal(4:18)"`
	Fixed [5]byte          `parquet:"fixed,decimal(3:10)"`
	UUID  [16]byte         `parquet:"uuid,uuid"`
	Bytes []byte           `parquet:"bytes"`
}

// TestKinds: every type comes out in the notation of JSON Lines.
func TestKinds(t *testing.T) {
	id := [16]byte{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}
	for _, c := range []struct {
		in   kinds
		want string
		why  string
	}{
		{kinds{Yes: true, I32: -7, I64: 1 << 60, U64: 1<<64 - 1, F32: 0.1, Date: 1, Nano: time.Unix(5, 999), I96: deprecated.Int96{0, 0, 2440589}, D32: 12345, D64: -5, Fixed: [5]byte{0, 0, 0, 4, 210}, UUID: id, Bytes: []byte("x")},
			`{"yes":true,"i32":-7,"i64":1152921504606846976,"u64":18446744073709551615,"f32":0.1,"date":{"time":86400},"nano":{"time":5},"i96":{"time":86400},"d32":123.45,"d64":-0.0005,"fixed":1.234,"uuid":"123e4567-e89b-12d3-a456-426614174000","bytes":"x"}`,
			"numbers in full, days and nanoseconds in seconds, decimals with their point"},
		{kinds{Date: -1, Nano: time.Unix(-1, 1), I96: deprecated.Int96{0, 1, 2440587}, D32: -3, Fixed: [5]byte{255, 255, 255, 255, 255}},
			`{"yes":false,"i32":0,"i64":0,"u64":0,"f32":0,"date":{"time":-86400},"nano":{"time":-1},"i96":{"time":-86396},"d32":-0.03,"d64":0.0000,"fixed":-0.001,"uuid":"00000000-0000-0000-0000-000000000000","bytes":""}`,
			"before 1970 and below zero, zero values"},
	} {
		var b bytes.Buffer
		w := pq.NewGenericWriter[kinds](&b)
		if _, err := w.Write([]kinds{c.in}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		rows, bad, err := all(b.Bytes())
		if err != nil || len(bad) > 0 {
			t.Fatalf("%v, %v (%s)", bad, err, c.why)
		}
		if diff := cmp.Diff([]string{c.want}, rows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

// TestRows: the footer tells the number of rows before one is read.
func TestRows(t *testing.T) {
	in := sample(t, row{User: "u1"}, row{User: "u2"})
	r, err := Open(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Rows(); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
	if err := r.Close(); err != nil || r.Close() != nil {
		t.Errorf("closing twice: %v", err)
	}
}
