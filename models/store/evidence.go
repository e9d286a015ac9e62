package store

import (
	"context"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/receipt"
)

// Evidence is what proves what was done about a request. It holds nothing personal and outlives the request's key.
type Evidence struct {
	Entries  []receipt.Entry   // those that are sealed, in the order of the chain
	Unsealed int               // entries that no seal has chained yet
	Head     ledger.Checkpoint // the latest signed one of the whole ledger; its zero value for none
	Receipts []StoredReceipt
}

// Evidence gathers it from one moment; it fails with not_found.
func (s *Store) Evidence(ctx context.Context, scope models.Scope, requestID models.ID) (out Evidence, err error) {
	if out.Receipts, err = s.Receipts(ctx, scope, requestID); err != nil {
		return out, err
	}
	err = s.tx(ctx, func(tx *gorm.DB) error {
		if out.Entries, err = sealedEntries(tx, requestID); err != nil {
			return err
		}
		var all int64
		if err := tx.Model(&entryRow{}).Where("request_id = ?", requestID).Count(&all).Error; err != nil {
			return err
		}
		out.Unsealed = max(0, int(all)-len(out.Entries))
		var head checkpointRow
		err := tx.Order("size DESC").Limit(1).Find(&head).Error
		out.Head = ledger.Checkpoint{Size: head.Size, Body: head.Body, KID: head.KID, Signature: head.Signature}
		return err
	})
	return out, err
}

// sealedEntries are the entries about a request with their places in the chain.
func sealedEntries(tx *gorm.DB, requestID models.ID) ([]receipt.Entry, error) {
	var rows []struct {
		Seq      int64
		PrevHash []byte
		Hash     []byte
		Body     []byte
	}
	err := tx.Table("ledger_entries e").Select("c.seq, c.prev_hash, c.hash, e.body").Joins("JOIN ledger_chain c ON c.entry_id = e.id").
		Where("e.request_id = ?", requestID).Order("c.seq").Scan(&rows).Error
	var out []receipt.Entry
	for _, row := range rows {
		out = append(out, receipt.Entry{Seq: row.Seq, Prev: row.PrevHash, Hash: row.Hash, Body: row.Body})
	}
	return out, err
}
