package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
)

// StoredReceipt is a signed receipt as it was issued. Body is the file's bytes; it holds nothing personal and outlives the request's key.
type StoredReceipt struct {
	ID         models.ID
	RequestID  models.ID
	DeferralID models.ID // zero for the receipt of the request itself
	At         time.Time
	Body       []byte
}

type receiptRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	DeferralID   models.ID
	IssuedAt     time.Time
	Body         []byte
}

func (receiptRow) TableName() string { return "receipts" }

// SaveReceipt keeps a signed receipt: one for the request (deferralID zero) and one for each deferral. The one that is there already
// stays, since it may have been handed out. It fails with not_found.
func (s *Store) SaveReceipt(ctx context.Context, requestID, deferralID models.ID, body []byte) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		row := receiptRow{
			ID: newID(), RequestID: r.ID, ControllerID: r.ControllerID, DeferralID: deferralID, IssuedAt: s.now(), Body: body,
		}
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		data := map[string]any{"receipt_id": row.ID, "sha256": digestOf(body)}
		if !deferralID.IsZero() {
			data["deferral_id"] = deferralID
		}
		return s.record(tx, r, models.System(), "receipt.issued", data)
	})
}

// Receipts are the receipts of a request, oldest first; it fails with not_found.
func (s *Store) Receipts(ctx context.Context, scope models.Scope, requestID models.ID) ([]StoredReceipt, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	var rows []receiptRow
	if err := tx.Where("request_id = ?", requestID).Order("issued_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]StoredReceipt, len(rows))
	for i, r := range rows {
		out[i] = StoredReceipt{ID: r.ID, RequestID: r.RequestID, DeferralID: r.DeferralID, At: r.IssuedAt.UTC(), Body: r.Body}
	}
	return out, nil
}
