package engine

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/kenrec/ken/graph/tabular"
)

// sameAs is the relation that a .link file gives an item and its entity in the .kg file.
const sameAs = "same_as"

// newAtomic reads the typed header of a RecBole atomic file. What the columns mean follows from the extension:
//
//	.inter       user_id, item_id, then rating or label, timestamp       interactions
//	.user .item  user_id or item_id, the rest are attributes             nodes of type user, item
//	.kg          head_id, relation_id, tail_id                           triples
//	.link        item_id, entity_id                                      triples (item, same_as, entity)
//
// User 196 and item 196 are different things in these files, so ids get the prefixes user: and item: unless the caller
// chose others or none. Entities keep their ids.
func (im *importer) newAtomic(rows rowReader) (recordReader, error) {
	row, err := rows.Read()
	if err == io.EOF {
		return nil, fmt.Errorf("%w: no rows were stored: the file holds none", ErrNoData)
	}
	var bad *tabular.RowError
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("%w: the header of an atomic file is unreadable: %s", ErrBadRecord, bad)
	}
	if err != nil {
		return nil, err
	}
	if !im.src.NoPrefix {
		if im.src.UserPrefix == "" {
			im.src.UserPrefix = "user:"
		}
		if im.src.ItemPrefix == "" {
			im.src.ItemPrefix = "item:"
		}
	}
	names := make([]string, len(row.Fields))
	for i, f := range row.Fields {
		names[i] = string(f)
		if tabular.ParseColumn(names[i]).Type == "" {
			return nil, fmt.Errorf("%w: column %d of the header, %s, has no type such as :token", ErrBadRecord, i+1, briefID(names[i]))
		}
	}
	t := &tableReader{im: im, rows: rows, known: map[string]string{}}
	ext := strings.ToLower(path.Ext(tabular.TrimCompression(im.src.Name)))
	cols := assignColumns(im.src.Kind, names)
	if ext == ".link" {
		cols, err = im.linkColumns(names)
		t.relation = sameAs
	} else if im.src.Kind == Nodes {
		im.nodeColumns(cols, names, ext)
	}
	if err != nil {
		return nil, err
	}
	if fs, need := neededFields(im.src.Kind); ext != ".link" && !hasNeeded(im.src.Kind, cols) {
		return nil, fmt.Errorf("%w: the header lacks one of the %d columns %s", ErrBadRecord, len(fs), need)
	}
	im.noteIgnored(cols)
	t.settle(cols)
	return t, nil
}

func (im *importer) linkColumns(names []string) ([]tableColumn, error) {
	if len(names) != 2 {
		return nil, fmt.Errorf("%w: a .link file has two columns, item_id and entity_id, not %d", ErrBadRecord, len(names))
	}
	return []tableColumn{{field: fieldHead, prefix: im.src.ItemPrefix}, {field: fieldTail}}, nil
}

// nodeColumns finishes the columns of .user and .item files: id prefix, type, and the column that is the name: one that
// is called name or title or ends so, else, for items, the first text column.
func (im *importer) nodeColumns(cols []tableColumn, names []string, ext string) {
	prefix, typ := im.src.ItemPrefix, "item"
	if ext == ".user" || ext != ".item" && tabular.ParseColumn(names[0]).Name == "user_id" {
		prefix, typ = im.src.UserPrefix, "user"
	}
	if im.src.Type == "" {
		im.src.Type = typ
	}
	name, named := -1, false
	for i := range cols {
		low := strings.ToLower(cols[i].name)
		switch {
		case cols[i].field == fieldID:
			cols[i].prefix = prefix
		case cols[i].field == fieldName:
			named = true
		case cols[i].field != fieldAttr:
		case strings.HasSuffix(low, "title") || strings.HasSuffix(low, "name"):
			if name < 0 || !isTitle(cols[name].name) {
				name = i
			}
		case name < 0 && typ == "item" && cols[i].typ == "token_seq":
			name = i
		}
	}
	if name >= 0 && !named {
		cols[name].field = fieldName
	}
}

func isTitle(name string) bool {
	low := strings.ToLower(name)
	return strings.HasSuffix(low, "title") || strings.HasSuffix(low, "name")
}
