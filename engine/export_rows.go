package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kenrec/ken/graph"
)

func (x *exporter) nodes(format Format) error {
	if err := x.header(format, "id", "type", "name", "text"); err != nil {
		return err
	}
	for row, err := range x.store.Nodes(x.ctx) {
		if err != nil {
			return err
		}
		n := &row.Node
		if format == JSONL {
			x.object()
			x.text("id", n.ID)
			x.optional("type", n.Type)
			x.optional("name", n.Name)
			x.optional("text", n.Text)
			x.attributes(n.Attrs)
			err = x.closeObject()
		} else if len(n.Attrs) > 0 && !x.o.Lossy {
			return fmt.Errorf("%w: node %s has attributes, for which %s has no columns: export as JSON Lines, or leave them out",
				ErrBadRecord, briefID(n.ID), format)
		} else {
			err = x.row(format, n.ID, n.Type, n.Name, n.Text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) triples(format Format) error {
	if err := x.header(format, "head", "relation", "tail", "weight", "confidence", "source"); err != nil {
		return err
	}
	for t, err := range x.named() {
		if err != nil {
			return err
		}
		if format == JSONL {
			x.object()
			x.text("head", t.Head)
			x.text("relation", t.Relation)
			x.text("tail", t.Tail)
			x.number("weight", number(t.Weight))
			if t.Confidence != 1 {
				x.number("confidence", number(t.Confidence))
			}
			x.optional("source", t.Source)
			err = x.closeObject()
		} else {
			err = x.row(format, t.Head, t.Relation, t.Tail, number(t.Weight), number(t.Confidence), t.Source)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) interactions(format Format) error {
	if err := x.header(format, "user", "item", "weight", "time", "type"); err != nil {
		return err
	}
	var user string // rows come user by user
	last := graph.Idx(0)
	for row, err := range x.store.Interactions(x.ctx) {
		if err != nil {
			return err
		}
		if user == "" || row.User != last {
			user, err = x.store.ID(row.User)
			last = row.User
		}
		var item string
		if err == nil {
			item, err = x.store.ID(row.Item)
		}
		if errors.Is(err, graph.ErrNotFound) {
			continue // erased since the reading began
		}
		if err != nil {
			return err
		}
		typ := x.store.SymName(row.Type)
		moment, err := exportTime(row.Time)
		if err != nil {
			return err
		}
		if format == JSONL {
			x.object()
			x.text("user", user)
			x.text("item", item)
			x.number("weight", number(row.Weight))
			switch {
			case strings.Contains(moment, ":"):
				x.text("time", moment)
			case row.Time != 0:
				x.number("time", moment)
			}
			x.optional("type", typ)
			err = x.closeObject()
		} else {
			err = x.row(format, user, item, number(row.Weight), moment, typ)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) vectors(format Format) error {
	all, err := x.store.Modalities(x.ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(m graph.Modality) bool { return m.Name == x.o.Modality })
	if i < 0 {
		return fmt.Errorf("%w: no vectors of modality %s", ErrNotFound, briefID(x.o.Modality))
	}
	names := []string{"id"}
	for d := range all[i].Dim {
		names = append(names, "v"+strconv.Itoa(d+1))
	}
	if err := x.header(format, names...); err != nil {
		return err
	}
	for row, err := range x.store.Vectors(x.ctx, x.o.Modality) {
		if err != nil {
			return err
		}
		id, err := x.store.ID(row.Idx)
		if errors.Is(err, graph.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if format == JSONL {
			x.object()
			x.text("id", id)
			x.key("vector")
			for i, v := range row.Vec {
				sep := byte(',')
				if i == 0 {
					sep = '['
				}
				x.line = append(x.line, sep)
				x.line = strconv.AppendFloat(x.line, float64(v), 'g', -1, 32)
			}
			x.line = append(x.line, ']')
			err = x.closeObject()
		} else {
			cells := append(names[:0:0], id)
			for _, v := range row.Vec {
				cells = append(cells, number(v))
			}
			err = x.row(format, cells...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exportTime writes Unix seconds. Import takes large numbers for milliseconds, so moments beyond 1e11 are written as dates.
func exportTime(unix int64) (string, error) {
	if unix >= -1e11 && unix <= 1e11 {
		return strconv.FormatInt(unix, 10), nil
	}
	t := time.Unix(unix, 0).UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return "", fmt.Errorf("%w: an interaction at %d seconds is in no year of four digits", ErrBadRecord, unix)
	}
	return t.Format(time.RFC3339), nil
}

func number(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// header writes the names of the columns of a table.
func (x *exporter) header(format Format, names ...string) error {
	if format == JSONL {
		return nil
	}
	err := x.row(format, names...)
	x.n = 0
	return err
}

// row writes the cells of one row of a table.
func (x *exporter) row(format Format, cells ...string) error {
	for i, c := range cells {
		if format == TSV {
			if i > 0 {
				x.line = append(x.line, '\t')
			}
			if strings.ContainsAny(c, "\t\n\r") {
				return fmt.Errorf("%w: column %d of row %s holds a tab or a line end, which TSV cannot: export as JSON Lines or CSV",
					ErrBadRecord, i+1, briefID(cells[0]))
			}
			x.line = append(x.line, c...)
			continue
		}
		if i > 0 {
			x.line = append(x.line, ',')
		}
		if !strings.ContainsAny(c, ",\"\r\n") {
			x.line = append(x.line, c...)
			continue
		}
		x.line = append(x.line, '"')
		x.line = append(x.line, strings.ReplaceAll(c, `"`, `""`)...)
		x.line = append(x.line, '"')
	}
	x.line = append(x.line, '\n')
	return x.flushLine()
}

func (x *exporter) object() { x.line = append(x.line[:0], '{') }

func (x *exporter) key(k string) {
	if x.line[len(x.line)-1] != '{' {
		x.line = append(x.line, ',')
	}
	x.quote(k)
	x.line = append(x.line, ':')
}

// quote appends s as a JSON string. The store holds valid UTF-8 only, for which quoting cannot fail.
func (x *exporter) quote(s string) { x.line, _ = jsontext.AppendQuote(x.line, s) }

func (x *exporter) text(k, v string) {
	x.key(k)
	x.quote(v)
}

func (x *exporter) optional(k, v string) {
	if v != "" {
		x.text(k, v)
	}
}

func (x *exporter) number(k, v string) {
	x.key(k)
	x.line = append(x.line, v...)
}

func (x *exporter) closeObject() error {
	x.line = append(x.line, "}\n"...)
	return x.flushLine()
}

// attributes writes typed values so that Import makes the same ones of them.
func (x *exporter) attributes(attrs []graph.Attr) {
	if len(attrs) == 0 {
		return
	}
	x.key("attrs")
	x.line = append(x.line, '{')
	for _, a := range attrs {
		switch a.Value.Kind() {
		case graph.KindNumber, graph.KindBool:
			x.number(a.Key, a.Value.String())
		case graph.KindTime:
			x.key(a.Key)
			x.line = append(x.line, `{"time":`...)
			x.line = strconv.AppendInt(x.line, a.Value.Unix(), 10)
			x.line = append(x.line, '}')
		case graph.KindList:
			x.key(a.Key)
			x.line = append(x.line, '[')
			for i, s := range a.Value.Strings() {
				if i > 0 {
					x.line = append(x.line, ',')
				}
				x.quote(s)
			}
			x.line = append(x.line, ']')
		default:
			x.text(a.Key, a.Value.Text())
		}
	}
	x.line = append(x.line, '}')
}
