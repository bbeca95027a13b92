package snapshot

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/kenrec/ken/engine/internal/dense"
)

// Version is the format that Write writes and Read takes.
const Version = 1

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

// Write writes f to path: to a temporary file in the same folder, synced, then renamed over path.
func Write(path string, f *File) (size int64, err error) {
	offset := int64(0)
	for i := range f.list {
		s := &f.list[i]
		s.Offset, s.CRC = offset, s.checksum()
		offset += s.Length
	}
	directory, err := json.Marshal(f.list)
	if err != nil {
		return 0, fmt.Errorf("snapshot: write %s: %w", filepath.Base(path), err)
	}
	if len(directory) > maxDirectory {
		return 0, fmt.Errorf("snapshot: write %s: directory has %d bytes, at most %d fit", filepath.Base(path), len(directory), maxDirectory)
	}
	head := append([]byte(magic), binary.LittleEndian.AppendUint32(nil, Version)...)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(directory)))
	head = append(head, directory...)
	head = binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
	return int64(len(head)) + offset, replace(path, func(w io.Writer) error {
		if _, err := w.Write(head); err != nil {
			return err
		}
		for i := range f.list {
			for b := range f.list[i].blocks {
				if _, err := w.Write(f.list[i].encode(b)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Read reads and checks the whole file at path. Errors: fs.ErrNotExist, ErrNotModel, ErrVersion, ErrDamaged.
func Read(path string) (*File, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("snapshot: read: %w", err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, fmt.Errorf("snapshot: read: %w", err)
	}
	f, err := decode(in, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, filepath.Base(path))
	}
	return f, nil
}

// decode reads a model of the given size in bytes.
func decode(in io.Reader, size int64) (*File, error) {
	f := &File{data: map[string][]byte{}}
	left, err := f.readDirectory(in, size)
	if err != nil {
		return nil, err
	}
	for i := range f.list {
		s := &f.list[i]
		if err := s.fits(left); err != nil {
			return nil, err
		}
		left -= s.Length
		if _, dup := f.data[s.Name]; dup {
			return nil, fmt.Errorf("%w: section %q stands twice", ErrDamaged, s.Name)
		}
		buf := make([]byte, s.Length)
		if _, err := io.ReadFull(in, buf); err != nil {
			return nil, fmt.Errorf("%w: cut in section %q", ErrDamaged, s.Name)
		}
		if crc32.Checksum(buf, castagnoli) != s.CRC {
			return nil, fmt.Errorf("%w: checksum of section %q", ErrDamaged, s.Name)
		}
		f.data[s.Name] = buf
	}
	if left != 0 {
		return nil, fmt.Errorf("%w: %d bytes too long", ErrDamaged, left)
	}
	return f, nil
}

// readDirectory reads and checks everything before the sections and returns how many bytes are left.
func (f *File) readDirectory(in io.Reader, size int64) (left int64, err error) {
	head := make([]byte, headLen)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(magic)]) != magic {
		return 0, ErrNotModel
	}
	if v := binary.LittleEndian.Uint32(head[len(magic):]); v != Version {
		return 0, fmt.Errorf("%w %d, this program writes %d: train again", ErrVersion, v, Version)
	}
	n := int64(binary.LittleEndian.Uint32(head[len(magic)+4:]))
	left = size - int64(headLen) - n - 4
	if n > maxDirectory || left < 0 {
		return 0, fmt.Errorf("%w: directory of %d bytes", ErrDamaged, n)
	}
	directory := make([]byte, n+4)
	if _, err := io.ReadFull(in, directory); err != nil {
		return 0, fmt.Errorf("%w: cut in the directory", ErrDamaged)
	}
	crc := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, directory[:n])
	if crc != binary.LittleEndian.Uint32(directory[n:]) {
		return 0, fmt.Errorf("%w: checksum of the directory", ErrDamaged)
	}
	if err := json.Unmarshal(directory[:n], &f.list); err != nil {
		return 0, fmt.Errorf("%w: directory: %w", ErrDamaged, err)
	}
	return left, nil
}

// fits reports a section whose sizes contradict each other or the bytes that are left.
func (s *section) fits(left int64) error {
	size := s.Kind.size()
	ok := size > 0 && s.Rows >= 0 && s.Cols >= 0 && s.Length >= 0 && s.Length <= left &&
		s.Rows <= math.MaxInt32 && s.Cols <= math.MaxInt32 && s.Length/size == s.Rows*s.Cols && s.Length%size == 0
	if !ok {
		return fmt.Errorf("%w: section %q has %d bytes for %d×%d %s, %d bytes are left", ErrDamaged, s.Name, s.Length, s.Rows, s.Cols, s.Kind, left)
	}
	return nil
}

// replace writes a file beside path, syncs it and renames it over path.
func replace(path string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return fmt.Errorf("snapshot: write: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("snapshot: write: %w", errors.Join(err, tmp.Close(), os.Remove(tmp.Name())))
		}
	}()
	w := newBuffered(tmp)
	if err = write(w); err != nil {
		return err
	}
	if err = w.Flush(); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	syncDir(filepath.Dir(path))
	return tmp.Close()
}

// finite reports a section of factors that holds NaN or an infinity: it was written by a broken program.
func finite(name string, m dense.Matrix) error {
	for i := range m.Rows {
		for _, v := range m.Row(i) {
			if v-v != 0 {
				return fmt.Errorf("%w: section %q holds a number that is not finite", ErrDamaged, name)
			}
		}
	}
	return nil
}
