package store

import (
	"context"

	"habeas/models"
)

// ResetLocated forgets the located rows of a request, so that a walk can start anew. It fails with rows_changed once something was
// done to one of them.
func (s *Store) ResetLocated(ctx context.Context, requestID models.ID) error {
	var touched bool
	err := s.pool.QueryRow(ctx, `
SELECT EXISTS (SELECT FROM located_chunks WHERE request_id = $1 AND (status <> 'located' OR statuses IS NOT NULL))`, requestID).Scan(&touched)
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
	for _, table := range []string{"located_chunks", "located_rows"} { // in this order: Unforgotten looks for rows
		for more := true; more; {
			tag, err := s.pool.Exec(ctx, `DELETE FROM `+table+` WHERE id IN (SELECT id FROM `+table+` WHERE request_id = $1 LIMIT $2)`,
				requestID, 5*batchOfRows)
			if err != nil {
				return unavailable(err)
			}
			more = tag.RowsAffected() == 5*batchOfRows
		}
	}
	return nil
}

// GroupRows streams all located rows of a request, by collection and then in the order in which they were found, and sorts them into the
// groups that group gives, 0 for none. A repeated run sees the same order and so gives the same numbers. The sorting that it returns counts
// once SavePlan has got it with the plan; it ends with group's error.
func (s *Store) GroupRows(ctx context.Context, requestID models.ID, group func(LocatedRow) (int, error)) (int64, error) {
	key, err := s.keyOf(s.read(ctx), requestID)
	if err != nil {
		return 0, err
	}
	o := &sorting{s: s, key: key, requestID: requestID, open: map[int]*openChunk{}}
	if err := s.pool.QueryRow(ctx, `SELECT nextval('located_generations')`).Scan(&o.generation); err != nil {
		return 0, unavailable(err)
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
			return 0, err
		}
		for i := range batch {
			no, err := group(batch[i])
			if err == nil {
				err = o.add(ctx, no, &batch[i].Row)
			}
			if err != nil {
				return 0, err
			}
		}
		if len(batch) < batchOfRows {
			return o.generation, o.flush(ctx)
		}
	}
}

// CountLocated counts the located rows of a request, and those of them that another person shares.
func (s *Store) CountLocated(ctx context.Context, requestID models.ID) (rows, shared int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE shared) FROM located_rows WHERE request_id = $1`, requestID).Scan(&rows, &shared)
	return rows, shared, unavailable(err)
}
