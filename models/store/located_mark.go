package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"habeas/models"
)

// MarkRows sets the status of rows of a request and records in the ledger how many of which group changed. Rows that have the status
// already are left alone, so that a repeated call records nothing. A row that was erased or missing keeps that status, and one that was
// masked can only be erased.
func (s *Store) MarkRows(ctx context.Context, requestID models.ID, rows []int64, status RowStatus) error {
	if len(rows) == 0 {
		return nil
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := findRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		changed := map[int]map[RowStatus]int64{}
		for ids := range slices.Chunk(chunksOf(rows), batchOfRows) {
			if err := markChunks(tx, requestID, ids, rows, status, changed); err != nil {
				return err
			}
		}
		for _, c := range countsOf(changed) {
			if err := s.record(tx, r, models.System(), "rows."+string(status), map[string]any{"group": c.Group, "rows": c.Rows}); err != nil {
				return err
			}
		}
		return nil
	})
}

type markedChunk struct {
	ID       int64
	GroupNo  int
	Rows     int
	Status   RowStatus
	Statuses []byte
}

// markChunks marks those of the rows that lie in the chunks.
func markChunks(tx *gorm.DB, requestID models.ID, ids, rows []int64, status RowStatus, changed map[int]map[RowStatus]int64) error {
	var chunks []markedChunk
	err := tx.Raw(`SELECT id, group_no, rows, status, statuses FROM located_chunks WHERE id IN ? AND request_id = ? ORDER BY id FOR UPDATE`,
		ids, requestID).Scan(&chunks).Error
	if err != nil {
		return err
	}
	places := map[int64][]int{}
	for _, r := range rows {
		places[r>>chunkBits] = append(places[r>>chunkBits], int(r&(1<<chunkBits-1)))
	}
	for _, c := range chunks {
		st := statuses{all: c.Status, letters: c.Statuses, rows: c.Rows}
		var n int64
		for _, place := range places[c.ID] {
			if place < c.Rows && st.set(place, status) {
				n++
			}
		}
		if n == 0 {
			continue
		}
		st.settle()
		if err := tx.Exec(`UPDATE located_chunks SET status = ?, statuses = ? WHERE id = ?`, st.all, st.letters, c.ID).Error; err != nil {
			return err
		}
		if changed[c.GroupNo] == nil {
			changed[c.GroupNo] = map[RowStatus]int64{}
		}
		changed[c.GroupNo][status] += n
	}
	return nil
}

// KeepGroups marks the rows of groups that stay, of which nothing was done yet, and records how many of which group these were.
func (s *Store) KeepGroups(ctx context.Context, requestID models.ID, groups []int) error {
	generation, err := s.sortingOf(ctx, requestID)
	if err != nil || len(groups) == 0 {
		return err
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := findRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		var changed []RowCount
		err = tx.Raw(`
WITH changed AS (
    UPDATE located_chunks SET status = 'kept'
    WHERE request_id = @request AND generation = @generation AND group_no IN @groups AND status = 'located' AND statuses IS NULL
    RETURNING group_no, rows)
SELECT group_no AS "group", sum(rows) AS rows FROM changed GROUP BY 1 ORDER BY 1`,
			map[string]any{"request": requestID, "generation": generation, "groups": groups}).Scan(&changed).Error
		if err != nil {
			return err
		}
		for _, c := range changed {
			if err := s.record(tx, r, models.System(), "rows.kept", map[string]any{"group": c.Group, "rows": c.Rows}); err != nil {
				return err
			}
		}
		return nil
	})
}
