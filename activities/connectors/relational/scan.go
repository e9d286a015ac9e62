package relational

import (
	"context"
	"database/sql"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Scan reads every table once, without a lock, and counts in all of its text columns and documents together.
func (s *System) Scan(ctx context.Context, texts []models.Personal, yield func(connectors.Hit) error) ([]string, error) {
	var wanted []string
	for _, text := range texts {
		if plain := strings.ToLower(text.Reveal()); plain != "" {
			wanted = append(wanted, plain)
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
			if err != nil && s.dialect.Failure(err).Code == connectors.CodeRefused {
				skipped = append(skipped, t.Title)
				continue
			}
			if err != nil {
				return err
			}
			for _, h := range hits {
				if err := yield(h); err != nil {
					return yieldError{err}
				}
			}
		}
		return nil
	})
	if y, ok := err.(yieldError); ok { //nolint:errorlint // made here, never wrapped
		return skipped, y.error
	}
	return skipped, s.wrap(err, "")
}

// scan counts in the pages of one table, until every column has enough.
func (s *System) scan(ctx context.Context, conn *sql.Conn, t *Table, texts []string) ([]connectors.Hit, error) {
	var columns []*Column
	for _, c := range t.Columns {
		if c.Kind == datamap.KindText || c.Kind == datamap.KindJSON || c.Kind == datamap.KindUUID {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		return nil, nil
	}
	sums := make([]Fragment, len(columns))
	for i, c := range columns {
		sums[i] = join(plain("sum("), s.dialect.Contains(c, texts), plain(")"))
	}
	var hits []connectors.Hit
	err := stream(ctx, conn, s.dialect.Everything(t).selected(sums), func(raw []any) error {
		for i, c := range columns {
			if n := number(raw[i]); n > 0 {
				hits = append(hits, connectors.Hit{Table: t.Title, Column: c.Name, Rows: n})
			}
		}
		return nil
	})
	return hits, err
}
