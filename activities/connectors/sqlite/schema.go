package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"habeas/activities/connectors/relational"
)

type dialect struct{}

var _ relational.Dialect = dialect{}

const tablesQuery = `SELECT l.name, l.type, coalesce(s.sql, ''), l.wr FROM pragma_table_list AS l LEFT JOIN sqlite_schema AS s ON s.name = l.name AND s.type IN ('table', 'view')
WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND substr(l.name, 1, 7) <> 'sqlite_' ORDER BY l.name`

// Find is the table of that name, in any case of its letters as SQLite itself has it.
func (d dialect) Find(ctx context.Context, db relational.Querier, name string) (*relational.Table, error) {
	var found *relational.Table
	all, err := d.titles(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if strings.EqualFold(t.Name, name) || found == nil && strings.EqualFold("main."+t.Name, name) {
			found = t
		}
	}
	if found == nil {
		return nil, nil
	}
	return found, d.describe(ctx, db, found)
}

// Tables describes all tables and views.
func (d dialect) Tables(ctx context.Context, db relational.Querier, yield func(*relational.Table) error) error {
	all, err := d.titles(ctx, db)
	if err != nil {
		return err
	}
	for _, t := range all {
		if err := d.describe(ctx, db, t); err != nil {
			return err
		}
		if t.Rows, err = d.rows(ctx, db, t); err != nil {
			return err
		}
		if err := yield(t); err != nil {
			return err
		}
	}
	return nil
}

// titles are all tables by name, with nothing but what their own list tells. Comment is their definition until they are described.
func (d dialect) titles(ctx context.Context, db relational.Querier) ([]*relational.Table, error) {
	var list []*relational.Table
	err := each(ctx, db, tablesQuery, nil, func(v []any) {
		t := &relational.Table{
			Name: relational.String(v[0]), Title: relational.String(v[0]), View: relational.String(v[1]) == "view", Rows: -1,
			Comment: relational.String(v[2]),
		}
		if relational.String(v[1]) == "table" && integer(v[3]) == 0 {
			t.Mark = "t.rowid"
		}
		list = append(list, t)
	})
	return list, err
}

// enough is how many rows of a table are counted.
const enough = 10_000

func (d dialect) rows(ctx context.Context, db relational.Querier, t *relational.Table) (int64, error) {
	if t.View {
		return -1, nil
	}
	rows := int64(-1)
	err := each(ctx, db, "SELECT count(*) FROM (SELECT 1 FROM "+d.Name(t.Name)+" LIMIT ?)", []any{enough + 1}, func(v []any) {
		if n, ok := v[0].(int64); ok && n <= enough {
			rows = n
		}
	})
	return rows, err
}

func (d dialect) describe(ctx context.Context, db relational.Querier, t *relational.Table) error {
	definition := t.Comment
	collated := strings.Contains(strings.ToUpper(definition), "COLLATE")
	t.Comment = ""
	if t.Mark != "" && strings.Contains(strings.ToLower(definition), "rowid") { // a column may have that name
		t.Mark = ""
	}
	var key []string
	places := map[string]int64{}
	err := each(ctx, db, `SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid`, []any{t.Name}, func(v []any) {
		c := column(relational.String(v[0]), relational.String(v[1]))
		pk, hidden := integer(v[3]), integer(v[4])
		c.NotNull, c.Computed = integer(v[2]) == 1 || pk > 0, hidden > 1
		if collated {
			c.Collation = "unknown"
		}
		t.Columns = append(t.Columns, c)
		if pk > 0 {
			key = append(key, c.Name)
			places[c.Name] = pk
		}
	})
	if err != nil {
		return err
	}
	if len(key) > 0 {
		slices.SortFunc(key, func(a, b string) int { return int(places[a] - places[b]) })
		t.Indexes = append(t.Indexes, relational.Index{Name: "primary key", Columns: key, Unique: true, Primary: true})
	}
	return errors.Join(d.indexes(ctx, db, t), d.references(ctx, db, t))
}

const indexQuery = `SELECT l.name, l."unique", l.partial, coalesce(x.name, ''), coalesce(s.sql, '') FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x
LEFT JOIN sqlite_schema AS s ON s.type = 'index' AND s.name = l.name WHERE x.key = 1 AND l.origin <> 'pk' ORDER BY l.seq, x.seqno`

