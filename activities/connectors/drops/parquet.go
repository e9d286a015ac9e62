package drops

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models/datamap"
)

const (
	parquetBatch = 64      // rows that are decoded at once
	parquetGroup = 100_000 // most rows of a row group that is written
)

// parquetRows reads the rows of a Parquet file, group by group, and writes them with the same schema.
type parquetRows struct {
	file   *parquet.File
	leaves []leaf
	out    *parquet.GenericWriter[any]

	group   int // the next
	rows    parquet.Rows
	buf     []parquet.Row
	have    []parquet.Row // rows of buf that are still to come
	row     parquet.Row
	number  int64
	written int64 // rows in the group that is being written
}

// leaf is a column of values, with the name that a data map gives it.
type leaf struct {
	name   string
	column parquet.LeafColumn
	list   int  // definition level at which its list has an element; 0 when it is in no list
	deep   bool // in a list of lists, which is not understood
}

func newParquet(content blobs.Content, size int64, out io.Writer) (r *parquetRows, err error) {
	defer recovered(&err)
	file, err := parquet.OpenFile(io.NewSectionReader(content, 0, size), size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<17))
	if err != nil {
		return nil, unreadable(err, "it is no Parquet file, or damaged")
	}
	r = &parquetRows{file: file, buf: make([]parquet.Row, parquetBatch)}
	for _, path := range file.Schema().Columns() {
		column, _ := file.Schema().Lookup(path...)
		r.leaves = append(r.leaves, newLeaf(file.Schema(), path, column))
	}
	if out == nil {
		return r, nil
	}
	options := []parquet.WriterOption{file.Schema()}
	for _, kv := range file.Metadata().KeyValueMetadata {
		options = append(options, parquet.KeyValueMetadata(kv.Key, kv.Value))
	}
	r.out = parquet.NewGenericWriter[any](out, options...)
	return r, nil
}

// recovered turns a panic of the library's, which damaged files may cause, into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = &broken{why: "it is damaged"}
	}
}

func newLeaf(schema *parquet.Schema, path []string, c parquet.LeafColumn) leaf {
	l := leaf{column: c}
	var node parquet.Node = schema
	level, lists, repeated := 0, 0, false
	var names []string
	for i, part := range path {
		node = child(node, part)
		switch {
		case node.Repeated():
			level++
			lists++
			l.list = level
		case node.Optional():
			level++
		}
		// a list has two groups between its name and its elements
		inner := i > 0 && node.Repeated() || repeated && slices.Contains([]string{"element", "item", "array_element", "array"}, part)
		if repeated = node.Repeated(); !inner {
			names = append(names, part)
		}
	}
	l.name, l.deep = strings.Join(names, "."), lists > 1
	return l
}

func child(n parquet.Node, name string) parquet.Node {
	for _, f := range n.Fields() {
		if f.Name() == name {
			return f
		}
	}
	return n
}

func (r *parquetRows) next() (err error) {
	defer recovered(&err)
	for len(r.have) == 0 {
		if r.rows == nil {
			if r.group == len(r.file.RowGroups()) {
				return io.EOF
			}
			r.rows = r.file.RowGroups()[r.group].Rows()
			r.group++
		}
		n, err := r.rows.ReadRows(r.buf)
		r.have = r.buf[:n]
		switch {
		case errors.Is(err, io.EOF) || err == nil && n == 0:
			closed := r.rows.Close()
			if r.rows = nil; closed != nil {
				return unreadable(closed, "it is damaged")
			}
		case err != nil:
			return unreadable(err, "it is damaged")
		}
	}
	r.row, r.have = r.have[0], r.have[1:]
	r.number++
	return nil
}

func (r *parquetRows) leaf(field string) *leaf {
	for i := range r.leaves {
		if r.leaves[i].name == field {
			return &r.leaves[i]
		}
	}
	return nil
}

