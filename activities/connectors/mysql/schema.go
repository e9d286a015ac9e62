package mysql

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"

	"habeas/activities/connectors/relational"
	"habeas/models/datamap"
)

// dialect knows the database that a table without one is in.
type dialect struct{ database string }

var _ relational.Dialect = dialect{}

const tableQuery = `SELECT t.table_schema, t.table_name, t.table_type, coalesce(t.engine, ''), coalesce(e.transactions, ''), coalesce(t.table_rows, -1), coalesce(t.table_comment, '')
FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine WHERE t.table_schema = ?`

// Find is the table of that name; upper and lower case differ where the server has them differ.
func (d dialect) Find(ctx context.Context, db relational.Querier, name string) (*relational.Table, error) {
	place, table, ok := strings.Cut(name, ".")
	if !ok {
		place, table = d.database, name
	}
	list, err := d.titles(ctx, db, tableQuery+" AND t.table_name = ? AND (BINARY t.table_name = BINARY ? OR @@lower_case_table_names <> 0)", place, table, table)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, d.hidden(ctx, db, place, table)
	}
	return list[0], d.describe(ctx, db, list[0])
}

// hidden tells a table that the account may not know of from one that is not there: a nil error.
func (d dialect) hidden(ctx context.Context, db relational.Querier, place, table string) error {
	err := each(ctx, db, "SELECT 1 FROM "+d.Name(place, table)+" LIMIT 0", nil, func([]string) {})
	if n := number(err); n == errNoTable || n == errNoDatabase {
		return nil
	}
	return err
}

// Tables describes all tables and views of the connection's database.
func (d dialect) Tables(ctx context.Context, db relational.Querier, yield func(*relational.Table) error) error {
	list, err := d.titles(ctx, db, tableQuery+" AND t.table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED') ORDER BY t.table_name", d.database)
	if err != nil {
		return err
	}
	for _, t := range list {
		if err := d.describe(ctx, db, t); err != nil {
			return err
		}
		if err := yield(t); err != nil {
			return err
		}
	}
	return nil
}

func (d dialect) titles(ctx context.Context, db relational.Querier, query string, args ...any) ([]*relational.Table, error) {
	var list []*relational.Table
	err := each(ctx, db, query, args, func(v []string) {
		t := &relational.Table{Place: v[0], Name: v[1], Title: d.title(v[0], v[1]), View: v[2] == "VIEW", Rows: integer(v[5]), Comment: v[6]}
		if t.View {
			t.Comment = ""
		} else if v[4] != "YES" {
			t.Unsafe = "its engine " + v[3] + " has no transactions"
		} else if v[2] == "SYSTEM VERSIONED" {
			t.Unsafe = "it is system-versioned and keeps the rows that are deleted"
		}
		list = append(list, t)
	})
	return list, err
}

func (d dialect) title(place, name string) string {
	if place == d.database {
		return name
	}
	return place + "." + name
}

const columnQuery = `SELECT column_name, data_type, column_type, is_nullable = 'NO', coalesce(character_set_name, ''), coalesce(collation_name, ''),
coalesce(character_maximum_length, 0), extra, coalesce(generation_expression, ''), column_comment
FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position`

func (d dialect) describe(ctx context.Context, db relational.Querier, t *relational.Table) error {
	documents, err := d.documents(ctx, db, t)
	if err != nil {
		return err
	}
	folds := map[string]string{} // column by what it is made of
	err = each(ctx, db, columnQuery, []any{t.Place, t.Name}, func(v []string) {
		c := column(v[0], v[1], v[2])
		c.NotNull, c.Charset, c.Collation, c.Comment = v[3] == "1", v[4], v[5], v[9]
		extra := strings.ToUpper(v[7])
		c.Computed = strings.Contains(extra, "VIRTUAL") || strings.Contains(extra, "STORED") || strings.Contains(extra, "PERSISTENT")
		if c.Base == "char" || c.Base == "varchar" || strings.HasSuffix(c.Base, "text") && integer(v[6]) < 1<<24 {
			c.Length = int(integer(v[6]))
		}
		if documents[c.Name] {
			c.Kind = datamap.KindJSON
		}
		if c.Computed {
			folds[strings.NewReplacer("`", "", " ", "", "lcase", "lower").Replace(strings.ToLower(v[8]))] = c.Name
		}
		t.Columns = append(t.Columns, c)
	})
	if err != nil {
		return err
	}
	if err := errors.Join(d.indexes(ctx, db, t), d.references(ctx, db, t)); err != nil {
		return err
	}
	d.mark(t)
	for _, c := range t.Columns {
		made := folds["lower(trim("+strings.ToLower(c.Name)+"))"]
		for _, i := range t.Indexes {
			if made != "" && i.Columns[0] == made {
				c.Folded = made
			}
		}
	}
	return nil
}

