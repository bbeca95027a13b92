// Package npz reads numpy's .npz archives: zip files of .npy arrays.
//
// Only what model weights need is here: bytes (u1, i1) and little-endian floats (f4; f8 is narrowed), C order.
package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// ErrFormat reports an archive that is damaged, larger than allowed, or of a kind this package does not read.
var ErrFormat = errors.New("npz: bad archive")

// Array is one array in C order: Bytes for one-byte types, Floats for the others.
type Array struct {
	Shape  []int // empty for a scalar
	Floats []float32
	Bytes  []byte
}

// Read returns the arrays of the archive by name, without ".npy". It inflates them in parallel and verifies their
// checksums. limit bounds the sum of their sizes in bytes, so that a small archive cannot fill the memory.
func Read(data []byte, limit int64) (map[string]Array, error) {
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	for _, f := range zr.File {
		if f.UncompressedSize64 > uint64(limit) {
			return nil, fmt.Errorf("%w: arrays of more than the allowed size", ErrFormat)
		}
		limit -= int64(f.UncompressedSize64)
	}
	arrays := make([]Array, len(zr.File))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range zr.File {
		g.Go(func() (err error) {
			if arrays[i], err = readFile(f); err != nil {
				return fmt.Errorf("%w: %s: %v", ErrFormat, f.Name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	byName := make(map[string]Array, len(arrays))
	for i, f := range zr.File {
		byName[strings.TrimSuffix(f.Name, ".npy")] = arrays[i]
	}
	return byName, nil
}

func readFile(f *zip.File) (Array, error) {
	r, err := f.Open()
	if err != nil {
		return Array{}, err
	}
	defer r.Close()
	buf := make([]byte, f.UncompressedSize64) // within the limit of Read
	if _, err := io.ReadFull(r, buf); err != nil {
		return Array{}, err
	}
	// The reader compares size and checksum with the directory's claims at the end only.
	if n, err := io.Copy(io.Discard, io.LimitReader(r, 1)); err != nil || n > 0 {
		return Array{}, errors.Join(err, errors.New("size or checksum differs from the directory's"))
	}
	return parse(buf)
}

// parse reads one .npy file. The array's bytes may share memory with data.
func parse(data []byte) (Array, error) {
	header, body, err := splitHeader(data)
	if err != nil {
		return Array{}, err
	}
	kind, shape, err := parseHeader(header)
	if err != nil {
		return Array{}, err
	}
	n := 1
	for _, d := range shape {
		if d > 0 && n > len(body)/d {
			return Array{}, fmt.Errorf("shape %v does not fit %d bytes", shape, len(body))
		}
		n *= d
	}
	width := map[string]int{"|u1": 1, "|i1": 1, "<f4": 4, "<f8": 8}[kind]
	if width == 0 {
		return Array{}, fmt.Errorf("type %q", kind)
	}
	if len(body) != n*width {
		return Array{}, fmt.Errorf("%d bytes for shape %v of %s", len(body), shape, kind)
	}
	a := Array{Shape: shape}
	if width == 1 {
		a.Bytes = body
		return a, nil
	}
	a.Floats = make([]float32, n)
	for i := range a.Floats {
		if width == 4 {
			a.Floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
		} else {
			a.Floats[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(body[8*i:])))
		}
	}
	return a, nil
}

// splitHeader cuts the magic, version and length off: version 1 has a two-byte length, 2 and 3 four bytes.
func splitHeader(data []byte) (header string, body []byte, err error) {
	const magic = "\x93NUMPY"
	if len(data) < 12 || string(data[:6]) != magic {
		return "", nil, errors.New("no numpy array")
	}
	start, length := 10, int64(binary.LittleEndian.Uint16(data[8:]))
	if data[6] > 1 {
		start, length = 12, int64(binary.LittleEndian.Uint32(data[8:]))
	}
	if length > int64(len(data)-start) {
		return "", nil, fmt.Errorf("header of %d bytes in %d", length, len(data))
	}
	end := start + int(length)
	return string(data[start:end]), data[end:], nil
}

// parseHeader reads the type and the shape out of a Python literal like
// {'descr': '<f4', 'fortran_order': False, 'shape': (512, 256), }.
func parseHeader(h string) (kind string, shape []int, err error) {
	_, rest, ok := strings.Cut(h, "'descr':")
	if !ok {
		return "", nil, errors.New("header without descr")
	}
	if parts := strings.SplitN(rest, "'", 3); len(parts) == 3 {
		kind = parts[1]
	}
	if !strings.Contains(strings.ReplaceAll(h, " ", ""), "'fortran_order':False") {
		return "", nil, errors.New("not in C order")
	}
	_, rest, ok = strings.Cut(h, "'shape':")
	if !ok {
		return "", nil, errors.New("header without shape")
	}
	_, rest, ok1 := strings.Cut(rest, "(")
	rest, _, ok2 := strings.Cut(rest, ")")
	if !ok1 || !ok2 {
		return "", nil, errors.New("shape is no tuple")
	}
	for _, s := range strings.Split(rest, ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		d, err := strconv.Atoi(s)
		if err != nil || d < 0 {
			return "", nil, fmt.Errorf("dimension %q", s)
		}
		shape = append(shape, d)
	}
	return kind, shape, nil
}
