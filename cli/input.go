package cli

import (
	"context"
	"io"
	"sync"
)

// input is standard input that a cancelled command need not wait for: a terminal or a pipe may stay silent for ever, and
// no call ends a blocked read. It is read by a goroutine of its own, which starts with the first Read and, when it
// hangs in a read, stays until the process ends.
type input struct {
	ctx    context.Context
	in     io.Reader
	start  sync.Once
	chunks chan chunk
	rest   chunk // what was read and not handed out yet
}

// chunk is what one read gave.
type chunk struct {
	data []byte
	err  error
}

func newInput(ctx context.Context, in io.Reader) *input {
	return &input{ctx: ctx, in: in, chunks: make(chan chunk)}
}

// Read returns ctx.Err() as soon as the command is cancelled.
func (r *input) Read(p []byte) (int, error) {
	r.start.Do(func() { go r.pump() })
	if len(r.rest.data) == 0 && r.rest.err == nil {
		select {
		case r.rest = <-r.chunks:
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
	}
	n := copy(p, r.rest.data)
	r.rest.data = r.rest.data[n:]
	if len(r.rest.data) > 0 {
		return n, nil
	}
	return n, r.rest.err
}

// pump reads until the first error. Each chunk has a buffer of its own: a read that comes back late writes to nobody's.
func (r *input) pump() {
	for {
		buf := make([]byte, 64<<10)
		n, err := r.in.Read(buf)
		select {
		case r.chunks <- chunk{buf[:n], err}:
		case <-r.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}
