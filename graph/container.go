package graph

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"
)

// The container of a backup:
//
//	"KENBACK\n"  version, 4 bytes
//	section      kind 'H', …; body: backupHead, JSON, zstd
//	section …    kind 'R', compressed and raw length, CRC-32C of kind, lengths and body; body: records, zstd
//	section      kind 'T', the same; body: trailer, JSON, with the SHA-256 of all bytes before this section
//
// Lengths are little-endian. A record is the length of its key, the key, the length of its payload, the payload. Nothing
// follows the trailer.
const (
	backupMagic   = "KENBACK\n"
	backupVersion = 1
	sectionHead   = 1 + 4 + 4 + 4
	sectionSize   = 1 << 20               // raw bytes after which a section ends
	maxSection    = 2*sectionSize + 1<<16 // raw bytes a section may have: one record more
)

const (
	sectionHeader  = 'H'
	sectionRecords = 'R'
	sectionTrailer = 'T'
)

// backupHead begins a backup.
type backupHead struct {
	UUID string `json:"uuid"` // of the store
	Seq  uint64 `json:"sequence"`
	Time int64  `json:"time"` // Unix seconds
}

// trailer ends a backup.
type trailer struct {
	Records int64  `json:"records"`
	SHA256  []byte `json:"sha256"`
}

// containerWriter writes the sections of a backup.
type containerWriter struct {
	w       io.Writer
	sum     hash.Hash
	zw      *zstd.Encoder
	raw     []byte
	records int64
}

func newContainerWriter(w io.Writer, head backupHead) (*containerWriter, error) {
	zw, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("graph: backup: %w", err)
	}
	c := &containerWriter{w: w, sum: sha256.New(), zw: zw}
	if err := c.out(binary.LittleEndian.AppendUint32([]byte(backupMagic), backupVersion)); err != nil {
		return nil, err
	}
	return c, c.json(sectionHeader, head)
}

func (c *containerWriter) json(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("graph: backup: %w", err)
	}
	return c.section(kind, c.zw.EncodeAll(b, nil), len(b))
}

func (c *containerWriter) out(b []byte) error {
	c.sum.Write(b)
	if _, err := c.w.Write(b); err != nil {
		return fmt.Errorf("graph: write backup: %w", err)
	}
	return nil
}

func (c *containerWriter) add(key, payload []byte) error {
	c.records++
	c.raw = binary.AppendUvarint(c.raw, uint64(len(key)))
	c.raw = append(c.raw, key...)
	c.raw = binary.AppendUvarint(c.raw, uint64(len(payload)))
	c.raw = append(c.raw, payload...)
	if len(c.raw) < sectionSize {
		return nil
	}
	return c.flush()
}

func (c *containerWriter) flush() error {
	if len(c.raw) == 0 {
		return nil
	}
	err := c.section(sectionRecords, c.zw.EncodeAll(c.raw, nil), len(c.raw))
	c.raw = c.raw[:0]
	return err
}

func (c *containerWriter) section(kind byte, body []byte, raw int) error {
	head := append(make([]byte, 0, sectionHead), kind)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(body)))
	head = binary.LittleEndian.AppendUint32(head, uint32(raw))
	head = binary.LittleEndian.AppendUint32(head, sum(head, body))
	return errors.Join(c.out(head), c.out(body))
}

// finish writes the trailer.
func (c *containerWriter) finish() error {
	if err := c.flush(); err != nil {
		return err
	}
	return c.json(sectionTrailer, trailer{Records: c.records, SHA256: c.sum.Sum(nil)})
}

