package store

import (
	"context"
	"database/sql/driver"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"habeas/models"
)

// RowCount is how many located rows of a group have a status.
type RowCount struct {
	Group  int // 0: not in a plan yet
	Status RowStatus
	Rows   int64
}

// ResetLocated forgets the located rows of a request, so that a walk can start anew. It fails with rows_changed once something was
// done to one of them.
func (s *Store) ResetLocated(ctx context.Context, requestID models.ID) error {
	var touched bool
	err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM located_rows WHERE request_id = $1 AND status <> 'located')`, requestID).Scan(&touched)
	if err != nil {
		return unavailable(err)
	}
	if touched {
		return models.Errorf(models.Conflict, "rows_changed", "Rows of this request were changed already; they cannot be located anew.")
	}
	return s.deleteLocated(ctx, requestID)
}

// ForgetLocated removes the located rows of a request whose key was destroyed; they cannot be read any more. It fails with not_found or
// key_alive.
func (s *Store) ForgetLocated(ctx context.Context, requestID models.ID) error {
	_, err := s.keyOf(s.read(ctx), requestID)
	switch {
	case err == nil:
		return models.Errorf(models.Conflict, "key_alive", "The request's key is still there.")
	case models.CodeOf(err) != "key_destroyed":
		return err
	}
	return s.deleteLocated(ctx, requestID)
}

// Unforgotten are at most limit requests whose key was destroyed and whose located rows are not yet removed.
func (s *Store) Unforgotten(ctx context.Context, limit int) ([]models.ID, error) {
	var ids []models.ID
	err := s.read(ctx).Model(&requestRow{}).Where("shredded_at IS NOT NULL").
		Where("EXISTS (SELECT FROM located_rows l WHERE l.request_id = requests.id)").
		Order("shredded_at, id").Limit(limit).Pluck("id", &ids).Error
	return ids, unavailable(err)
}

// deleteLocated deletes in batches, so that no statement takes long.
func (s *Store) deleteLocated(ctx context.Context, requestID models.ID) error {
	for {
		tag, err := s.pool.Exec(ctx, `
DELETE FROM located_rows WHERE id IN (SELECT id FROM located_rows WHERE request_id = $1 LIMIT $2)`, requestID, 10*batchOfRows)
		if err != nil {
			return unavailable(err)
		}
		if tag.RowsAffected() < 10*batchOfRows {
			return nil
		}
	}
}

// GroupRows streams all located rows of a request, by collection and then in the order in which they were found, and keeps the group number
// that group gives to each. A repeated run sees the same order and so gives the same numbers. It ends with group's error; the batches
// before have their numbers then.
func (s *Store) GroupRows(ctx context.Context, requestID models.ID, group func(LocatedRow) (int, error)) error {
	key, err := s.keyOf(s.read(ctx), requestID)
	if err != nil {
		return err
	}
	var name string
	var last int64
	for {
		batch := make([]LocatedRow, 0, batchOfRows)
		err := s.eachRow(ctx, key, selectRows+`
WHERE request_id = $1 AND (dataset || '/' || collection, id) > ($2, $3) ORDER BY dataset || '/' || collection, id LIMIT $4`,
			func(r LocatedRow) error {
				batch = append(batch, r)
				name, last = wholeName(r.Row.Address), r.ID
				return nil
			}, requestID, name, last, batchOfRows)
		if err != nil {
			return err
		}
		if err := s.setGroups(ctx, batch, group); err != nil {
			return err
		}
		if len(batch) < batchOfRows {
			return nil
		}
	}
}

func (s *Store) setGroups(ctx context.Context, batch []LocatedRow, group func(LocatedRow) (int, error)) error {
	var rows []int64
	var numbers []int32
	for _, r := range batch {
		no, err := group(r)
		if err != nil {
			return err
		}
		if no != r.Group {
			rows, numbers = append(rows, r.ID), append(numbers, int32(no))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := s.pool.Exec(ctx, `
UPDATE located_rows l SET group_no = v.no FROM unnest($1::bigint[], $2::integer[]) AS v (id, no) WHERE l.id = v.id`, rows, numbers)
	return unavailable(err)
}

// RowsOf is at most limit rows of a group that have one of the statuses and an ID above after, by ID; all statuses when none is given.
func (s *Store) RowsOf(ctx context.Context, requestID models.ID, group int, after int64, limit int, statuses ...RowStatus) ([]LocatedRow, error) {
	key, err := s.keyOf(s.read(ctx), requestID)
	if err != nil {
		return nil, err
	}
	var out []LocatedRow
	err = s.eachRow(ctx, key, selectRows+`
WHERE request_id = $1 AND group_no = $2 AND group_no > 0 AND id > $3 AND ($4::text[] IS NULL OR status = ANY($4)) ORDER BY id LIMIT $5`,
		func(r LocatedRow) error {
			out = append(out, r)
			return nil
		}, requestID, group, after, statusTexts(statuses), limit)
	return out, err
}

func statusTexts(statuses []RowStatus) []string {
	var out []string
	for _, s := range statuses {
		out = append(out, string(s))
	}
	return out
}

// MarkRows sets the status of rows of a request and records in the ledger how many of which group changed. Rows that have the status
// already are left alone, so that a repeated call records nothing. A row that was erased or masked keeps that status.
func (s *Store) MarkRows(ctx context.Context, requestID models.ID, rows []int64, status RowStatus) error {
	if len(rows) == 0 {
		return nil
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := findRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		var changed []RowCount
		// IS NOT DISTINCT FROM, since = could be served by an index that leads through all rows of the request.
		err = tx.Raw(`
WITH changed AS (
    UPDATE located_rows SET status = @status
    WHERE id = ANY(CAST(@rows AS bigint[])) AND request_id IS NOT DISTINCT FROM @request
      AND status <> @status AND status NOT IN ('erased', 'masked')
    RETURNING group_no)
SELECT group_no AS "group", count(*) AS rows FROM changed GROUP BY 1 ORDER BY 1`,
			map[string]any{"request": requestID, "rows": rowIDs(rows), "status": status}).Scan(&changed).Error
		if err != nil {
			return err
		}
		for _, c := range changed {
			if err := s.record(tx, r, models.System(), "rows."+string(status), map[string]any{"group": c.Group, "rows": c.Rows}); err != nil {
				return err
			}
		}
		return nil
	})
}

// rowIDs passes a list of row identifiers through gorm, which would spread a plain slice over many parameters.
type rowIDs []int64

// Value writes the list as a PostgreSQL array.
func (ids rowIDs) Value() (driver.Value, error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return "{" + strings.Join(texts, ",") + "}", nil
}

// CountLocated counts the located rows of a request, and those of them that another person shares.
func (s *Store) CountLocated(ctx context.Context, requestID models.ID) (rows, shared int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE shared) FROM located_rows WHERE request_id = $1`, requestID).Scan(&rows, &shared)
	return rows, shared, unavailable(err)
}

// CountRows counts the located rows of a request by group and status.
func (s *Store) CountRows(ctx context.Context, requestID models.ID) ([]RowCount, error) {
	rows, err := s.pool.Query(ctx, `
SELECT group_no, status, count(*) FROM located_rows WHERE request_id = $1 GROUP BY 1, 2 ORDER BY 1, 2`, requestID)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c RowCount, err error) {
		return c, row.Scan(&c.Group, &c.Status, &c.Rows)
	})
	return out, unavailable(err)
}
