package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/tabular"
)

// objectReader makes records of JSON objects. Each object stands for itself: keys may differ from row to row.
type objectReader struct {
	im      *importer
	objects ObjectReader
	named   map[string]rowField      // keys that the caller named
	plans   map[string][]tableColumn // by the keys of the object
	ignored map[string]bool
	sig     []byte
	members []tabular.Member // of the present object, without null
}

func (im *importer) newObjects(objects ObjectReader) (recordReader, error) {
	r := &objectReader{im: im, objects: objects, named: map[string]rowField{}, plans: map[string][]tableColumn{}, ignored: map[string]bool{}}
	for _, c := range im.src.Columns {
		role, key, ok := strings.Cut(c, "=")
		cols := []tableColumn{{name: role}}
		assignFields(im.src.Kind, cols)
		if !ok || key == "" || cols[0].field == fieldSkip || cols[0].field == fieldAttr {
			return nil, fmt.Errorf("%w: columns of objects are named as user=customer_id, not %s", ErrBadOption, briefID(c))
		}
		r.named[key] = cols[0].field
	}
	return r, nil
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
	if o.Twice != "" {
		return &badRow{o.Line, 0, contradiction(o.Twice).Error(), rec.raw}
	}
	rec.begin(&r.im.src)
	for i, c := range r.plan(o.Members) {
		if err := r.set(rec, c.field, r.members[i]); err != nil {
			return &badRow{o.Line, 0, err.Error(), rec.raw}
		}
	}
	if err := rec.finish(&r.im.src); err != nil {
		return &badRow{o.Line, 0, err.Error(), rec.raw}
	}
	return nil
}

// contradiction says that a key has two values.
func contradiction(key string) error {
	return fmt.Errorf("%s stands there twice, with different values", briefID(key))
}

// plan tells what each member of an object is for. Objects with the same keys share a plan.
func (r *objectReader) plan(members []tabular.Member) []tableColumn {
	r.members, r.sig = r.members[:0], r.sig[:0]
	for _, m := range members {
		if m.Value.Kind() != 'n' { // null is as good as absent
			r.members = append(r.members, m)
			r.sig = append(append(r.sig, m.Key...), 0)
		}
	}
	if p, ok := r.plans[string(r.sig)]; ok {
		return p
	}
	cols := make([]tableColumn, len(r.members))
	for i, m := range r.members {
		cols[i].name = m.Key
		if f, ok := r.named[m.Key]; ok {
			cols[i].field = f
		} else if m.Key == "attrs" && r.im.src.Kind == Nodes {
			cols[i].field = fieldAttrs
		}
	}
	assignFields(r.im.src.Kind, cols)
	if len(r.plans) >= 1024 {
		clear(r.plans)
	}
	if len(r.sig) <= 4096 { // rows with a wealth of keys are not worth the memory
		r.plans[string(r.sig)] = cols
	}
	return cols
}

func (r *objectReader) set(rec *record, f rowField, m tabular.Member) error {
	kind := m.Value.Kind()
	switch {
	case f == fieldSkip:
		if !r.ignored[m.Key] && len(r.ignored) < 100 {
			r.ignored[m.Key] = true
			r.im.report.Ignored = append(r.im.report.Ignored, printable(m.Key))
		}
		return nil
	case f == fieldAttr, f == fieldAttrs && kind != '{':
		return r.setAttr(rec, m)
	case f == fieldAttrs:
		members, twice := m.Value.Members()
		if twice != "" {
			return contradiction(twice)
		}
		for _, a := range members {
			if err := r.setAttr(rec, a); err != nil {
				return err
			}
		}
		return nil
	case f == fieldVector && kind == '[':
		var err error
		if rec.vector, err = m.Value.Floats(rec.vector); err != nil {
			return fmt.Errorf("%s: %w", briefID(m.Key), err)
		}
		return nil
	case f == fieldTime && kind == '{':
		if v, ok, err := fromJSON(m.Value); err == nil && ok && v.Kind() == graph.KindTime {
			rec.inter.Time = v.Unix()
			return nil
		}
		return errors.New("the time is an object other than {\"time\": …}")
	case kind == '[' || kind == '{' || kind == 'b':
		return fmt.Errorf("%s is neither text nor a number", briefID(m.Key))
	}
	return rec.set(&r.im.src, &tableColumn{field: f, name: m.Key}, m.Value.Text)
}

func (r *objectReader) setAttr(rec *record, m tabular.Member) error {
	v, ok, err := fromJSON(m.Value)
	if err != nil {
		return fmt.Errorf("%s is %w", briefID(m.Key), err)
	}
	if ok {
		rec.node.Attrs = append(rec.node.Attrs, graph.Attr{Key: m.Key, Value: rec.tidyValue(&r.im.src, v)})
	}
	return nil
}