func (d dialect) indexes(ctx context.Context, db relational.Querier, t *relational.Table) error {
	return each(ctx, db, indexQuery, []any{t.Name}, func(v []any) {
		name := relational.String(v[0])
		if n := len(t.Indexes); n == 0 || t.Indexes[n-1].Name != name {
			definition := strings.NewReplacer(" ", "", `"`, "", "`", "", "[", "", "]", "").Replace(strings.ToLower(relational.String(v[4])))
			t.Indexes = append(t.Indexes, relational.Index{Name: name, Unique: integer(v[1]) == 1 && integer(v[2]) == 0, Definition: definition})
		}
		last := &t.Indexes[len(t.Indexes)-1]
		last.Columns = append(last.Columns, relational.String(v[3]))
	})
}

// A foreign key may write the table and columns that it refers to in other letters than these write themselves.
const referenceQuery = `SELECT s.name, f.id, coalesce(o.name, f."table"), f."from", coalesce(c.name, f."to", ''), f.on_delete, p.name
FROM sqlite_schema AS s, pragma_foreign_key_list(s.name) AS f
LEFT JOIN sqlite_schema AS o ON o.type = 'table' AND lower(o.name) = lower(f."table")
LEFT JOIN pragma_table_info(f."table") AS c ON lower(c.name) = lower(f."to")
LEFT JOIN pragma_table_info(f."table") AS p ON p.pk = f.seq + 1
WHERE s.type = 'table' AND (lower(s.name) = lower(?1) OR lower(f."table") = lower(?1)) ORDER BY s.name, f.id, f.seq`

// references reads foreign keys, which have no names: they are called by their columns.
func (d dialect) references(ctx context.Context, db relational.Querier, t *relational.Table) error {
	var list []relational.Reference
	last := ""
	err := each(ctx, db, referenceQuery, []any{t.Name}, func(v []any) {
		if id := relational.String(v[0]) + " " + relational.String(v[1]); id != last {
			last = id
			list = append(list, relational.Reference{From: relational.String(v[0]), To: relational.String(v[2]), OnDelete: strings.ToLower(relational.String(v[5]))})
		}
		r := &list[len(list)-1]
		into := relational.String(v[4])
		if into == "" {
			into = relational.String(v[6])
		}
		r.Columns, r.Into = append(r.Columns, relational.String(v[3])), append(r.Into, into)
	})
	for _, r := range list {
		r.Name = r.From + "(" + strings.Join(r.Columns, ", ") + ")"
		if strings.EqualFold(r.To, t.Name) {
			r.To = t.Name
			t.Referrers = append(t.Referrers, r)
		}
		if strings.EqualFold(r.From, t.Name) {
			t.References = append(t.References, r)
		}
	}
	return err
}

// ReadOnly tries to write what is there already, and takes it back.
func (dialect) ReadOnly(ctx context.Context, conn *sql.Conn) (bool, error) {
	var version int64
	if err := conn.QueryRowContext(ctx, "PRAGMA main.user_version").Scan(&version); err != nil {
		return false, err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return meantReadOnly(err)
	}
	_, err := conn.ExecContext(ctx, "PRAGMA main.user_version = "+strconv.FormatInt(version, 10))
	if _, lost := conn.ExecContext(ctx, "ROLLBACK"); lost != nil {
		return false, lost
	}
	return meantReadOnly(err)
}

// meantReadOnly is whether an error says that the file is read-only. That somebody else writes says that it is not.
func meantReadOnly(err error) (bool, error) {
	switch class, _ := codes(err); class {
	case codeReadOnly:
		return true, nil
	case codeBusy:
		return false, nil
	default:
		return false, err
	}
}

// each calls fn with the values of every row.
func each(ctx context.Context, db relational.Querier, query string, args []any, fn func(v []any)) error {
	return relational.Stream(ctx, db, relational.Fragment{SQL: query, Args: args}, func(raw []any) error {
		fn(raw)
		return nil
	})
}

func integer(v any) int64 {
	n, ok := v.(int64)
	if !ok {
		return 0
	}
	return n
}