// mark takes a primary key of one number to read a table in pages.
func (d dialect) mark(t *relational.Table) {
	key := t.Key()
	for _, c := range t.Columns {
		if len(key) == 1 && c.Name == key[0] && c.Kind == datamap.KindInt && c.Base != "bit" {
			t.Mark = d.name(c)
		}
	}
}

var checksDocument = regexp.MustCompile("CHECK \\(json_valid\\(`((?:[^`]|``)+)`\\)\\)")

// documents are the columns that MariaDB, where JSON is another name of text, checks to be documents. Its catalogue shows checks to
// few accounts; the table's definition it shows to all who may read it.
func (d dialect) documents(ctx context.Context, db relational.Querier, t *relational.Table) (map[string]bool, error) {
	list := map[string]bool{}
	if t.View {
		return list, nil
	}
	err := each(ctx, db, "SHOW CREATE TABLE "+d.Name(t.Place, t.Name), nil, func(v []string) {
		for _, m := range checksDocument.FindAllStringSubmatch(v[1], -1) {
			list[strings.ReplaceAll(m[1], "``", "`")] = true
		}
	})
	if n := number(err); n == errNoRight {
		return list, nil
	}
	return list, err
}

const indexQuery = `SELECT index_name, non_unique, coalesce(column_name, ''), sub_part IS NOT NULL FROM information_schema.statistics
WHERE table_schema = ? AND table_name = ? ORDER BY index_name, seq_in_index`

func (d dialect) indexes(ctx context.Context, db relational.Querier, t *relational.Table) error {
	return each(ctx, db, indexQuery, []any{t.Place, t.Name}, func(v []string) {
		if n := len(t.Indexes); n == 0 || t.Indexes[n-1].Name != v[0] {
			t.Indexes = append(t.Indexes, relational.Index{Name: v[0], Unique: v[1] == "0", Primary: v[0] == "PRIMARY"})
		}
		last := &t.Indexes[len(t.Indexes)-1]
		last.Columns = append(last.Columns, v[2])
		last.Unique = last.Unique && v[3] == "0" // of beginnings says nothing of the whole
	})
}

// An account that may only read a table sees its foreign keys, but not what they do when a row is deleted.
const referenceQuery = `SELECT k.constraint_name, k.table_schema, k.table_name, k.column_name, k.referenced_table_schema, k.referenced_table_name,
k.referenced_column_name, coalesce(lower(r.delete_rule), 'no action')
FROM information_schema.key_column_usage k LEFT JOIN information_schema.referential_constraints r
ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
WHERE `

func (d dialect) references(ctx context.Context, db relational.Querier, t *relational.Table) error {
	read := func(condition string, into *[]relational.Reference) error {
		last := ""
		return each(ctx, db, referenceQuery+condition+" ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position", []any{t.Place, t.Name}, func(v []string) {
			if id := v[1] + "." + v[2] + "." + v[0]; id != last {
				last = id
				*into = append(*into, relational.Reference{Name: v[0], From: d.title(v[1], v[2]), To: d.title(v[4], v[5]), OnDelete: v[7]})
			}
			r := &(*into)[len(*into)-1]
			r.Columns, r.Into = append(r.Columns, v[3]), append(r.Into, v[6])
		})
	}
	return errors.Join(read("k.table_schema = ? AND k.table_name = ? AND k.referenced_table_name IS NOT NULL", &t.References),
		read("k.referenced_table_schema = ? AND k.referenced_table_name = ?", &t.Referrers))
}

// ReadOnly asks the server. An account that may write all the same is not asked for.
func (dialect) ReadOnly(ctx context.Context, conn *sql.Conn) (bool, error) {
	var readOnly bool
	err := conn.QueryRowContext(ctx, "SELECT @@global.read_only").Scan(&readOnly)
	return readOnly, err
}

// each calls fn with the values of every row as text.
func each(ctx context.Context, db relational.Querier, query string, args []any, fn func(v []string)) error {
	return relational.Stream(ctx, db, relational.Fragment{SQL: query, Args: args}, func(raw []any) error {
		texts := make([]string, len(raw))
		for i, v := range raw {
			texts[i] = relational.String(v)
		}
		fn(texts)
		return nil
	})
}
