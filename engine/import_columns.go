package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kenrec/ken/graph/tabular"
)

// rowField is the place of a column in a record.
type rowField int

const (
	fieldSkip rowField = iota
	fieldID
	fieldType
	fieldName
	fieldText
	fieldAttr
	fieldHead
	fieldRelation
	fieldTail
	fieldWeight
	fieldConfidence
	fieldSource
	fieldUser
	fieldItem
	fieldTime
	fieldVector // the numbers, one a column or all in one
	fieldAttrs  // JSON Lines: an object of attributes
)

// tableColumn is one column of a table, settled.
type tableColumn struct {
	field  rowField
	name   string // attribute key, or the name in the header
	typ    string // declared type, see tabular.Column
	prefix string // id space, put before ids

	reserved bool // never given a field by its name
}

// numeric reports whether a column holds numbers, or, as an attribute, may.
func (c *tableColumn) numeric() bool {
	switch c.field {
	case fieldWeight, fieldConfidence, fieldVector:
		return true
	}
	return c.field == fieldAttr && c.typ != "string"
}

// knownColumns lists the names of each field, the canonical one first. Names are compared without case and punctuation.
func knownColumns(kind Kind) []struct {
	field rowField
	names []string
} {
	type names = struct {
		field rowField
		names []string
	}
	switch kind {
	case Nodes:
		return []names{
			{fieldID, []string{"id", "nodeid", "node", "itemid", "userid", "entityid", "movieid", "bookid", "trackid", "songid", "artistid",
				"productid", "businessid", "asin", "isbn", "iri"}},
			{fieldType, []string{"type", "nodetype", "entitytype"}},
			{fieldName, []string{"name", "title", "movietitle", "booktitle", "itemname", "username"}},
			{fieldText, []string{"text", "description", "overview", "summary", "abstract", "plot"}},
		}
	case Triples:
		return []names{
			{fieldHead, []string{"head", "headid", "subject", "from", "source", "itemid"}},
			{fieldRelation, []string{"relation", "relationid", "predicate", "rel", "edge", "type"}},
			{fieldTail, []string{"tail", "tailid", "object", "to", "target", "entityid"}},
			{fieldWeight, []string{"weight"}},
			{fieldConfidence, []string{"confidence"}},
			{fieldSource, []string{"source", "provenance"}},
		}
	case Interactions:
		return []names{
			{fieldUser, []string{"user", "userid", "uid", "customer", "customerid", "reviewerid", "visitorid"}},
			{fieldItem, []string{"item", "itemid", "iid", "movieid", "bookid", "trackid", "songid", "artistid", "product", "productid",
				"parentasin", "asin", "isbn", "businessid"}},
			{fieldWeight, []string{"weight", "rating", "score", "stars", "overall", "bookrating", "label", "value", "count", "plays"}},
			{fieldTime, []string{"time", "timestamp", "ts", "unixtime", "unixreviewtime", "datetime", "date"}},
			{fieldType, []string{"type", "event", "eventtype", "action", "behavior", "behaviour"}},
		}
	}
	return []names{
		{fieldID, []string{"id", "nodeid", "node", "itemid", "userid", "entityid", "movieid"}},
		{fieldVector, []string{"vector", "embedding", "values", "v", "vec"}},
	}
}

// neededFields lists the fields without which a row of the kind makes no sense, with their canonical names.
func neededFields(kind Kind) ([]rowField, string) {
	switch kind {
	case Nodes:
		return []rowField{fieldID}, "id"
	case Triples:
		return []rowField{fieldHead, fieldRelation, fieldTail}, "head, relation, tail"
	case Interactions:
		return []rowField{fieldUser, fieldItem}, "user, item"
	}
	return []rowField{fieldID, fieldVector}, "id, v1, v2, …"
}

// defaultColumns are the columns of a table without a header.
func defaultColumns(kind Kind) []tableColumn {
	switch kind {
	case Nodes:
		return columnsOf(fieldID, fieldType, fieldName, fieldText)
	case Triples:
		return columnsOf(fieldHead, fieldRelation, fieldTail, fieldWeight)
	case Interactions:
		return columnsOf(fieldUser, fieldItem, fieldWeight, fieldTime, fieldType)
	}
	return columnsOf(fieldID, fieldVector)
}

func columnsOf(fs ...rowField) []tableColumn {
	cols := make([]tableColumn, len(fs))
	for i, f := range fs {
		cols[i].field = f
	}
	return cols
}

// plainName reduces a column name to lower-case letters and digits: movieId, movie_id and "Movie ID" are the same.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= 0x80:
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

// assignColumns gives each name of a header its field, see assignFields.
func assignColumns(kind Kind, names []string) []tableColumn {
	cols := make([]tableColumn, len(names))
	taken := map[rowField]bool{}
	for i, n := range names {
		p := tabular.ParseColumn(n)
		cols[i] = tableColumn{name: p.Name, typ: p.Type, reserved: p.Role != "" || p.Name == "-"}
		if f := neoField(kind, p.Role); f != fieldSkip && !taken[f] {
			cols[i].field, taken[f] = f, true
			if p.Group != "" {
				cols[i].prefix = p.Group + ":"
			}
		}
	}
	assignFields(kind, cols)
	if kind == Vectors {
		assignNumbers(cols)
	}
	return cols
}

