package relational

import (
	"context"
	"database/sql"
	"errors"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// Read reads a whole table in one statement, and so as of one instant, without a lock and for as long as it takes. A list that only a
// data map declares as one comes as the document that it is.
func (s *System) Read(ctx context.Context, t connectors.Table, yield func(datamap.Row) error) error {
	live, err := s.dialect.Find(ctx, s.db, t.Name)
	if err != nil {
		return s.wrap(err, t.Name)
	}
	if live == nil {
		return mismatch("The table %s does not exist.", t.Name)
	}
	names, columns := make([]string, len(t.Columns)), make([]*Column, len(t.Columns))
	for i, c := range t.Columns {
		if columns[i] = live.plain(c.Name); columns[i] == nil {
			return mismatch("The table %s has no column %s any more.", t.Name, c.Name)
		}
		names[i] = c.Name
	}
	err = s.session(ctx, func(conn *sql.Conn) error {
		return Stream(ctx, conn, s.dialect.Everything(live).selected(s.reads(columns)), func(raw []any) error {
			return yield(datamap.Row{Columns: names, Values: s.decode(columns, raw)})
		})
	})
	if y, ok := errors.AsType[connectors.YieldError](err); ok {
		if errors.Is(y.Err, connectors.ErrStop) {
			return nil
		}
		return y.Err
	}
	return s.wrap(err, t.Name)
}
