package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// checker compares the collections with the live tables.
type checker struct {
	system   *System
	nodes    []*datamap.Node
	problems []datamap.Problem
}

// Check compares nodes with the live tables; it asks the database anew.
func (s *System) Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error) {
	c := &checker{system: s, nodes: nodes}
	if len(nodes) > 0 {
		if err := c.checkWritable(ctx); err != nil {
			return nil, s.wrap(err, "")
		}
	}
	for _, n := range nodes {
		s.forget(n)
		t, err := s.table(ctx, n)
		if models.KindOf(err) == models.Invalid {
			c.fault("unknown_table", n, n.Collection.Pos, "", "The system "+s.name+" has no table "+n.Table+".", "Correct habeas: {table: schema.table}, or give Habeas rights on its schema.")
			continue
		}
		if err != nil {
			return nil, err
		}
		if c.checkColumns(n, t) {
			c.checkKey(n, t)
			c.checkMasks(n, t)
			c.checkIndexes(n, t)
			if err := c.checkLive(ctx, n, t); err != nil {
				return nil, s.wrap(err, n.Address.String())
			}
		}
	}
	datamap.SortProblems(c.problems)
	return c.problems, nil
}

func (c *checker) add(severity datamap.Severity, code string, n *datamap.Node, pos datamap.Pos, field, message, advice string) {
	where := n.Address.String()
	if field != "" {
		where += "." + field
	}
	c.problems = append(c.problems, datamap.Problem{
		Severity: severity, Code: code, File: pos.File, Line: pos.Line, Column: pos.Column, Where: where, Message: message, Advice: advice,
	})
}

func (c *checker) fault(code string, n *datamap.Node, pos datamap.Pos, field, message, advice string) {
	c.add(datamap.Fault, code, n, pos, field, message, advice)
}

func (c *checker) warn(code string, n *datamap.Node, pos datamap.Pos, field, message, advice string) {
	c.add(datamap.Warning, code, n, pos, field, message, advice)
}

func (c *checker) checkWritable(ctx context.Context) error {
	var readOnly bool
	err := c.system.pool.QueryRow(ctx, "SELECT pg_catalog.pg_is_in_recovery() OR pg_catalog.current_setting('transaction_read_only')::bool").Scan(&readOnly)
	if err == nil && readOnly {
		n := c.nodes[0]
		c.warn(connectors.CodeReadOnly, n, n.Collection.Pos, "", "The system "+c.system.name+" is read-only; nothing in it can be erased.", "Use an account and a server that may write.")
	}
	return err
}

// checkColumns reports whether all fields are there.
func (c *checker) checkColumns(n *datamap.Node, t *table) bool {
	complete := true
	for i := range n.Fields {
		f := &n.Fields[i]
		col, err := t.column(n, f.Name)
		if err != nil {
			c.fault("unknown_column", n, f.Pos, f.Name, "The table "+n.Table+" has no column for the field.", "Correct the field's name, or remove it.")
			complete = false
			continue
		}
		if want, ok := declared[strings.TrimSuffix(f.Type, "[]")]; ok && len(col.path) == 0 {
			if kind := col.kind; !slices.Contains(want, kind) || f.Array() != col.array {
				c.warn("type_mismatch", n, f.Pos, f.Name, fmt.Sprintf("The field is declared as %s, but the column is of type %s.", f.Type, col.shown()), "Correct data_type.")
			}
		}
	}
	return complete
}

// declared are the kinds that fit a Fides data type.
var declared = map[string][]datamap.Kind{
	"string": {datamap.KindText, datamap.KindUUID}, "integer": {datamap.KindInt, datamap.KindDecimal}, "long": {datamap.KindInt},
	"float": {datamap.KindDecimal}, "boolean": {datamap.KindBool}, "object": {datamap.KindJSON},
}

func (c *column) shown() string {
	if c.array {
		return c.typ + "[]"
	}
	return c.typ
}

func (c *checker) checkKey(n *datamap.Node, t *table) {
	if slices.ContainsFunc(t.indexes, func(i index) bool { return i.unique && within(i.columns, n.Key) }) {
		return
	}
	switch {
	case n.Erasure() == datamap.EraseKeep:
	case n.HasKey:
		c.fault("key_not_unique", n, n.Collection.Pos, "", "No unique index makes the primary key identify one row.", "Mark all fields of the table's key as primary_key, or create a unique index.")
	default:
		c.warn("no_primary_key", n, n.Collection.Pos, "", "Nothing keeps two rows from being equal in all described fields; they would be erased together.", "Describe the table's key.")
	}
}