// assignFields gives the columns that have no field yet theirs by their names. Where several names fit one field the more
// canonical wins, then the first; what is left over becomes an attribute of nodes and is skipped elsewhere.
func assignFields(kind Kind, cols []tableColumn) {
	free := func(c *tableColumn) bool { return c.field == fieldSkip && !c.reserved }
	for _, k := range knownColumns(kind) {
		taken := slices.ContainsFunc(cols, func(c tableColumn) bool { return c.field == k.field })
		for _, name := range k.names {
			for i := range cols {
				if !taken && free(&cols[i]) && plainName(cols[i].name) == name {
					cols[i].field, taken = k.field, true
				}
			}
		}
	}
	for i := range cols {
		if kind == Nodes && free(&cols[i]) && cols[i].name != "" {
			cols[i].field = fieldAttr
		}
	}
}

// assignNumbers makes every column that is left over a number of the vector, unless one column holds it whole.
func assignNumbers(cols []tableColumn) {
	is := func(f rowField) bool {
		return slices.ContainsFunc(cols, func(c tableColumn) bool { return c.field == f })
	}
	if !is(fieldID) || is(fieldVector) {
		return
	}
	for i := range cols {
		if cols[i].field == fieldSkip && !cols[i].reserved {
			cols[i].field = fieldVector
		}
	}
}

// neoField maps the column roles of neo4j-admin.
func neoField(kind Kind, role string) rowField {
	switch {
	case role == "id" && (kind == Nodes || kind == Vectors):
		return fieldID
	case role == "label" && kind == Nodes:
		return fieldType
	case role == "start_id" && kind == Triples:
		return fieldHead
	case role == "type" && kind == Triples:
		return fieldRelation
	case role == "end_id" && kind == Triples:
		return fieldTail
	case role == "start_id" && kind == Interactions:
		return fieldUser
	case role == "end_id" && kind == Interactions:
		return fieldItem
	case role == "type" && kind == Interactions:
		return fieldType
	}
	return fieldSkip
}

// hasNeeded reports whether cols hold every field that the kind needs.
func hasNeeded(kind Kind, cols []tableColumn) bool {
	fs, _ := neededFields(kind)
	for _, f := range fs {
		if !slices.ContainsFunc(cols, func(c tableColumn) bool { return c.field == f }) {
			return false
		}
	}
	return true
}

// header decides from the first row and the caller's wishes what the columns are and whether the row is data.
func (im *importer) header(first [][]byte) (cols []tableColumn, isHeader bool, err error) {
	names := make([]string, len(first))
	for i, f := range first {
		names[i] = string(f)
	}
	found := assignColumns(im.src.Kind, names)
	named := hasNeeded(im.src.Kind, found) && !(im.src.Kind == Vectors && numericRow(names)) && !(im.src.Kind == Nodes && idBehindData(found))
	isHeader = im.src.Header == HeaderYes || im.src.Header == HeaderAuto && named
	_, need := neededFields(im.src.Kind)
	switch {
	case len(im.src.Columns) > 0:
		cols = assignColumns(im.src.Kind, im.src.Columns)
		if !hasNeeded(im.src.Kind, cols) {
			return nil, false, fmt.Errorf("%w: the columns %s lack some of %s", ErrBadOption, strings.Join(im.src.Columns, ","), need)
		}
		if im.src.Header == HeaderAuto && slices.Equal(names, im.src.Columns) {
			isHeader = true
		}
	case isHeader && !named:
		return nil, false, fmt.Errorf("%w: the header %s lacks some of %s; name the columns with --columns",
			ErrBadOption, printable(strings.Join(names, ",")), need)
	case isHeader:
		cols = found
	default:
		cols = defaultColumns(im.src.Kind)
		if n := filled(names); im.src.Kind != Vectors && n > len(cols) {
			return nil, false, fmt.Errorf("%w: the first line, %s, does not name %s, and rows without a header have at most %d columns, not %d; name the columns with --columns",
				ErrBadOption, printable(strings.Join(names, ",")), need, len(cols), n)
		}
	}
	im.noteIgnored(cols)
	return cols, isHeader, nil
}

// filled counts the fields of a row without empty ones at its end.
func filled(row []string) int {
	n := len(row)
	for n > 0 && row[n-1] == "" {
		n--
	}
	return n
}

// noteIgnored tells the report which named columns find no place; those that the caller left out by "-" are known to him.
func (im *importer) noteIgnored(cols []tableColumn) {
	for _, c := range cols {
		if c.field == fieldSkip && c.name != "" && c.name != "-" {
			im.report.Ignored = append(im.report.Ignored, c.name)
		}
	}
}

// idBehindData reports whether a cell that is no known name stands before the one that could name the ids: the film
// called "Node" in the first row makes no header of it.
func idBehindData(cols []tableColumn) bool {
	for _, c := range cols {
		switch {
		case c.field == fieldID:
			return false
		case c.field == fieldAttr && c.typ == "":
			return true
		}
	}
	return false
}

// numericRow reports whether a row of vectors is data: numbers behind the id.
func numericRow(row []string) bool {
	if len(row) < 2 {
		return false
	}
	_, err := tabular.ParseNumber(row[1])
	return err == nil
}
