package store

import (
	"context"
	"encoding/hex"

	"gorm.io/gorm"

	"habeas/models/datamap"
)

// moveRows puts rows of one group of a sorting into another group. Nothing has been done to any of them yet: the plan is not decided. It fails with
// unknown_row.
func (s *Store) moveRows(ctx context.Context, tx *gorm.DB, sorting int64, d Separation, into int) error {
	wanted := map[string]bool{}
	for _, name := range d.Rows {
		digest, err := hex.DecodeString(name)
		if err != nil {
			return unknownRow(d.Group)
		}
		wanted[string(digest)] = true
	}
	f := s.Found(d.RequestID)
	if err := f.open(ctx); err != nil {
		return err
	}
	var chunks []struct {
		ID     int64
		Sealed []byte
	}
	err := tx.Raw(`SELECT id, sealed FROM located_chunks WHERE request_id = ? AND generation = ? AND group_no = ? ORDER BY id FOR UPDATE`,
		d.RequestID, sorting, d.Group).Scan(&chunks).Error
	if err != nil {
		return err
	}
	moved := 0
	for _, c := range chunks {
		var stay, move []datamap.FoundRow
		err := openChunkRows(f.key, chunkPlace(sorting, d.Group), c.Sealed, func(_ int, r datamap.FoundRow) {
			if wanted[string(f.digest(r.Address, r.Key))] {
				move = append(move, r)
			} else {
				stay = append(stay, r)
			}
		})
		if err != nil {
			return err
		}
		if len(move) == 0 {
			continue
		}
		moved += len(move)
		if err := tx.Exec(`DELETE FROM located_chunks WHERE id = ?`, c.ID).Error; err != nil {
			return err
		}
		if err := writeChunk(tx, f, sorting, d.Group, stay); err != nil {
			return err
		}
		if err := writeChunk(tx, f, sorting, into, move); err != nil {
			return err
		}
	}
	if moved != len(d.Rows) {
		return unknownRow(d.Group)
	}
	return nil
}

// writeChunk writes rows that were in one chunk before.
func writeChunk(tx *gorm.DB, f *Found, sorting int64, group int, rows []datamap.FoundRow) error {
	if len(rows) == 0 {
		return nil
	}
	c := newChunk(&rows[0])
	for i := range rows {
		c.append(&rows[i])
	}
	return tx.Exec(`INSERT INTO located_chunks (request_id, generation, group_no, rows, sealed) VALUES (?, ?, ?, ?, ?)`,
		f.requestID, sorting, group, c.rows, f.key.Seal(chunkPlace(sorting, group), c.plain())).Error
}