// within reports whether all columns are among the fields; an expression never is.
func within(columns, fields []string) bool {
	return len(columns) > 0 && !slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(fields, c) })
}

func (c *checker) checkMasks(n *datamap.Node, t *table) {
	if n.Erasure() == datamap.EraseDelete {
		c.checkKept(n, t)
	}
	if n.Erasure() != datamap.EraseMask {
		return
	}
	for _, m := range n.Masks() {
		col, err := t.column(n, m.Field)
		if err != nil {
			continue
		}
		fault := func(code, message, advice string) { c.fault(code, n, n.Field(m.Field).Pos, m.Field, message, advice) }
		unique := slices.ContainsFunc(t.indexes, func(i index) bool { return i.unique && slices.Equal(i.columns, []string{m.Field}) })
		if _, err := c.system.masks(t, n, []datamap.Mask{m}); err != nil {
			fault("mask_impossible", models.MessageOf(err, "The mask is impossible."), "Use another erase method for the field, or erase: delete for the collection.")
			continue
		}
		switch {
		case col.generated:
			fault("mask_generated", "The column is generated by the database and cannot be masked.", "Use erase: keep for the field, and mask what it is made of.")
		case m.Method == datamap.FieldNull && col.notNull:
			fault("mask_not_null", "The column may not be NULL.", "Use erase: replace or hash for the field, or erase: delete for the collection.")
		case m.Method == datamap.FieldReplace && unique:
			fault("mask_unique", "The column is unique, so that only one row could hold the value.", "Use erase: hmac or null for the field.")
		case col.length > 0 && max(mask.Needs(m), len([]rune(m.Value))) > col.length:
			fault("mask_length", fmt.Sprintf("The column has room for %d characters, which is too few.", col.length), "Shorten the value, or use erase: null.")
		}
	}
}

// checkKept warns of a row that could be neither deleted, while a row that is kept refers to it, nor masked instead.
func (c *checker) checkKept(n *datamap.Node, t *table) {
	keeper := keeperOf(n)
	if keeper == nil {
		return
	}
	for _, m := range n.Masks() {
		col, err := t.column(n, m.Field)
		if err != nil || m.Method != datamap.FieldNull || !col.notNull {
			continue
		}
		c.warn("kept_not_null", n, n.Field(m.Field).Pos, m.Field, "A row of "+keeper.Address.String()+
			" that is kept may refer to a row of this collection, which is then masked instead of deleted; but the column may not be NULL.",
			"Use erase: replace, hmac or random for the field.")
	}
}

// keeperOf is a collection of the same system that refers to n and whose rows may be kept; nil when there is none.
func keeperOf(n *datamap.Node) *datamap.Node {
	for _, e := range slices.Concat(n.Out, n.In) {
		child := e.To
		if !e.Down {
			child = e.From
		}
		if child != n && child.System == n.System && (len(child.Collection.Holds) > 0 || child.Erasure() != datamap.EraseDelete) {
			return child
		}
	}
	return nil
}

// checkIndexes warns of look-ups that no index serves.
func (c *checker) checkIndexes(n *datamap.Node, t *table) {
	folded := map[string]bool{}
	for _, id := range n.Identities {
		folded[id.Field] = id.Kind == datamap.IdentityEmail
	}
	for _, fields := range n.Lookups() {
		single := fields[0]
		if len(fields) == 1 && folded[single] {
			ok := slices.ContainsFunc(t.indexes, func(i index) bool {
				return strings.Contains(i.definition, "lower(btrim(") && strings.Contains(i.definition, single)
			})
			if !ok {
				c.warn("no_index", n, n.Field(single).Pos, single, "No index serves the search for e-mail addresses, which reads the whole table.",
					fmt.Sprintf("CREATE INDEX CONCURRENTLY ON %s (lower(btrim(%s)));", n.Table, single))
			}
			continue
		}
		if !slices.ContainsFunc(t.indexes, func(i index) bool { return slices.Contains(fields, i.columns[0]) }) {
			c.warn("no_index", n, n.Collection.Pos, strings.Join(fields, "+"), "No index serves the search by "+strings.Join(fields, ", ")+", which reads the whole table.",
				fmt.Sprintf("CREATE INDEX CONCURRENTLY ON %s (%s);", n.Table, strings.Join(fields, ", ")))
		}
	}
}
