package tabular

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Guards against compressed bombs: a stream is refused once it has grown beyond bombSize and by more than bombRatio.
// Text of real catalogues packs 3 to 50 times.
const (
	bombSize   = 64 << 20
	bombRatio  = 1000
	zstdMemory = 64 << 20
	zstdWindow = 8 << 20
)

// Decompress returns a reader of the plain bytes of r, which may be gzip, zstd or neither: the first bytes tell, not
// the name. A damaged, cut or exploding stream ends with ErrCompressed or ErrBomb. Close frees the decoder and leaves r open.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	in := &counter{r: r}
	src := bufio.NewReaderSize(in, 64<<10)
	magic, err := src.Peek(4)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("tabular: read: %w", err)
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, fmt.Errorf("%w: gzip: %w", ErrCompressed, err)
		}
		return &guarded{in: in, out: z, close: func() { z.Close() }}, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(zstdMemory), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, fmt.Errorf("%w: zstd: %w", ErrCompressed, err)
		}
		return &guarded{in: in, out: z, close: z.Close}, nil
	}
	return io.NopCloser(src), nil
}

// TrimCompression returns name without a last .gz, .gzip, .zst or .zstd.
func TrimCompression(name string) string {
	for _, ext := range [...]string{".gz", ".gzip", ".zst", ".zstd"} {
		if len(name) > len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext) {
			return name[:len(name)-len(ext)]
		}
	}
	return name
}

// counter counts the bytes that pass.
type counter struct {
	r   io.Reader
	n   int64
	err error // the last one, to tell a broken stream from broken contents
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.err = err
	return n, err
}

// guarded passes on what a decoder yields until it is too much for what went in.
type guarded struct {
	in    *counter
	out   io.Reader
	n     int64
	close func()
}

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.out.Read(p)
	g.n += int64(n)
	if g.n > bombSize && g.n/max(1, g.in.n) > bombRatio {
		return 0, fmt.Errorf("%w: %d bytes became more than %d", ErrBomb, g.in.n, g.n)
	}
	switch {
	case err == nil || err == io.EOF:
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		err = fmt.Errorf("%w: zstd needs more than %d MiB of memory; pack it without --long or --ultra", ErrCompressed, zstdWindow>>20)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%w: the compressed data ends too early", ErrCompressed)
	case g.in.err != nil && g.in.err != io.EOF:
		err = fmt.Errorf("tabular: read: %w", err)
	default:
		err = fmt.Errorf("%w: %w", ErrCompressed, err)
	}
	return n, err
}

func (g *guarded) Close() error {
	g.close()
	return nil
}
