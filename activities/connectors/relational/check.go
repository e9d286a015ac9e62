package relational

import (
	"context"
	"errors"
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
		switch {
		case models.KindOf(err) == models.Invalid:
			c.fault("unknown_table", n, n.Collection.Pos, "", "The system "+s.name+" has no table "+n.Table+".", "Correct habeas: {table: name}, or give Habeas rights on it.")
			continue
		case models.CodeOf(err) == connectors.CodeRefused:
			c.fault("no_right", n, n.Collection.Pos, "", "The account of the system "+s.name+" has no right on the table "+n.Table+", if there is one.", "GRANT it.")
			continue
		case err != nil:
			return nil, err
		}
		if t.Unsafe != "" && n.Erasure() != datamap.EraseKeep {
			c.fault("cannot_erase", n, n.Collection.Pos, "", "Rows of the table "+n.Table+" cannot be erased or corrected: "+t.Unsafe+".", "Change the table, or use erase: keep and have a person erase its rows.")
		}
		if c.checkColumns(n, t) {
			c.checkKey(n, t)
			c.checkMasks(n, t)
			c.checkIndexes(n, t)
			c.checkReferences(n, t)
			if err := c.checkRights(ctx, n, t); err != nil {
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
	conn, err := c.system.db.Conn(ctx)
	if err != nil {
		return err
	}
	readOnly, err := c.system.dialect.ReadOnly(ctx, conn)
	if err == nil && readOnly {
		n := c.nodes[0]
		c.warn(connectors.CodeReadOnly, n, n.Collection.Pos, "", "The system "+c.system.name+" is read-only; nothing in it can be erased.", "Use an account and a server that may write.")
	}
	return errors.Join(err, conn.Close())
}

// checkColumns reports whether all fields are there.
func (c *checker) checkColumns(n *datamap.Node, t *Table) bool {
	complete := true
	for i := range n.Fields {
		f := &n.Fields[i]
		col, err := t.column(n, f.Name)
		if err != nil {
			c.fault("unknown_column", n, f.Pos, f.Name, "The table "+n.Table+" has no column for the field.", "Correct the field's name, or remove it.")
			complete = false
			continue
		}
		if want, ok := fitting[strings.TrimSuffix(f.Type, "[]")]; ok && len(col.Path) == 0 {
			if !slices.Contains(want, col.Kind) || f.Array() != col.Array {
				c.warn("type_mismatch", n, f.Pos, f.Name, fmt.Sprintf("The field is declared as %s, but the column is of type %s.", f.Type, col.Type), "Correct data_type.")
			}
		}
	}
	return complete
}

// fitting are the kinds that fit a Fides data type.
var fitting = map[string][]datamap.Kind{
	"string": {datamap.KindText, datamap.KindUUID}, "integer": {datamap.KindInt, datamap.KindDecimal}, "long": {datamap.KindInt},
	"float": {datamap.KindDecimal}, "boolean": {datamap.KindBool}, "object": {datamap.KindJSON},
}

func (c *checker) checkKey(n *datamap.Node, t *Table) {
	if slices.ContainsFunc(t.Indexes, func(i Index) bool { return i.Unique && within(i.Columns, n.Key) }) {
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

func (c *checker) checkMasks(n *datamap.Node, t *Table) {
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
		unique := slices.ContainsFunc(t.Indexes, func(i Index) bool { return i.Unique && sameSet(i.Columns, []string{m.Field}) })
		if _, err := c.system.masks(t, n, []datamap.Mask{m}); err != nil {
			fault("mask_impossible", models.MessageOf(err, "The value does not have the form that the mask needs."), "Use another erase method for the field, or erase: delete for the collection.")
			continue
		}
		switch {
		case col.Computed:
			fault("mask_generated", "The column is generated by the database and cannot be masked.", "Use erase: keep for the field, and mask what it is made of.")
		case m.Method == datamap.FieldNull && col.NotNull:
			fault("mask_not_null", "The column may not be NULL.", "Use erase: replace or hmac for the field, or erase: delete for the collection.")
		case m.Method == datamap.FieldReplace && unique:
			fault("mask_unique", "The column is unique, so that only one row could hold the value.", "Use erase: hmac or null for the field.")
		case col.Length > 0 && max(mask.Needs(m), len([]rune(m.Value)), len([]rune(m.Suffix))+1) > col.Length:
			fault("mask_length", fmt.Sprintf("The column has room for %d characters, which is too few.", col.Length), "Shorten the value, or use erase: null.")
		}
	}
}

// checkKept warns of a row that could be neither deleted, while a row that is kept refers to it, nor masked instead.
func (c *checker) checkKept(n *datamap.Node, t *Table) {
	keeper := keeperOf(n)
	if keeper == nil {
		return
	}
	for _, m := range n.Masks() {
		col, err := t.column(n, m.Field)
		if err != nil || m.Method != datamap.FieldNull || !col.NotNull {
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
func (c *checker) checkIndexes(n *datamap.Node, t *Table) {
	folded := map[string]bool{}
	for _, id := range n.Identities {
		folded[id.Field] = id.Kind == datamap.IdentityEmail
	}
	for _, fields := range n.Lookups() {
		columns, err := t.list(n, fields)
		if err != nil {
			continue
		}
		single := fields[0]
		if len(fields) == 1 && folded[single] {
			if advice := c.system.dialect.Folding(t, columns[0]); advice != "" {
				c.warn("no_index", n, n.Field(single).Pos, single, "No index serves the search for e-mail addresses, which reads the whole table.", advice)
			}
			continue
		}
		if !t.Indexed(columns) {
			c.warn("no_index", n, n.Collection.Pos, strings.Join(fields, "+"), "No index serves the search by "+strings.Join(fields, ", ")+", which reads the whole table.",
				fmt.Sprintf("CREATE INDEX %s_by_%s ON %s (%s);", t.Name, strings.Join(fields, "_"), n.Table, strings.Join(fields, ", ")))
		}
	}
}

// checkReferences warns of foreign keys to a table with rows to be deleted that the map does not describe: they hinder the
// deletion, or carry it on to rows that nobody looked at.
func (c *checker) checkReferences(n *datamap.Node, t *Table) {
	if n.Erasure() != datamap.EraseDelete {
		return
	}
	for _, r := range t.Referrers {
		if c.described(n, r) {
			continue
		}
		if r.Holds() {
			c.warn("unmapped_reference", n, n.Collection.Pos, "", "Rows of the table "+r.From+" refer to it by "+r.Name+" and would keep rows from being deleted.", "Describe that table and its reference in the map.")
		} else {
			c.warn("unmapped_cascade", n, n.Collection.Pos, "", "Deleting a row also changes rows of the table "+r.From+" (by "+r.Name+"), at which nobody looks.", "Describe that table and its reference in the map.")
		}
	}
}

// described reports whether an edge of the map leads from n to the table by these columns.
func (c *checker) described(n *datamap.Node, r Reference) bool {
	return slices.ContainsFunc(slices.Concat(n.Out, n.In), func(e *datamap.Edge) bool {
		other, fields := e.To, e.ToFields
		if e.To == n && e.From != n {
			other, fields = e.From, e.FromFields
		}
		same := strings.EqualFold(other.Table, r.From) || strings.HasSuffix(strings.ToLower(r.From), "."+strings.ToLower(other.Table)) ||
			strings.HasSuffix(strings.ToLower(other.Table), "."+strings.ToLower(r.From))
		if e.From == e.To {
			return same && (sameSet(e.FromFields, r.Columns) || sameSet(e.ToFields, r.Columns))
		}
		return same && other.System == n.System && sameSet(fields, r.Columns)
	})
}

// checkRights has the database plan, and not run, what will be asked of it.
func (c *checker) checkRights(ctx context.Context, n *datamap.Node, t *Table) error {
	columns, err := t.list(n, n.FieldNames())
	if err != nil {
		return err
	}
	d := c.system.dialect
	all := d.Everything(t)
	never := all
	never.Where = all.Where.and(plain("1 = 0"))
	tries := map[string]Fragment{"SELECT": never.selected(c.system.reads(columns))}
	var written []*Column
	switch n.Erasure() {
	case datamap.EraseDelete:
		tries["DELETE"] = d.Delete(t, never)
	case datamap.EraseMask:
		for _, m := range n.Masks() {
			if col, err := t.column(n, m.Field); err == nil && !col.Computed {
				written = append(written, t.plain(col.Name))
			}
		}
	default: // nothing is written
	}
	if r := n.Collection.Restrict; r != nil {
		if col := t.plain(r.Column); col != nil {
			written = append(written, col)
		}
	}
	if len(written) > 0 {
		var sets Fragment
		for i, col := range written {
			if i > 0 {
				sets = join(sets, plain(", "))
			}
			sets = join(sets, plain(d.Set(col)+" = "+d.Name(col.Name)))
		}
		tries["UPDATE"] = d.Update(t, never, sets)
	}
	for _, right := range []string{"SELECT", "UPDATE", "DELETE"} {
		f, wanted := tries[right]
		if !wanted {
			continue
		}
		may, err := c.may(ctx, f)
		if err != nil {
			return err
		}
		if !may {
			c.fault("no_right", n, n.Collection.Pos, "", "The account of the system "+c.system.name+" has no right to "+right+" on the table "+n.Table+".", "GRANT it.")
		}
	}
	return nil
}

// may reports whether the database would run a statement.
func (c *checker) may(ctx context.Context, f Fragment) (bool, error) {
	err := Stream(ctx, c.system.db, join(plain("EXPLAIN "), f), func([]any) error { return nil })
	if err == nil {
		return true, nil
	}
	switch meaning := c.system.dialect.Failure(err); meaning.Code {
	case connectors.CodeRefused, connectors.CodeMismatch, connectors.CodeFailed:
		return false, nil
	case connectors.CodeReadOnly: // was said once for the whole system
		return true, nil
	default:
		return false, err
	}
}
