package snapshot

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
)

// Version is the format that Write writes and Read takes.
const Version = 2

const (
	magic        = "KENMODEL"
	headLen      = len(magic) + 8
	maxDirectory = 1 << 20
)

var (
	// ErrNotModel reports a file that is no model of ours.
	ErrNotModel = errors.New("snapshot: not a ken model file")
	// ErrVersion reports a format that this program does not know.
	ErrVersion = errors.New("snapshot: unknown model version")
	// ErrDamaged reports a file that is cut or has changed bytes.
	ErrDamaged = errors.New("snapshot: damaged model file")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// kind is the element type of a section.
type kind string

const (
	kindBytes   kind = "bytes"
	kindInt32   kind = "int32"
	kindInt64   kind = "int64"
	kindFloat32 kind = "float32"
	kindFloat64 kind = "float64"
)

func (k kind) size() int64 {
	switch k {
	case kindBytes:
		return 1
	case kindInt32, kindFloat32:
		return 4
	case kindInt64, kindFloat64:
		return 8
	}
	return 0
}

// section is a directory entry.
type section struct {
	Name   string `json:"name"`
	Kind   kind   `json:"kind"`
	Rows   int64  `json:"rows"`
	Cols   int64  `json:"cols"`
	Offset int64  `json:"offset"` // from the end of the directory's checksum
	Length int64  `json:"length"` // bytes
	CRC    uint32 `json:"crc"`

	blocks int                // of a writer: how many pieces encode gives
	encode func(i int) []byte // of a writer: piece i, valid until the next call
}

// File is a model in memory: what a Write takes and a Read gives. Names are unique.
type File struct {
	list []section
	data map[string][]byte // of a reader
}

// checksum returns the checksum of all pieces of s.
func (s *section) checksum() uint32 {
	crc := uint32(0)
	for i := range s.blocks {
		crc = crc32.Update(crc, castagnoli, s.encode(i))
	}
	return crc
}

// Write writes f to path and returns its size: to a temporary file in the same folder, synced, then renamed over path.
// On any error, a cancelled ctx included, what was at path stays. f is not changed by reading it, only by Write, and must
// not be written twice at once.
func Write(ctx context.Context, path string, f *File) (size int64, err error) {
	head, size, err := f.head(ctx)
	if err == nil {
		err = replace(path, func(w io.Writer) error { return f.writeTo(ctx, w, head) })
	}
	if err != nil {
		return 0, fmt.Errorf("snapshot: write %s: %w", filepath.Base(path), err)
	}
	return size, nil
}

// head returns everything before the sections, and the size of the whole file.
func (f *File) head(ctx context.Context) (head []byte, size int64, err error) {
	offset := int64(0)
	names := map[string]bool{}
	for i := range f.list {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		s := &f.list[i]
		if names[s.Name] {
			return nil, 0, fmt.Errorf("section %q stands twice", s.Name)
		}
		names[s.Name] = true
		s.Offset, s.CRC = offset, s.checksum()
		offset += s.Length
		if err := s.fits(s.Length); err != nil {
			return nil, 0, err // Read would refuse the file
		}
	}
	directory, err := json.Marshal(f.list)
	if err != nil {
		return nil, 0, err
	}
	if len(directory) > maxDirectory {
		return nil, 0, fmt.Errorf("directory has %d bytes, at most %d fit", len(directory), maxDirectory)
	}
	head = binary.LittleEndian.AppendUint32([]byte(magic), Version)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(directory)))
	head = append(head, directory...)
	head = binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
	return head, int64(len(head)) + offset, nil
}

func (f *File) writeTo(ctx context.Context, w io.Writer, head []byte) error {
	if _, err := w.Write(head); err != nil {
		return err
	}
	for i := range f.list {
		for b := range f.list[i].blocks {
			if b%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if _, err := w.Write(f.list[i].encode(b)); err != nil {
				return err
			}
		}
	}
	return nil
}
