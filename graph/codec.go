package graph

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"unicode/utf8"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sealSize = crc32.Size

// seal appends to payload the CRC-32C of key and payload: a value found under another key does not pass for its own.
func seal(key, payload []byte) []byte {
	return binary.LittleEndian.AppendUint32(payload, sum(key, payload))
}

// unseal returns the payload of a sealed value, which it does not copy, and whether the value is whole.
func unseal(key, val []byte) ([]byte, bool) {
	if len(val) < sealSize {
		return nil, false
	}
	payload := val[:len(val)-sealSize]
	return payload, binary.LittleEndian.Uint32(val[len(payload):]) == sum(key, payload)
}

func sum(key, payload []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, payload)
}

// decoder takes records apart. After the first bad field everything it returns is zero and ok is false.
type decoder struct {
	b   []byte
	bad bool
}

// done reports whether all fields were good and nothing is left over.
func (d *decoder) done() bool { return !d.bad && len(d.b) == 0 }

func (d *decoder) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.b) {
		d.bad = true
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *decoder) byte() byte {
	if p := d.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || (n > 1 && d.b[n-1] == 0) { // a longer form than needed is no form of ours
		d.bad = true
		return 0
	}
	d.take(n)
	if d.bad {
		return 0
	}
	return v
}

func (d *decoder) u32() uint32 {
	v := d.uvarint()
	if v > math.MaxUint32 {
		d.bad = true
		return 0
	}
	return uint32(v)
}

func (d *decoder) str() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	return string(d.take(int(n)))
}

func (d *decoder) f32() float32 {
	p := d.take(4)
	if p == nil {
		return 0
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(p))
}

func (d *decoder) u64() uint64 {
	p := d.take(8)
	if p == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(p)
}

func appendStr(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendF32(b []byte, f float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
}

// tripleVal is the stored part of a triple beside its key.
type tripleVal struct {
	weight, conf float32
	source       Sym
}

// Flags of triples and interactions: which fields differ from their default and follow.
const (
	hasWeight = 1 << iota
	hasConf
	hasSource
)

// encode returns one byte for the triple that most are: weight 1, confidence 1, no source.
func (t tripleVal) encode() []byte {
	return t.append(make([]byte, 0, 16))
}

func (t tripleVal) append(b []byte) []byte {
	at := len(b)
	b = append(b, 0)
	if t.weight != 1 {
		b[at] |= hasWeight
		b = appendF32(b, t.weight)
	}
	if t.conf != 1 {
		b[at] |= hasConf
		b = appendF32(b, t.conf)
	}
	if t.source != 0 {
		b[at] |= hasSource
		b = binary.AppendUvarint(b, uint64(t.source))
	}
	return b
}

func decodeTriple(p []byte) (tripleVal, bool) {
	if len(p) == 1 && p[0] == 0 {
		return tripleVal{weight: 1, conf: 1}, true
	}
	d := decoder{b: p}
	t := tripleVal{weight: 1, conf: 1}
	flags := d.byte()
	if flags&hasWeight != 0 {
		t.weight = d.f32()
	}
	if flags&hasConf != 0 {
		t.conf = d.f32()
	}
	if flags&hasSource != 0 {
		t.source = Sym(d.u32())
	}
	return t, d.done() && flags < 2*hasSource && finite(t.weight) && finite(t.conf)
}

func encodeWeight(w float32) []byte {
	return appendWeight(make([]byte, 0, 5+sealSize), w)
}

func appendWeight(b []byte, w float32) []byte {
	if w == 1 {
		return append(b, 0)
	}
	return appendF32(append(b, hasWeight), w)
}

func decodeWeight(p []byte) (float32, bool) {
	switch {
	case len(p) == 1 && p[0] == 0:
		return 1, true
	case len(p) == 5 && p[0] == hasWeight:
		w := math.Float32frombits(binary.LittleEndian.Uint32(p[1:]))
		return w, finite(w)
	}
	return 0, false
}

// nodeRec is a node with its type as a number; Node.Type is empty in it.
type nodeRec struct {
	typ Sym
	Node
}

func (n *nodeRec) equal(m *nodeRec) bool {
	return n.ID == m.ID && n.typ == m.typ && n.Name == m.Name && n.Text == m.Text && slices.EqualFunc(n.Attrs, m.Attrs,
		func(a, b Attr) bool { return a.Key == b.Key && a.Value.Equal(b.Value) })
}

func (n *nodeRec) encode() []byte {
	b := make([]byte, 0, len(n.ID)+len(n.Name)+len(n.Text)+16)
	b = appendStr(b, n.ID)
	b = binary.AppendUvarint(b, uint64(n.typ))
	b = appendStr(b, n.Name)
	b = appendStr(b, n.Text)
	b = binary.AppendUvarint(b, uint64(len(n.Attrs)))
	for _, a := range n.Attrs {
		b = appendStr(b, a.Key)
		b = a.Value.append(b)
	}
	return b
}

func decodeNode(p []byte) (nodeRec, bool) {
	d := decoder{b: p}
	var n nodeRec
	n.ID = d.str()
	n.typ = Sym(d.u32())
	n.Name = d.str()
	n.Text = d.str()
	count := d.uvarint()
	if count > uint64(len(d.b)) { // an attribute takes two bytes at least; no allocation on a stranger's word
		return nodeRec{}, false
	}
	for range count {
		if d.bad {
			break
		}
		n.Attrs = append(n.Attrs, Attr{Key: d.str(), Value: d.value()})
	}
	return n, d.done()
}

// decodeNodeID reads only the id of an encoded node.
func decodeNodeID(p []byte) (string, bool) {
	d := decoder{b: p}
	id := d.str()
	return id, !d.bad && id != ""
}

func (v Value) append(b []byte) []byte {
	b = append(b, byte(v.kind))
	switch v.kind {
	case KindNumber:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.num))
	case KindBool:
		return append(b, byte(v.unix))
	case KindTime:
		return binary.LittleEndian.AppendUint64(b, uint64(v.unix))
	case KindList:
		b = binary.AppendUvarint(b, uint64(len(v.list)))
		for _, s := range v.list {
			b = appendStr(b, s)
		}
		return b
	}
	return appendStr(b, v.str)
}

