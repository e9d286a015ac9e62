package relational

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// columnMask is what becomes of one column of a row: a value that a statement writes by itself, or one that is made of the present value.
type columnMask struct {
	datamap.Mask // of the whole column; its Method is empty when parts of a document are masked
	column       *Column
	parts        []mask.Part
	form         any // for replace, in the column's type
}

// made reports whether the new value has to be made from the present one.
func (m *columnMask) made() bool {
	return len(m.parts) > 0 || m.Method != datamap.FieldNull && m.Method != datamap.FieldReplace
}

// masks resolves the masks of an order; those inside of one document become one.
func (s *System) masks(t *Table, node *datamap.Node, list []datamap.Mask) ([]*columnMask, error) {
	var out []*columnMask
	documents := map[string]*columnMask{}
	for _, m := range list {
		c, err := t.column(node, m.Field)
		if err != nil {
			return nil, err
		}
		whole := len(c.Path) == 0
		if whole && (c.Kind != datamap.KindJSON || c.Array || m.Method == datamap.FieldNull || m.Method == datamap.FieldReplace || m.Method == datamap.FieldRemove) {
			one, err := s.mask(node, c, m)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
			continue
		}
		document := documents[c.Name]
		if document == nil {
			document = &columnMask{column: t.plain(c.Name)}
			documents[c.Name], out = document, append(out, document)
		}
		document.parts = append(document.parts, mask.Part{Path: c.Path, Mask: m})
	}
	return out, nil
}

// pseudo are the kinds that random and format can replace, beside text.
var pseudo = []datamap.Kind{
	datamap.KindInt, datamap.KindDecimal, datamap.KindUUID, datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp, datamap.KindBytes,
}

// mask resolves the mask of a whole column.
func (s *System) mask(node *datamap.Node, c *Column, m datamap.Mask) (*columnMask, error) {
	out := &columnMask{Mask: m, column: c}
	known := false
	switch m.Method {
	case datamap.FieldNull:
		return out, nil
	case datamap.FieldRemove:
		if c.Kind == datamap.KindJSON && !c.Array {
			return nil, mismatch("The field %s.%s is of type %s and no array to remove elements from; a list in a document is one when data_type says so.", node.Address, m.Field, c.Type)
		}
		return out, nil
	case datamap.FieldReplace:
		form, ok := s.stored(c, datamap.Text(m.Value))
		if !ok || c.Array {
			return nil, mismatch("The field %s.%s cannot hold the value that is to replace it.", node.Address, m.Field)
		}
		out.form = form
		return out, nil
	case datamap.FieldRandom, datamap.FieldFormat:
		known = c.text() || slices.Contains(pseudo, c.Kind)
	case datamap.FieldHash, datamap.FieldHMAC, datamap.FieldEncrypt:
		known = c.text()
	default: // a method that this version does not know
	}
	if !known {
		return nil, mismatch("The field %s.%s is of type %s and cannot be masked by %s.", node.Address, m.Field, c.Type, m.Method)
	}
	if !s.secret && m.Method != datamap.FieldHash {
		return nil, models.Errorf(models.Invalid, "no_secret", "The system %s has no secret for masked values.", s.name)
	}
	return out, nil
}

// text reports whether a column takes any text.
func (c *Column) text() bool {
	return c.Kind == datamap.KindText && c.Base != "enum" && c.Base != "set" && !strings.HasPrefix(c.Base, "inet")
}

// stored is the form in which a column takes a value; false when it cannot hold it.
func (s *System) stored(c *Column, v datamap.Value) (any, bool) {
	form, ok := s.form(c, v)
	return form, ok && (form == nil || c.Array || s.dialect.Fits(c, form))
}

// form is the form of a value that stood in the column, or was made of one that did.
func (s *System) form(c *Column, v datamap.Value) (any, bool) {
	switch {
	case v.IsNull():
		return nil, true
	case c.Array && v.Kind() == datamap.KindArray:
		return encodeArray(v), true
	}
	forms := s.dialect.Encode(c, v)
	if len(forms) == 0 {
		return nil, false
	}
	return forms[0], true
}

// effective is the condition under which a mask that needs no row is in effect.
func (s *System) effective(m *columnMask) Fragment {
	if m.Method == datamap.FieldNull {
		return plain(s.dialect.Read(m.column) + " IS NULL")
	}
	return Fragment{SQL: s.dialect.Same(s.dialect.Exact(m.column), s.dialect.Operand(m.column, "?")), Args: []any{m.form}}
}

// fixed is the assignment of the masks that need no row, and the condition that all of them are in effect; both empty without any.
func (b *batch) fixed() (sets, done Fragment) {
	for _, m := range b.masks {
		if m.made() {
			continue
		}
		set := plain(b.system.dialect.Set(m.column) + " = NULL")
		if m.Method == datamap.FieldReplace {
			set = Fragment{SQL: b.system.dialect.Set(m.column) + " = " + b.system.dialect.Write(m.column, "?"), Args: []any{m.form}}
		}
		if sets.SQL != "" {
			sets = join(sets, plain(", "))
		}
		sets = join(sets, set)
		done = done.and(b.system.effective(m))
	}
	return sets, done
}

