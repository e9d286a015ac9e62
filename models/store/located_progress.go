package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store/vault"
)

// RowCount is how many located rows of a group have a status.
type RowCount struct {
	Group  int // 0: not in a plan
	Status RowStatus
	Rows   int64
}

// sortingOf is the sorting of the request's latest plan; 0 when there is no plan. It fails with rows_not_sorted when the plan has none although
// there are rows.
func (s *Store) sortingOf(ctx context.Context, requestID models.ID) (int64, error) {
	var generation int64
	var lost bool
	err := s.pool.QueryRow(ctx, `
SELECT p.rows_generation, p.rows_generation = 0 AND EXISTS (SELECT FROM located_rows l WHERE l.request_id = $1)
FROM plans p WHERE p.request_id = $1 ORDER BY p.version DESC LIMIT 1`, requestID).Scan(&generation, &lost)
	switch {
	case err == pgx.ErrNoRows: //nolint:errorlint // QueryRow returns it bare
		return 0, nil
	case err != nil:
		return 0, unavailable(err)
	case lost:
		return 0, models.Errorf(models.Conflict, "rows_not_sorted", "The rows of this request are not sorted into the groups of its plan; plan it again.")
	}
	return generation, nil
}

// chunk is a chunk as it is read.
type chunk struct {
	id     int64
	group  int
	begun  bool
	sealed []byte
	statuses
}

func (c *chunk) scan(row pgx.CollectableRow) error {
	return row.Scan(&c.id, &c.group, &c.rows, &c.all, &c.letters, &c.begun, &c.sealed)
}

// RowsOf is at most limit rows of a group of the latest plan that have one of the statuses and an ID above after, by ID; all statuses when none
// is given. It gives fewer than there are when they lie in different places; none is the end.
func (s *Store) RowsOf(ctx context.Context, requestID models.ID, group int, after int64, limit int, statuses ...RowStatus) ([]LocatedRow, error) {
	key, err := s.keyOf(s.read(ctx), requestID)
	if err != nil {
		return nil, err
	}
	generation, err := s.sortingOf(ctx, requestID)
	if err != nil {
		return nil, err
	}
	for from := after >> chunkBits; ; from++ {
		rows, err := s.pool.Query(ctx, `
SELECT id, group_no, rows, status, statuses, begun, sealed FROM located_chunks
WHERE request_id = $1 AND generation = $2 AND group_no = $3 AND id >= $4 AND ($5::text[] IS NULL OR status = ANY($5) OR statuses IS NOT NULL)
ORDER BY id LIMIT 1`, requestID, generation, group, from, statusTexts(statuses))
		if err != nil {
			return nil, unavailable(err)
		}
		var c chunk
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (bool, error) { return true, c.scan(row) })
		if err != nil || len(found) == 0 {
			return nil, unavailable(err)
		}
		out, err := c.open(key, generation, after, limit, statuses)
		if err != nil || len(out) > 0 {
			return out, err
		}
		from = c.id
	}
}

// open gives the chunk's rows that are asked for.
func (c *chunk) open(key *vault.Key, generation, after int64, limit int, statuses []RowStatus) ([]LocatedRow, error) {
	out := make([]LocatedRow, 0, min(limit, c.rows))
	err := openChunkRows(key, chunkPlace(generation, c.group), c.sealed, func(i int, r datamap.FoundRow) {
		id := c.id<<chunkBits + int64(i)
		status := c.of(i)
		if id <= after || len(out) == limit || len(statuses) > 0 && !slices.Contains(statuses, status) {
			return
		}
		untouched := status == RowLocated || status == RowRestricted
		out = append(out, LocatedRow{ID: id, Row: r, Status: status, Begun: c.begun && untouched})
	})
	return out, err
}

func statusTexts(statuses []RowStatus) []string {
	var out []string
	for _, s := range statuses {
		out = append(out, string(s))
	}
	return out
}

// BeginRows notes that the erasure of rows begins, before it does: should its outcome never be known, what is missing of them then was erased
// by it. The note is kept for the chunks that the rows lie in.
func (s *Store) BeginRows(ctx context.Context, requestID models.ID, rows []int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE located_chunks SET begun = true WHERE id = ANY($1) AND request_id = $2 AND NOT begun`, chunksOf(rows), requestID)
	return unavailable(err)
}

func chunksOf(rows []int64) []int64 {
	var ids []int64
	for _, r := range rows {
		if id := r >> chunkBits; len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// CountRows counts the located rows of a request by group and status.
func (s *Store) CountRows(ctx context.Context, requestID models.ID) ([]RowCount, error) {
	generation, err := s.sortingOf(ctx, requestID)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
SELECT group_no, status, sum(rows), NULL::bytea FROM located_chunks
WHERE request_id = $1 AND generation = $2 AND statuses IS NULL GROUP BY 1, 2
UNION ALL
SELECT group_no, status, rows, statuses FROM located_chunks WHERE request_id = $1 AND generation = $2 AND statuses IS NOT NULL`, requestID, generation)
	if err != nil {
		return nil, unavailable(err)
	}
	groups := map[int]map[RowStatus]int64{}
	var group int
	var sorted int64
	var st statuses
	_, err = pgx.ForEachRow(rows, []any{&group, &st.all, &st.rows, &st.letters}, func() error {
		if groups[group] == nil {
			groups[group] = map[RowStatus]int64{}
		}
		st.count(groups[group])
		sorted += int64(st.rows)
		st.letters = nil
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	all, _, err := s.CountLocated(ctx, requestID)
	if all > sorted {
		groups[0] = map[RowStatus]int64{RowLocated: all - sorted}
	}
	return countsOf(groups), err
}

// countsOf lists counts by group and the status' name.
func countsOf(groups map[int]map[RowStatus]int64) []RowCount {
	var out []RowCount
	for group, counts := range groups {
		for status, n := range counts {
			out = append(out, RowCount{group, status, n})
		}
	}
	slices.SortFunc(out, func(a, b RowCount) int { return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Status, b.Status)) })
	return out
}
