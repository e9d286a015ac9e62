package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// masked is what becomes of one column of a row: a value that a statement writes by itself, or one that is made of the present value.
type masked struct {
	column *column      // the whole column
	method datamap.Mask // of the whole column; its Method is empty when parts of a document are masked
	parts  []mask.Part  // of a JSON document
	text   string       // for replace, in the column's type
}

// made reports whether the new value has to be made from the present one.
func (m *masked) made() bool {
	return len(m.parts) > 0 || m.method.Method != datamap.FieldNull && m.method.Method != datamap.FieldReplace
}

// masks resolves the masks of an order; those inside of one document become one.
func (s *System) masks(t *table, node *datamap.Node, list []datamap.Mask) ([]*masked, error) {
	var out []*masked
	documents := map[string]*masked{}
	for _, m := range list {
		c, err := t.column(node, m.Field)
		if err != nil {
			return nil, err
		}
		whole := len(c.path) == 0
		if whole && (kinds[c.base] != datamap.KindJSON || c.array || m.Method == datamap.FieldNull || m.Method == datamap.FieldReplace) {
			one, err := s.mask(node, c, m)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
			continue
		}
		document := documents[c.name]
		if document == nil {
			document = &masked{column: t.columns[c.name]}
			documents[c.name], out = document, append(out, document)
		}
		document.parts = append(document.parts, mask.Part{Path: c.path, Mask: m})
	}
	return out, nil
}

// mask resolves the mask of a whole column.
func (s *System) mask(node *datamap.Node, c *column, m datamap.Mask) (*masked, error) {
	out := &masked{column: c, method: m}
	switch m.Method {
	case datamap.FieldNull, datamap.FieldRemove:
		return out, nil
	case datamap.FieldReplace:
		text, ok := c.encode(datamap.Text(m.Value))
		if !ok || c.array {
			return nil, mismatch("The field %s.%s cannot hold the value that is to replace it.", node.Address, m.Field)
		}
		out.text = text
		return out, nil
	default: // made, if its type allows
	}
	kind, known := kinds[c.base]
	pseudo := m.Method == datamap.FieldRandom || m.Method == datamap.FieldFormat
	pseudoKinds := []datamap.Kind{
		datamap.KindInt, datamap.KindDecimal, datamap.KindUUID, datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp, datamap.KindBytes,
	}
	if !textual[c.base] && (!pseudo || !known || !slices.Contains(pseudoKinds, kind)) {
		return nil, mismatch("The field %s.%s is of type %s and cannot be masked by %s.", node.Address, m.Field, c.shown(), m.Method)
	}
	if m.Method != datamap.FieldHash && len(s.secret) < mask.MinSecret {
		return nil, models.Errorf(models.Invalid, "no_secret", "The system %s has no secret for masked values.", s.name)
	}
	return out, nil
}

// effective is the condition under which the mask is in effect; args grows by its parameter. A made value cannot be told by a condition.
func (m *masked) effective(args []any) (string, []any) {
	switch {
	case m.made():
		return "true", args
	case m.method.Method == datamap.FieldReplace:
		args = append(args, m.text)
		return fmt.Sprintf("%s IS NOT DISTINCT FROM $%d::text::%s", m.column.operand(), len(args), m.column.castType(false)), args
	default:
		return m.column.sql() + " IS NULL", args
	}
}

// value is the text that the mask leaves of a column's text, nil for NULL, and whether that is another.
func (b *batch) value(m *masked, row datamap.Key, raw []byte) (text *string, changed bool, err error) {
	if raw == nil {
		return nil, false, nil
	}
	was := string(raw)
	at := mask.Place{Address: b.node.Address, Row: row, Length: m.column.length}
	if len(m.parts) > 0 {
		is, changed, err := b.system.maker.Document(m.parts, at, was)
		if err != nil {
			return nil, false, b.impossible(m, err)
		}
		return &is, changed, nil
	}
	v := m.column.decode(raw)
	is, err := b.system.maker.Value(m.method, at, v)
	if err != nil {
		return nil, false, b.impossible(m, err)
	}
	if is == v {
		return &was, false, nil
	}
	out, ok := m.column.encodeWhole(is)
	if !ok {
		return nil, false, mismatch("The field %s.%s cannot hold what %s makes.", b.node.Address, m.method.Field, m.method.Method)
	}
	return &out, true, nil
}

func (b *batch) impossible(m *masked, err error) error {
	return mismatch("The field %s.%s: %s", b.node.Address, m.column.name, models.MessageOf(err, "The mask is impossible."))
}