func (d *decoder) value() Value {
	switch k := Kind(d.byte()); k {
	case KindString:
		return String(d.str())
	case KindNumber:
		return Number(math.Float64frombits(d.u64()))
	case KindBool:
		t := d.byte()
		d.bad = d.bad || t > 1
		return Bool(t == 1)
	case KindTime:
		return Time(int64(d.u64()))
	case KindList:
		n := d.uvarint()
		if n > uint64(len(d.b)) {
			d.bad = true
			return Value{}
		}
		v := Value{kind: KindList}
		for range n {
			v.list = append(v.list, d.str())
		}
		return v
	}
	d.bad = true
	return Value{}
}

func encodeVector(v []float32) []byte {
	b := make([]byte, 0, 4*len(v)+sealSize)
	for _, f := range v {
		b = appendF32(b, f)
	}
	return b
}

func decodeVector(p []byte) ([]float32, bool) {
	if len(p) == 0 || len(p)%4 != 0 {
		return nil, false
	}
	v := make([]float32, len(p)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(p[4*i:]))
	}
	return v, true
}

func finite(f float32) bool { return f-f == 0 }

// checkID returns ErrBadID for what cannot be the id of a node.
func checkID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: empty", ErrBadID)
	case len(id) > MaxID:
		return fmt.Errorf("%w: %s has %d bytes, more than %d", ErrBadID, quoted(id), len(id), MaxID)
	case !utf8.ValidString(id):
		return fmt.Errorf("%w: %s is not valid UTF-8", ErrBadID, quoted(id))
	}
	return nil
}

// checkName returns ErrBadRecord for what cannot be a name of a relation, type, source, modality, model or attribute.
func checkName(what, s string) error {
	switch {
	case len(s) > MaxName:
		return fmt.Errorf("%w: %s %s has %d bytes, more than %d", ErrBadRecord, what, quoted(s), len(s), MaxName)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: %s %s is not valid UTF-8", ErrBadRecord, what, quoted(s))
	}
	return nil
}
