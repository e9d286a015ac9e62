package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/models/datamap"
)

// checkLive asks the database what catalogues alone do not show: rights, and references from tables that the map does not know.
func (c *checker) checkLive(ctx context.Context, n *datamap.Node, t *table) error {
	rights := []string{"SELECT"}
	switch n.Erasure() {
	case datamap.EraseDelete:
		rights = append(rights, "DELETE")
	case datamap.EraseMask:
		rights = append(rights, "UPDATE")
	default: // nothing is written
	}
	if n.Collection.Restrict != nil && !slices.Contains(rights, "UPDATE") {
		rights = append(rights, "UPDATE")
	}
	for _, right := range rights {
		ok, err := c.may(ctx, n, t, right)
		if err != nil {
			return err
		}
		if !ok {
			c.Fault("no_right", n, "", "The account of the system "+c.system.name+" has no right to "+right+" on the table "+n.Table+".", "GRANT it.")
		}
	}
	return c.checkReferences(ctx, n, t)
}

func (c *checker) may(ctx context.Context, n *datamap.Node, t *table, right string) (bool, error) {
	var all bool
	if err := c.system.pool.QueryRow(ctx, "SELECT pg_catalog.has_table_privilege($1::oid, $2::text)", t.oid, right).Scan(&all); err != nil || all || right == "DELETE" {
		return all, err
	}
	var fields []string
	if right == "SELECT" {
		fields = n.FieldNames()
	} else if n.Erasure() == datamap.EraseMask {
		for _, m := range n.Masks() {
			fields = append(fields, m.Field)
		}
	}
	if r := n.Collection.Restrict; r != nil {
		fields = append(fields, r.Column)
	}
	for _, f := range fields {
		col, err := t.column(n, f)
		if err != nil {
			return false, err
		}
		var ok bool
		err = c.system.pool.QueryRow(ctx, "SELECT pg_catalog.has_column_privilege($1::oid, $2::text, $3::text)", t.oid, col.name, right).Scan(&ok)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

const foreignKeyQuery = `
SELECT n.nspname, r.relname, c.conname, c.confdeltype::text,
  ARRAY(SELECT a.attname FROM unnest(c.conkey) k(num) JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num)::text[]
FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE c.contype = 'f' AND c.confrelid = $1 AND c.conparentid = 0 ORDER BY 1, 2, 3`

// checkReferences warns of foreign keys to a table with rows to be deleted that the map does not describe: they hinder the
// deletion, or carry it on to rows that nobody looked at.
func (c *checker) checkReferences(ctx context.Context, n *datamap.Node, t *table) error {
	if n.Erasure() != datamap.EraseDelete {
		return nil
	}
	rows, err := c.system.pool.Query(ctx, foreignKeyQuery, t.oid)
	if err != nil {
		return err
	}
	var schema, name, constraint, action string
	var columns []string
	_, err = pgx.ForEachRow(rows, []any{&schema, &name, &constraint, &action, &columns}, func() error {
		if !c.described(n, schema, name, columns) {
			message, code := "Rows of the table "+schema+"."+name+" refer to it by "+constraint+" and would keep rows from being deleted.", "unmapped_reference"
			if action == "c" || action == "n" || action == "d" {
				message, code = "Deleting a row also changes rows of the table "+schema+"."+name+" (by "+constraint+"), at which nobody looks.", "unmapped_cascade"
			}
			c.Warn(code, n, "", message, "Describe that table and its reference in the map.")
		}
		columns = nil
		return nil
	})
	return err
}

// described reports whether an edge of the map leads from n to the table by these columns.
func (c *checker) described(n *datamap.Node, schema, name string, columns []string) bool {
	return slices.ContainsFunc(slices.Concat(n.Out, n.In), func(e *datamap.Edge) bool {
		other, fields := e.To, e.ToFields
		if e.To == n && e.From != n {
			other, fields = e.From, e.FromFields
		}
		same := other.Table == schema+"."+name || other.Table == name
		if e.From == e.To {
			return same && (sameSet(e.FromFields, columns) || sameSet(e.ToFields, columns))
		}
		return same && other.System == n.System && sameSet(fields, columns)
	})
}

func sameSet(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}
