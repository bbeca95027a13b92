package usem

import (
	"errors"
	"fmt"

	"github.com/kenrec/ken/embed/internal/gemm"
	"github.com/kenrec/ken/embed/internal/npz"
)

// Dim is the length of a sentence vector.
const Dim = 512

// MaxPieces is how many pieces of one text count, the two marks at its ends included; the rest is left out.
const MaxPieces = 512

// Numbers of the marks at the ends of each text.
const (
	beginMark = 1
	endMark   = 2
)

const (
	branchDim = 256                 // width of a branch
	featDim   = Dim + 3*branchDim   // width of a piece's features
	denseDim  = 320                 // width of the first dense layers
	chunks    = 17                  // parts of the embedding table: piece p is row p/17 of part p%17
	sizeLimit = int64(96 * 1 << 20) // the arrays take 79 MiB
)

// ErrWeights reports an archive that is not the expected set of weights.
var ErrWeights = errors.New("usem: bad weights")

// Network holds the weights. It never changes and may be used concurrently.
type Network struct {
	table    embedding
	proj     dense // Dim × 3·branchDim
	projNorm layerNorm
	branches [3]branch
	featNorm layerNorm
	out      dense        // featDim × Dim
	d0, p1   *gemm.Matrix // Dim × denseDim
	d1       *gemm.Matrix // denseDim × denseDim
	d2, p3   *gemm.Matrix // denseDim × Dim
	d3       *gemm.Matrix // Dim × Dim
	minNorm  float64      // lower bound of a squared norm
}

// embedding is the table of the pieces, one byte a number.
type embedding struct {
	chunks     [chunks][]byte
	scale, low []float32 // by chunk: value = byte·scale + low
	pieces     int       // rows over all chunks
}

// dense is a layer x·weights + bias.
type dense struct {
	weights *gemm.Matrix
	bias    []float32
}

// layerNorm brings a row to mean 0 and variance 1, then scales and shifts its columns.
type layerNorm struct {
	gain, bias []float32
	eps        float32
}

// branch is two dense layers over windows of a few pieces.
type branch struct {
	window, left  int // pieces in the window, and how many of them stand before the piece itself
	first, second dense
}

// Load reads the weights from the bytes of weights.npz. Errors wrap ErrWeights.
func Load(archive []byte) (*Network, error) {
	arrays, err := npz.Read(archive, sizeLimit)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrWeights, err)
	}
	l := &loader{arrays: arrays}
	n := l.network()
	if l.err != nil {
		return nil, fmt.Errorf("%w: %v", ErrWeights, l.err)
	}
	return n, nil
}

// Pieces returns how many rows the embedding table has: Embed takes piece numbers below it.
func (n *Network) Pieces() int { return n.table.pieces }

// loader hands out arrays by name and keeps the first thing that was wrong.
type loader struct {
	arrays map[string]npz.Array
	err    error
}

func (l *loader) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

// floats returns the array of that length, or zeros of it after a failure.
func (l *loader) floats(name string, length int) []float32 {
	a, ok := l.arrays[name]
	if !ok || len(a.Floats) != length {
		l.fail("%s: %d floats where %d are needed", name, len(a.Floats), length)
		return make([]float32, length)
	}
	for _, v := range a.Floats {
		if v-v != 0 {
			l.fail("%s: not finite", name)
			break
		}
	}
	return a.Floats
}

func (l *loader) matrix(name string, rows, cols int) *gemm.Matrix {
	return gemm.Pack(l.floats(name, rows*cols), rows, cols)
}

func (l *loader) network() *Network {
	eps := l.floats("eps", 1)[0]
	n := &Network{
		table:    l.embedding(),
		featNorm: layerNorm{l.floats("ln_g", featDim), l.floats("ln_b", featDim), eps},
		out:      dense{l.matrix("cnn_W", featDim, Dim), l.floats("cnn_b", Dim)},
		d0:       l.matrix("d0", Dim, denseDim),
		p1:       l.matrix("p1", Dim, denseDim),
		d1:       l.matrix("d1", denseDim, denseDim),
		d2:       l.matrix("d2", denseDim, Dim),
		p3:       l.matrix("p3", denseDim, Dim),
		d3:       l.matrix("d3", Dim, Dim),
		minNorm:  float64(eps),
	}
	l.projections(n, eps)
	for i, shape := range [3]struct{ window, left int }{{2, 0}, {3, 1}, {5, 2}} {
		in, suffix := shape.window*branchDim, fmt.Sprint(shape.window)
		n.branches[i] = branch{
			window: shape.window, left: shape.left,
			first:  dense{l.matrix("w1_"+suffix, in, branchDim), l.floats("b1_"+suffix, branchDim)},
			second: dense{l.matrix("w2_"+suffix, in, branchDim), l.floats("b2_"+suffix, branchDim)},
		}
	}
	return n
}

// projections joins the three projections into one matrix: they share their input, and one layer norm runs over all.
func (l *loader) projections(n *Network, eps float32) {
	const cols = 3 * branchDim
	joined := make([]float32, Dim*cols)
	n.projNorm.eps = eps
	for i, suffix := range []string{"2", "3", "5"} {
		w := l.floats("proj"+suffix, Dim*branchDim)
		for r := range Dim {
			copy(joined[r*cols+i*branchDim:], w[r*branchDim:(r+1)*branchDim])
		}
		n.proj.bias = append(n.proj.bias, l.floats("proj_b"+suffix, branchDim)...)
		n.projNorm.gain = append(n.projNorm.gain, l.floats("ln_g"+suffix, branchDim)...)
		n.projNorm.bias = append(n.projNorm.bias, l.floats("ln_b"+suffix, branchDim)...)
	}
	n.proj.weights = gemm.Pack(joined, Dim, cols)
}

func (l *loader) embedding() embedding {
	e := embedding{scale: l.floats("scale", chunks), low: l.floats("lo", chunks)}
	for i := range e.chunks {
		name := fmt.Sprintf("q%d", i+1)
		b := l.arrays[name].Bytes
		if len(b) == 0 || len(b)%Dim != 0 || len(b) != len(l.arrays["q1"].Bytes) {
			l.fail("%s: %d bytes", name, len(b))
		}
		e.chunks[i] = b
		e.pieces += len(b) / Dim
	}
	return e
}