// mask returns how many of the keys have a row, all of which are masked now. Rows that are masked already are not written again.
func (b *batch) mask(ctx context.Context, tx pgx.Tx, g *group) (int, error) {
	made := b.made()
	if b.unique && len(made) == 0 {
		return b.maskDirect(ctx, tx, g)
	}
	found, err := b.lockAndMake(ctx, tx, g, made)
	if err != nil {
		return 0, err
	}
	_, err = b.write(ctx, tx, g)
	return found, err
}

// maskDirect writes values that need no look at the present ones; rows are counted only if some were not written.
func (b *batch) maskDirect(ctx context.Context, tx pgx.Tx, g *group) (int, error) {
	written, err := b.write(ctx, tx, g)
	if err != nil || written == len(g.keys) {
		return written, err
	}
	where, args := g.where(false, nil)
	var found int
	err = tx.QueryRow(ctx, "SELECT count(*) FROM "+b.table.sql()+" WHERE "+where, args...).Scan(&found)
	return found, err
}

// write sets the columns that are emptied or replaced, in rows that are not masked yet.
func (b *batch) write(ctx context.Context, tx pgx.Tx, g *group) (int, error) {
	where, args := g.where(false, nil)
	var sets, open []string
	for _, m := range b.masks {
		if m.made() {
			continue
		}
		if m.method.Method == datamap.FieldNull {
			sets = append(sets, m.column.quoted()+" = NULL")
		} else {
			args = append(args, m.text)
			sets = append(sets, fmt.Sprintf("%s = $%d::text::%s", m.column.quoted(), len(args), m.column.typ))
		}
		var cond string
		cond, args = m.effective(args)
		open = append(open, "NOT ("+cond+")")
	}
	if len(sets) == 0 {
		return 0, nil
	}
	tag, err := tx.Exec(ctx, "UPDATE "+b.table.sql()+" SET "+strings.Join(sets, ", ")+" WHERE "+where+" AND ("+strings.Join(open, " OR ")+")", args...)
	return int(tag.RowsAffected()), err
}

func (b *batch) made() []*masked {
	return slices.DeleteFunc(slices.Clone(b.masks), func(m *masked) bool { return !m.made() })
}

// lockAndMake locks the rows, counts the keys that have one, and writes the values that have to be made and are not yet.
func (b *batch) lockAndMake(ctx context.Context, tx pgx.Tx, g *group, made []*masked) (int, error) {
	names := b.keyNames()
	for _, m := range made {
		names = append(names, m.column.sql())
	}
	where, args := g.where(false, nil)
	sql := "SELECT " + strings.Join(append(names, "t.ctid"), ", ") + " FROM " + b.table.sql() + " WHERE " + where + " FOR UPDATE"
	found := map[string]bool{}
	var places []string
	values := make([][]*string, len(made))
	err := stream(ctx, tx, sql, args, func(raw [][]byte) error {
		found[joined(raw[:len(b.key)])] = true
		row, todo := make([]*string, len(made)), false
		key := b.decodeKey(raw)
		for i, m := range made {
			text, changed, err := b.value(m, key, raw[len(b.key)+i])
			if err != nil {
				return err
			}
			row[i], todo = text, todo || changed
		}
		if !todo {
			return nil
		}
		places = append(places, string(raw[len(raw)-1]))
		for i, text := range row {
			values[i] = append(values[i], text)
		}
		return nil
	})
	if err != nil || len(places) == 0 {
		return len(found), err
	}
	return len(found), b.writeMade(ctx, tx, made, places, values)
}

// writeMade finds the rows by their place, which cannot change while they are locked.
func (b *batch) writeMade(ctx context.Context, tx pgx.Tx, made []*masked, places []string, values [][]*string) error {
	sets, sources, names := []string{}, []string{"$1::text[]::tid[]"}, []string{"place"}
	args := []any{places}
	for i, m := range made {
		args = append(args, values[i])
		name := fmt.Sprintf("v%d", i)
		sets = append(sets, m.column.quoted()+" = v."+name+"::"+m.column.shown())
		sources = append(sources, fmt.Sprintf("$%d::text[]", len(args)))
		names = append(names, name)
	}
	_, err := tx.Exec(ctx, "UPDATE "+b.table.sql()+" SET "+strings.Join(sets, ", ")+" FROM unnest("+
		strings.Join(sources, ", ")+") AS v("+strings.Join(names, ", ")+") WHERE t.ctid = v.place", args...)
	return err
}

// decodeKey is the key of a row that was read with its key first.
func (b *batch) decodeKey(raw [][]byte) datamap.Key {
	key := make(datamap.Key, len(b.key))
	for i, c := range b.key {
		key[i] = c.decode(raw[i])
	}
	return key
}
