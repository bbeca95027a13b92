package snapshot

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

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
		left -= s.Length // not below 0: the directory was checked
		if _, dup := f.data[s.Name]; dup {
			return nil, fmt.Errorf("%w: section %q stands twice", ErrDamaged, s.Name)
		}
		buf := make([]byte, s.Length)
		if _, err := io.ReadFull(in, buf); err != nil {
			return nil, cut(err, "section "+strconv.Quote(s.Name))
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

// cut is the error of a read that ended too soon: the file's fault, unless the disk gave another reason.
func cut(err error, where string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: cut in the %s", ErrDamaged, where)
	}
	return fmt.Errorf("snapshot: read the %s: %w", where, err)
}

// readDirectory reads and checks everything before the sections and returns how many bytes are left.
func (f *File) readDirectory(in io.Reader, size int64) (left int64, err error) {
	head := make([]byte, headLen)
	n, err := io.ReadFull(in, head)
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return 0, fmt.Errorf("snapshot: read: %w", err)
	case n < len(magic) || string(head[:len(magic)]) != magic:
		return 0, ErrNotModel
	case err != nil:
		return 0, cut(err, "header")
	}
	if v := binary.LittleEndian.Uint32(head[len(magic):]); v != Version {
		return 0, fmt.Errorf("%w %d, this program writes %d: train again", ErrVersion, v, Version)
	}
	length := int64(binary.LittleEndian.Uint32(head[len(magic)+4:]))
	left = size - int64(headLen) - length - 4
	if length > maxDirectory || left < 0 {
		return 0, fmt.Errorf("%w: %d bytes are too few for a directory of %d", ErrDamaged, size, length)
	}
	directory := make([]byte, length+4)
	if _, err := io.ReadFull(in, directory); err != nil {
		return 0, cut(err, "directory")
	}
	crc := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, directory[:length])
	if crc != binary.LittleEndian.Uint32(directory[length:]) {
		return 0, fmt.Errorf("%w: checksum of the directory", ErrDamaged)
	}
	if err := f.parse(directory[:length], left); err != nil {
		return 0, fmt.Errorf("%w: directory: %w", ErrDamaged, err)
	}
	return left, nil
}

// parse reads the entries of a directory whose sections have left bytes. It stops at the first that does not fit, so that
// a directory of nothing but brackets does not become a hundred times as much memory.
func (f *File) parse(directory []byte, left int64) error {
	in := json.NewDecoder(bytes.NewReader(directory))
	if open, err := in.Token(); err != nil || open != json.Delim('[') {
		return errors.Join(errors.New("no list"), err)
	}
	for in.More() {
		var s section
		if err := in.Decode(&s); err != nil {
			return err
		}
		if err := s.fits(left); err != nil {
			return err
		}
		left -= s.Length
		f.list = append(f.list, s)
	}
	if _, err := in.Token(); err != nil {
		return err
	}
	if rest, err := io.ReadAll(in.Buffered()); err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return errors.Join(errors.New("text after the list"), err)
	}
	return nil
}

// fits reports a section whose sizes contradict each other or the bytes that are left.
func (s *section) fits(left int64) error {
	size := s.Kind.size()
	ok := size > 0 && s.Rows >= 0 && s.Cols >= 0 && s.Length >= 0 && s.Length <= left &&
		s.Rows <= math.MaxInt32 && s.Cols <= math.MaxInt32 && s.Length/size == s.Rows*s.Cols && s.Length%size == 0 &&
		(s.Cols > 0 || s.Rows == 0) // rows without columns cost no bytes, and time all the same
	if !ok {
		return fmt.Errorf("section %q has %d bytes for %d×%d %s, %d bytes are left", s.Name, s.Length, s.Rows, s.Cols, s.Kind, left)
	}
	return nil
}
