package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/tabular"
)

// keyPlace is where a key of an object belongs: of several keys for one field the one of lower rank counts.
type keyPlace struct {
	field rowField
	rank  int
}

// objectReader makes records of JSON objects. Each object stands for itself: keys may differ from row to row.
type objectReader struct {
	im      *importer
	objects ObjectReader
	keys    map[string]keyPlace
	ignored map[string]bool
}

func (im *importer) newObjects(objects ObjectReader) (recordReader, error) {
	r := &objectReader{im: im, objects: objects, keys: map[string]keyPlace{}, ignored: map[string]bool{}}
	for _, c := range im.src.Columns {
		role, key, ok := strings.Cut(c, "=")
		p := placeOf(im.src.Kind, role)
		if !ok || key == "" || p.field == fieldSkip || p.field == fieldAttr {
			return nil, fmt.Errorf("%w: columns of objects are named as user=customer_id, not %s", ErrBadOption, briefID(c))
		}
		r.keys[key] = keyPlace{p.field, -1}
	}
	return r, nil
}

// placeOf finds the field of a key.
func placeOf(kind Kind, key string) keyPlace {
	p := plainName(key)
	for _, k := range knownColumns(kind) {
		if i := slices.Index(k.names, p); i >= 0 {
			return keyPlace{k.field, i}
		}
	}
	if kind == Nodes {
		if key == "attrs" {
			return keyPlace{fieldAttrs, 0}
		}
		return keyPlace{fieldAttr, 0}
	}
	return keyPlace{fieldSkip, 0}
}

func (r *objectReader) place(key string) keyPlace {
	p, ok := r.keys[key]
	if !ok {
		p = placeOf(r.im.src.Kind, key)
		if len(r.keys) < 4096 {
			r.keys[key] = p
		}
	}
	return p
}

func (r *objectReader) next(rec *record) error {
	o, err := r.objects.Read()
	if err != nil {
		var bad *tabular.RowError
		if errors.As(err, &bad) {
			return fromRow(bad)
		}
		return err
	}
	*rec = record{kind: r.im.src.Kind, line: o.Line, raw: string(o.Raw)}
	rec.begin(&r.im.src)
	for i, m := range o.Members {
		p := r.place(m.Key)
		if p.field != fieldAttr && p.field != fieldAttrs && p.field != fieldSkip && r.beaten(o.Members, i, p) {
			p.field = fieldSkip
			if rec.kind == Nodes {
				p.field = fieldAttr
			}
		}
		if err := r.set(rec, p.field, m); err != nil {
			return &badRow{o.Line, 0, err.Error(), rec.raw}
		}
	}
	if err := rec.finish(&r.im.src); err != nil {
		return &badRow{o.Line, 0, err.Error(), rec.raw}
	}
	return nil
}

// beaten reports whether another key of the object fits the field of key i better: lower rank, then first.
func (r *objectReader) beaten(members []tabular.Member, i int, p keyPlace) bool {
	for j, m := range members {
		if q := r.place(m.Key); j != i && q.field == p.field && (q.rank < p.rank || q.rank == p.rank && j < i) {
			return m.Value.Kind() != 'n'
		}
	}
	return false
}

func (r *objectReader) set(rec *record, f rowField, m tabular.Member) error {
	kind := m.Value.Kind()
	switch {
	case f == fieldSkip:
		if !r.ignored[m.Key] && len(r.ignored) < 100 {
			r.ignored[m.Key] = true
			r.im.report.Ignored = append(r.im.report.Ignored, m.Key)
		}
		return nil
	case kind == 'n':
		return nil
	case f == fieldAttr:
		return setAttr(rec, m)
	case f == fieldAttrs && kind == '{':
		for _, a := range m.Value.Members() {
			if err := setAttr(rec, a); err != nil {
				return err
			}
		}
		return nil
	case f == fieldVector && kind == '[':
		var err error
		if rec.vector, err = m.Value.Floats(rec.vector); err != nil {
			return fmt.Errorf("%s: %w", strconv.Quote(m.Key), err)
		}
		return nil
	case kind == '[' || kind == '{' || kind == 'b':
		return fmt.Errorf("%s is neither text nor a number", strconv.Quote(m.Key))
	}
	return rec.set(&r.im.src, &tableColumn{field: f, name: m.Key}, m.Value.Text)
}

func setAttr(rec *record, m tabular.Member) error {
	v, ok, err := fromJSON(m.Value)
	if err != nil {
		return fmt.Errorf("%s is %w", strconv.Quote(m.Key), err)
	}
	if ok {
		rec.node.Attrs = append(rec.node.Attrs, graph.Attr{Key: m.Key, Value: v})
	}
	return nil
}
