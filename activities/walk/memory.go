package walk

import (
	"context"

	"habeas/models/datamap"
)

// Memory keeps found rows in memory; it is for tests and trials. Its zero value is empty.
type Memory struct {
	rows  map[datamap.Address][]*memoryRow
	byKey map[[32]byte]*memoryRow
}

type memoryRow struct {
	datamap.FoundRow
	stage Stage
}

var _ Found = (*Memory)(nil)

func (m *Memory) row(a datamap.Address, k datamap.Key) *memoryRow { return m.byKey[k.Digest(nil, a)] }

// Add implements Found.
func (m *Memory) Add(_ context.Context, rows []datamap.FoundRow) (int, error) {
	if m.rows == nil {
		m.rows, m.byKey = map[datamap.Address][]*memoryRow{}, map[[32]byte]*memoryRow{}
	}
	added := 0
	for i := range rows {
		digest := rows[i].Key.Digest(nil, rows[i].Address)
		if m.byKey[digest] != nil {
			continue
		}
		row := &memoryRow{FoundRow: rows[i]}
		m.byKey[digest] = row
		m.rows[row.Address] = append(m.rows[row.Address], row)
		added++
	}
	return added, nil
}

// Has implements Found.
func (m *Memory) Has(_ context.Context, a datamap.Address, keys []datamap.Key) ([]bool, error) {
	list := make([]bool, len(keys))
	for i, k := range keys {
		list[i] = m.row(a, k) != nil
	}
	return list, nil
}

// Pending implements Found.
func (m *Memory) Pending(_ context.Context, q PendingQuery) ([]datamap.FoundRow, error) {
	var list []datamap.FoundRow
	for _, r := range m.rows[q.Collection] {
		if r.stage >= q.From && r.stage < q.Stage && (r.Owned || !q.Owned) && (r.Shared || !q.Shared) && len(list) < q.Limit {
			list = append(list, r.FoundRow)
		}
	}
	return list, nil
}

// Advance implements Found.
func (m *Memory) Advance(_ context.Context, a datamap.Address, keys []datamap.Key, to Stage) error {
	for _, k := range keys {
		if r := m.row(a, k); r != nil {
			r.stage = max(r.stage, to)
		}
	}
	return nil
}

// Share implements Found.
func (m *Memory) Share(_ context.Context, a datamap.Address, keys []datamap.Key, reason datamap.ShareReason, spareOwned bool) (int, error) {
	n := 0
	for _, k := range keys {
		r := m.row(a, k)
		if r == nil || r.Own || r.Shared || spareOwned && r.Owned {
			continue
		}
		r.Shared, r.Reason = true, reason
		n++
	}
	return n, nil
}

// Each implements Found, in the order in which the rows were added.
func (m *Memory) Each(_ context.Context, a datamap.Address, yield func(datamap.FoundRow) error) error {
	for _, r := range m.rows[a] {
		if err := yield(r.FoundRow); err != nil {
			return err
		}
	}
	return nil
}