func (b *batch) made() []*columnMask {
	var list []*columnMask
	for _, m := range b.masks {
		if m.made() {
			list = append(list, m)
		}
	}
	return list
}

// mask returns how many of the keys have a row, all of which are masked now. Rows that are masked already are not written again.
func (b *batch) mask(ctx context.Context, tx *sql.Conn, g *group) (int, error) {
	sets, done := b.fixed()
	if list := b.made(); len(list) > 0 {
		return b.maskRows(ctx, tx, g, list, sets, done)
	}
	m := b.system.match(b.table, g, false)
	found, err := b.found(ctx, tx, m)
	if err != nil || found == 0 {
		return found, err
	}
	m.Where = m.Where.and(join(plain("NOT ("), done, plain(")")))
	statement := b.system.dialect.Update(b.table, m, sets)
	_, err = tx.ExecContext(ctx, statement.SQL, statement.Args...)
	return found, err
}

// maskRows locks and reads the rows, and writes to each what its values become.
func (b *batch) maskRows(ctx context.Context, tx *sql.Conn, g *group, list []*columnMask, sets, done Fragment) (int, error) {
	m := b.system.match(b.table, g, false)
	if done.SQL == "" {
		done = plain("1 = 1")
	}
	columns := make([]*Column, len(list))
	for i, one := range list {
		columns[i] = one.column
	}
	expressions := append(b.system.reads(b.key), join(plain("("), done, plain(")")))
	expressions = append(expressions, b.system.reads(columns)...)
	seen := map[string]bool{}
	var rows [][]any
	err := Stream(ctx, tx, join(m.selected(expressions), plain(b.system.dialect.Lock())), func(raw []any) error {
		key := datamap.Key(b.system.decode(b.key, raw))
		values := b.system.decode(columns, raw[len(b.key)+1:])
		id := marshal(key)
		row, open, err := b.replace(list, key, values)
		if (open || !Truthy(raw[len(b.key)])) && err == nil && !seen[id] {
			rows = append(rows, row...)
		}
		seen[id] = true
		return err
	})
	if err != nil {
		return 0, err
	}
	return len(seen), b.overwrite(ctx, tx, g, columns, rows, sets)
}

// replace is the row's key in all its forms, each with what the values become; open when one of them changes.
func (b *batch) replace(list []*columnMask, key datamap.Key, values []datamap.Value) (rows [][]any, open bool, err error) {
	_, forms := b.system.encodeKey(b.key, key, false)
	var after []any
	for i, m := range list {
		v, changed, err := b.value(m, key, values[i])
		if err != nil {
			return nil, false, err
		}
		form, ok := b.system.form(m.column, v)
		if !ok {
			return nil, false, mismatch("The field %s.%s cannot hold what %s makes.", b.node.Address, m.column.Name, m.Method)
		}
		open = open || changed
		after = append(after, form)
	}
	for _, f := range forms {
		rows = append(rows, append(f[:len(f):len(f)], after...))
	}
	return rows, open, nil
}

// value is what the mask leaves of a value, and whether that is another.
func (b *batch) value(m *columnMask, row datamap.Key, v datamap.Value) (datamap.Value, bool, error) {
	at := mask.Place{Address: b.node.Address, Row: row, Length: m.column.Length}
	if v.IsNull() {
		return v, false, nil
	}
	if len(m.parts) > 0 {
		text, changed, err := b.system.maker.Document(m.parts, at, v.Text())
		if err != nil {
			return v, false, mismatch("The field %s.%s holds what cannot be masked in a row: %s", b.node.Address, m.column.Name, models.MessageOf(err, "The value does not have the form that the mask needs."))
		}
		return datamap.NewValue(datamap.KindJSON, text), changed, nil
	}
	is, err := b.system.maker.Value(m.Mask, at, v)
	if err != nil {
		return v, false, mismatch("The field %s.%s: %s", b.node.Address, m.column.Name, models.MessageOf(err, "The value does not have the form that the mask needs."))
	}
	return is, is != v, nil
}

// One statement overwrites at most so many rows, and holds not much more than so many bytes.
const (
	portionRows  = 1000
	portionBytes = 1 << 20
)

// overwrite finds the rows by their keys, which cannot change while they are locked.
func (b *batch) overwrite(ctx context.Context, tx *sql.Conn, g *group, columns []*Column, rows [][]any, sets Fragment) error {
	var nulls Fragment
	for _, c := range g.nulls {
		nulls = nulls.and(plain(b.system.dialect.Read(c) + " IS NULL"))
	}
	var list []json.RawMessage
	size := 0
	for i, row := range rows {
		text := marshal(row)
		list, size = append(list, json.RawMessage(text)), size+len(text)
		if i < len(rows)-1 && len(list) < portionRows && size < portionBytes {
			continue
		}
		statement := b.system.dialect.Overwrite(b.table, g.columns, columns, marshal(list), sets, nulls)
		if _, err := tx.ExecContext(ctx, statement.SQL, statement.Args...); err != nil {
			return err
		}
		list, size = nil, 0
	}
	return nil
}
