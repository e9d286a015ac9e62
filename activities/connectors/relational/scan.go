package relational

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Scan reads every table once, without a lock, and counts in all of its text columns and documents together.
func (s *System) Scan(ctx context.Context, texts []models.Personal, yield func(connectors.Hit) error) ([]string, error) {
	var wanted []string
	for _, text := range texts {
		if lower := strings.ToLower(strings.TrimSpace(text.Reveal())); lower != "" {
			wanted = append(wanted, lower)
		}
	}
	if len(wanted) == 0 {
		return nil, ctx.Err()
	}
	var tables []*Table
	err := s.dialect.Tables(ctx, s.db, func(t *Table) error {
		if !t.View {
			tables = append(tables, t)
		}
		return nil
	})
	if err != nil {
		return nil, s.wrap(err, "")
	}
	var skipped []string
	err = s.session(ctx, func(conn *sql.Conn) error {
		for _, t := range tables {
			hits, err := s.scan(ctx, conn, t, wanted)
			if err != nil {
				code := s.dialect.Failure(err).Code
				if code != connectors.CodeRefused && code != connectors.CodeMismatch { // gone since, perhaps
					return err
				}
				skipped = append(skipped, t.Title)
			}
			for _, h := range hits {
				if err := yield(h); err != nil {
					return connectors.YieldError{Err: err}
				}
			}
		}
		return nil
	})
	if y, ok := errors.AsType[connectors.YieldError](err); ok {
		if errors.Is(y.Err, connectors.ErrStop) {
			return skipped, nil
		}
		return skipped, y.Err
	}
	return skipped, s.wrap(err, "")
}

// page is how many rows are read at once where a table can be read in pages, so that nobody has to wait for a scan.
const page = 20_000

// scan counts in one table, until every column has enough.
func (s *System) scan(ctx context.Context, conn *sql.Conn, t *Table, texts []string) ([]connectors.Hit, error) {
	var columns []*Column
	for _, c := range t.Columns {
		if c.Kind == datamap.KindText || c.Kind == datamap.KindJSON || c.Kind == datamap.KindUUID {
			columns = append(columns, c)
		}
	}
	counts := make([]int64, len(columns))
	more := len(columns) > 0
	var after any = int64(math.MinInt64)
	for more {
		more = false
		err := Stream(ctx, conn, s.sums(t, columns, texts, after), func(raw []any) error {
			for i := range columns {
				counts[i] += number(raw[i+2])
			}
			after = raw[0]
			more = t.Mark != "" && number(raw[1]) == page && slices.Min(counts) < connectors.ScanEnough
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var hits []connectors.Hit
	for i, c := range columns {
		if counts[i] > 0 {
			hits = append(hits, connectors.Hit{Table: t.Title, Column: c.Name, Rows: counts[i]})
		}
	}
	return hits, nil
}

// sums are the last mark of a page, how many rows it has, and how many of them hold a text in each column.
func (s *System) sums(t *Table, columns []*Column, texts []string, after any) Fragment {
	from, mark := s.dialect.Everything(t).From, "NULL"
	if t.Mark != "" {
		mark = "max(t.mark)"
		list := t.Mark + " AS mark"
		for _, c := range columns {
			list += ", t." + s.dialect.Name(c.Name)
		}
		from = join(plain("(SELECT "+list+" FROM "), from, Fragment{SQL: " WHERE " + t.Mark + " > ? ORDER BY 1 LIMIT ?) AS t", Args: []any{after, page}})
	}
	list := plain("SELECT " + mark + ", count(*)")
	for _, c := range columns {
		wanted := texts
		if c.Kind == datamap.KindJSON {
			wanted = escaped(texts)
		}
		list = join(list, plain(", sum("), s.dialect.Contains(c, wanted), plain(")"))
	}
	return join(list, plain(" FROM "), from)
}

// escaped adds the texts as they are within quotes.
func escaped(texts []string) []string {
	list := slices.Clone(texts)
	for _, text := range texts {
		quoted := strings.Trim(encodeArray(datamap.Array(datamap.Text(text))), "[]")
		if inner := quoted[1 : len(quoted)-1]; inner != text {
			list = append(list, inner)
		}
	}
	return list
}