// of are the row's values of a column.
func (r *parquetRows) of(l *leaf) (from, to int) {
	for from = 0; from < len(r.row) && r.row[from].Column() < l.column.ColumnIndex; from++ {
	}
	for to = from; to < len(r.row) && r.row[to].Column() == l.column.ColumnIndex; to++ {
	}
	return from, to
}

func (r *parquetRows) value(field string) datamap.Value {
	l := r.leaf(field)
	if l == nil {
		return datamap.Null
	}
	from, to := r.of(l)
	if l.list == 0 {
		if from == to {
			return datamap.Null
		}
		return l.decode(r.row[from])
	}
	if from == to || r.row[from].DefinitionLevel() < l.list-1 {
		return datamap.Null
	}
	var list []datamap.Value
	for _, v := range r.row[from:to] {
		if v.DefinitionLevel() >= l.list {
			list = append(list, l.decode(v))
		}
	}
	return datamap.Array(list...)
}

func (r *parquetRows) has(field string) bool { return r.leaf(field) != nil }

func (r *parquetRows) columns() []connectors.Column {
	var list []connectors.Column
	for i := range r.leaves {
		l := &r.leaves[i]
		list = append(list, connectors.Column{
			Name: l.name, Type: l.column.Node.Type().String(), Kind: l.kind(), Array: l.list > 0, Nullable: l.column.MaxDefinitionLevel > 0,
		})
	}
	return list
}

func (r *parquetRows) fits(field string, v datamap.Value) error {
	l := r.leaf(field)
	if l == nil {
		return errType
	}
	_, err := l.values(nil, v)
	return err
}

func (r *parquetRows) put(set []connectors.FieldValue) (err error) {
	defer recovered(&err)
	if r.out == nil {
		return nil
	}
	row := r.row
	for _, fv := range set {
		l := r.leaf(fv.Field)
		if l == nil {
			return errType
		}
		from, to := r.of(l)
		values, err := l.values(row[from:to], fv.Value)
		if err != nil {
			return err
		}
		row = slices.Concat(row[:from], values, row[to:])
		r.row = row
	}
	if _, err := r.out.WriteRows([]parquet.Row{row}); err != nil {
		return err
	}
	if r.written++; r.written >= parquetGroup {
		r.written = 0
		return r.out.Flush()
	}
	return nil
}

func (r *parquetRows) end() (err error) {
	defer recovered(&err)
	return r.out.Close()
}

// values are what a value is in the column, in place of those that the row has now; nil when there is no row yet.
func (l *leaf) values(now []parquet.Value, v datamap.Value) ([]parquet.Value, error) {
	top, column := l.column.MaxDefinitionLevel, l.column.ColumnIndex
	outer := len(now) > 0 && l.list == 0 && now[0].DefinitionLevel() < top-1
	switch {
	case l.deep || outer && !v.IsNull():
		return nil, errType
	case v.IsNull() && outer:
		return now, nil // the group that it is in is NULL
	case v.IsNull() && l.list > 1:
		return []parquet.Value{parquet.NullValue().Level(0, l.list-2, column)}, nil
	case v.IsNull() && (top == 0 || l.list == 1 || !l.column.Node.Optional()):
		return nil, errNull
	case v.IsNull():
		return []parquet.Value{parquet.NullValue().Level(0, top-1, column)}, nil
	case l.list == 0:
		one, err := l.encode(v)
		return []parquet.Value{one.Level(0, top, column)}, err
	case v.Kind() != datamap.KindArray:
		return nil, errType
	}
	elements := v.Elements()
	if len(elements) == 0 {
		return []parquet.Value{parquet.NullValue().Level(0, l.list-1, column)}, nil
	}
	list := make([]parquet.Value, len(elements))
	for i, e := range elements {
		repetition := min(i, 1)
		if e.IsNull() {
			if top == l.list {
				return nil, errNull
			}
			list[i] = parquet.NullValue().Level(repetition, top-1, column)
			continue
		}
		one, err := l.encode(e)
		if err != nil {
			return nil, err
		}
		list[i] = one.Level(repetition, top, column)
	}
	return list, nil
}
