package usem

import "math"

// batchPieces is how many pieces go through the network at once: enough that each weight read from memory serves many
// rows, few enough that the activations stay in the second-level cache.
const batchPieces = 384

// Scratch holds the activations of one call at a time, reused from call to call. The zero value is ready.
type Scratch struct {
	ids                      []int32
	ends                     []int // by text of the batch: where its pieces end in ids
	emb, proj, feat          []float32
	in, hidden, next, window []float32
	sum, mean, y0, y1, y2    []float32
}

// Embed writes the vectors of texts, given as piece numbers without marks, to new slices in out. Each text must have
// at least one piece; those beyond MaxPieces-2 are left out. A vector depends on its text alone, bit for bit, not on
// what else is in the call. Shapes: out is as long as texts; each vector has Dim numbers and length 1.
func (n *Network) Embed(s *Scratch, texts [][]int32, out [][]float32) {
	s.ids, s.ends = s.ids[:0], s.ends[:0]
	first := 0
	for i, text := range texts {
		text = text[:min(len(text), MaxPieces-2)]
		if len(s.ids) > 0 && len(s.ids)+len(text)+2 > batchPieces {
			n.flush(s, out[first:i])
			first = i
		}
		s.ids = append(append(append(s.ids, beginMark), text...), endMark)
		s.ends = append(s.ends, len(s.ids))
	}
	n.flush(s, out[first:])
}

// flush computes the vectors of the texts gathered in s and empties it.
func (n *Network) flush(s *Scratch, out [][]float32) {
	if len(s.ends) == 0 {
		return
	}
	n.features(s)
	n.pool(s)
	n.residual(s)
	for i := range out {
		out[i] = n.finish(s.mean[i*Dim : (i+1)*Dim])
	}
	s.ids, s.ends = s.ids[:0], s.ends[:0]
}

// features fills s.feat with pieces × featDim: the embedding and the three branches, normalised.
func (n *Network) features(s *Scratch) {
	rows := len(s.ids)
	s.emb = resize(s.emb, rows*Dim)
	s.feat = resize(s.feat, rows*featDim)
	for i, id := range s.ids {
		e := s.emb[i*Dim : (i+1)*Dim]
		n.table.lookup(e, int(id))
		copy(s.feat[i*featDim:], e)
	}
	s.proj = resize(s.proj, rows*3*branchDim)
	n.proj.apply(s.proj, s.emb, rows)
	n.projNorm.apply(s.proj)
	for i := range n.branches {
		n.branches[i].apply(s, i)
	}
	n.featNorm.apply(s.feat)
}

// lookup writes the vector of a piece to dst.
func (e *embedding) lookup(dst []float32, id int) {
	c, row := id%chunks, id/chunks
	scale, low := e.scale[c], e.low[c]
	for i, q := range e.chunks[c][row*Dim:][:len(dst)] {
		dst[i] = float32(q)*scale + low
	}
}

// apply computes y = x·weights + bias.
func (d *dense) apply(y, x []float32, rows int) {
	mul(y, x, rows, d.weights)
	for ; len(y) > 0; y = y[len(d.bias):] {
		for j, b := range d.bias {
			y[j] += b
		}
	}
}

// apply runs branch i over its columns of s.proj and writes the result to its columns of s.feat.
func (b *branch) apply(s *Scratch, i int) {
	rows := len(s.ids)
	s.in = resize(s.in, rows*branchDim)
	s.hidden = resize(s.hidden, rows*branchDim)
	s.next = resize(s.next, rows*branchDim)
	for r := range rows {
		copy(s.in[r*branchDim:(r+1)*branchDim], s.proj[(3*r+i)*branchDim:])
	}
	b.layer(s, &b.first, s.hidden, s.in)
	b.layer(s, &b.second, s.next, s.hidden)
	for r := range rows {
		copy(s.feat[r*featDim+Dim+i*branchDim:], s.next[r*branchDim:(r+1)*branchDim])
	}
}

// layer computes y = relu(windows(x)·weights + bias) + x.
func (b *branch) layer(s *Scratch, d *dense, y, x []float32) {
	b.gather(s, x)
	d.apply(y, s.window, len(s.ids))
	for i, v := range x {
		y[i] = max(y[i], 0) + v
	}
}

// gather fills s.window: for each piece the rows of x in its window side by side, zeros where it leaves the text.
func (b *branch) gather(s *Scratch, x []float32) {
	width := b.window * branchDim
	s.window = resize(s.window, len(s.ids)*width)
	begin := 0
	for _, end := range s.ends {
		for r := begin; r < end; r++ {
			from, to := r-b.left, r-b.left+b.window
			lo, hi := max(from, begin), min(to, end)
			w := s.window[r*width : (r+1)*width]
			clear(w[:(lo-from)*branchDim])
			copy(w[(lo-from)*branchDim:], x[lo*branchDim:hi*branchDim])
			clear(w[(hi-from)*branchDim:])
		}
		begin = end
	}
}

// apply normalises each row of x in place.
func (l *layerNorm) apply(x []float32) {
	d := len(l.gain)
	for ; len(x) > 0; x = x[d:] {
		row := x[:d]
		mean := sum(row) / float32(d)
		for i := range row {
			row[i] -= mean
		}
		inv := float32(1 / math.Sqrt(float64(sumSquares(row)/float32(d)+l.eps)))
		for i, g := range l.gain {
			row[i] = row[i]*inv*g + l.bias[i]
		}
	}
}

// pool fills s.mean with texts × Dim: the sum of each text's features, projected, over the root of its length.
// Projecting the sum instead of each piece is the same by linearity, and n times cheaper.
func (n *Network) pool(s *Scratch) {
	texts := len(s.ends)
	s.sum = resize(s.sum, texts*featDim)
	s.mean = resize(s.mean, texts*Dim)
	begin := 0
	for t, end := range s.ends {
		total := s.sum[t*featDim : (t+1)*featDim]
		clear(total)
		for r := begin; r < end; r++ {
			for j, v := range s.feat[r*featDim : (r+1)*featDim] {
				total[j] += v
			}
		}
		begin = end
	}
	mul(s.mean, s.sum, texts, n.out.weights)
	begin = 0
	for t, end := range s.ends {
		count := float32(end - begin)
		inv := float32(1 / math.Sqrt(float64(count)))
		row := s.mean[t*Dim : (t+1)*Dim]
		for j, b := range n.out.bias {
			row[j] = (row[j] + count*b) * inv
		}
		begin = end
	}
}

// residual runs the dense network over s.mean and leaves its result there, before the tanh.
func (n *Network) residual(s *Scratch) {
	texts := len(s.ends)
	s.y0 = resize(s.y0, texts*denseDim)
	s.y1 = resize(s.y1, texts*denseDim)
	s.y2 = resize(s.y2, texts*Dim)
	mul(s.y0, s.mean, texts, n.d0)
	relu(s.y0)
	mul(s.y1, s.mean, texts, n.p1)
	mulAdd(s.y1, s.y0, texts, n.d1)
	relu(s.y1)
	mul(s.y2, s.y1, texts, n.d2)
	relu(s.y2)
	mul(s.mean, s.y1, texts, n.p3)
	mulAdd(s.mean, s.y2, texts, n.d3)
}

// finish returns tanh of x scaled to length 1.
func (n *Network) finish(x []float32) []float32 {
	v := make([]float32, len(x))
	var q float64
	for i, z := range x {
		t := math.Tanh(float64(z))
		v[i] = float32(t)
		q += t * t
	}
	inv := float32(1 / math.Sqrt(max(q, n.minNorm)))
	for i := range v {
		v[i] *= inv
	}
	return v
}