// readContainer calls head with the head of a backup, then fn with each record, and returns how many there are. Only when
// it returns no error was the backup whole: everything fn got before has to be thrown away otherwise. Errors:
// ErrBadBackup, ErrVersion, those of head, fn and r.
func readContainer(r io.Reader, head func(backupHead), fn func(key, payload []byte) error) (records int64, err error) {
	c := containerReader{r: bufio.NewReaderSize(r, 1<<16), sum: sha256.New()}
	c.zr, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSection), zstd.WithDecoderLowmem(true))
	if err != nil {
		return 0, fmt.Errorf("graph: backup: %w", err)
	}
	defer c.zr.Close()
	if err := c.header(); err != nil {
		return 0, err
	}
	for first := true; ; first = false {
		before := c.sum.Sum(nil)
		kind, raw, err := c.section()
		switch {
		case err != nil:
			return 0, err
		case first != (kind == sectionHeader):
			return 0, fmt.Errorf("%w: its head is not at the beginning", ErrBadBackup)
		case first:
			var h backupHead
			if err := json.Unmarshal(raw, &h); err != nil {
				return 0, fmt.Errorf("%w: its head cannot be read", ErrBadBackup)
			}
			head(h)
		case kind == sectionTrailer:
			return c.records, c.trailer(raw, before)
		default:
			if err := c.split(raw, fn); err != nil {
				return 0, err
			}
		}
	}
}

type containerReader struct {
	r       *bufio.Reader
	sum     hash.Hash
	zr      *zstd.Decoder
	records int64
}

// full reads exactly len(b) bytes.
func (c *containerReader) full(b []byte) error {
	_, err := io.ReadFull(c.r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it is cut", ErrBadBackup)
	}
	if err != nil {
		return fmt.Errorf("graph: read backup: %w", err)
	}
	c.sum.Write(b)
	return nil
}

func (c *containerReader) header() error {
	var head [len(backupMagic) + 4]byte
	if err := c.full(head[:]); err != nil {
		return err
	}
	if !bytes.HasPrefix(head[:], []byte(backupMagic)) {
		return fmt.Errorf("%w: it does not begin like one", ErrBadBackup)
	}
	if v := binary.LittleEndian.Uint32(head[len(backupMagic):]); v != backupVersion {
		return fmt.Errorf("%w: the backup has version %d, this build knows %d", ErrVersion, v, backupVersion)
	}
	return nil
}

// section reads and checks one section and returns its raw body.
func (c *containerReader) section() (kind byte, raw []byte, err error) {
	var head [sectionHead]byte
	if err := c.full(head[:]); err != nil {
		return 0, nil, err
	}
	kind = head[0]
	size, rawSize := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint32(head[5:])
	if (kind != sectionHeader && kind != sectionRecords && kind != sectionTrailer) || size > maxSection || rawSize > maxSection {
		return 0, nil, fmt.Errorf("%w: it has a damaged section", ErrBadBackup)
	}
	body := make([]byte, size)
	if err := c.full(body); err != nil {
		return 0, nil, err
	}
	if binary.LittleEndian.Uint32(head[9:]) != crc32.Update(crc32.Checksum(head[:9], castagnoli), castagnoli, body) {
		return 0, nil, fmt.Errorf("%w: a section does not match its checksum", ErrBadBackup)
	}
	raw, err = c.zr.DecodeAll(body, make([]byte, 0, rawSize))
	if err != nil || len(raw) != int(rawSize) {
		return 0, nil, fmt.Errorf("%w: a section cannot be unpacked", ErrBadBackup)
	}
	return kind, raw, nil
}

// split takes the records of a section apart.
func (c *containerReader) split(raw []byte, fn func(key, payload []byte) error) error {
	d := decoder{b: raw}
	for len(d.b) > 0 {
		key := d.bytes()
		payload := d.bytes()
		if d.bad || len(key) == 0 {
			return fmt.Errorf("%w: it has a damaged record", ErrBadBackup)
		}
		c.records++
		if err := fn(key, payload); err != nil {
			return err
		}
	}
	return nil
}

// bytes reads a length and as many bytes, which it lends.
func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad = true
		return nil
	}
	return d.take(int(n))
}

func (c *containerReader) trailer(raw, before []byte) error {
	var t trailer
	if err := json.Unmarshal(raw, &t); err != nil {
		return fmt.Errorf("%w: its trailer cannot be read", ErrBadBackup)
	}
	if t.Records != c.records || !bytes.Equal(t.SHA256, before) {
		return fmt.Errorf("%w: its trailer does not match the rest", ErrBadBackup)
	}
	if _, err := c.r.ReadByte(); err == nil {
		return fmt.Errorf("%w: something follows its end", ErrBadBackup)
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("graph: read backup: %w", err)
	}
	return nil
}
