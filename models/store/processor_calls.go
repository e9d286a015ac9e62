package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/opendsr"
)

// HandedOver is what a processor was handed under an identifier: a request as a delegation, or a notice. It holds no personal data.
type HandedOver struct {
	ID        models.ID // of the delegation or the notice: the subject_request_id
	RequestID models.ID
	Notice    bool
	System    string // the processor's, as the data maps and the recipients name it
}

// about names what was handed over in an order and in the ledger.
func (h HandedOver) about() (order Order, data map[string]any) {
	if h.Notice {
		return Order{NoticeID: h.ID}, map[string]any{"notice_id": h.ID}
	}
	return Order{DelegationID: h.ID}, map[string]any{"delegation_id": h.ID}
}

type processorCallRow struct {
	About     models.ID      `gorm:"primaryKey"`
	Status    opendsr.Status `gorm:"primaryKey"`
	RequestID models.ID
	HeardAt   time.Time
}

func (processorCallRow) TableName() string { return "processor_calls" }

// HandedOver finds what was handed over under an identifier, of whichever customer; it fails with not_found. That its processor calls has yet to be proved.
func (s *Store) HandedOver(ctx context.Context, id models.ID) (HandedOver, error) {
	d, err := s.Delegation(ctx, models.ScopeOperator(), id)
	if err == nil {
		return HandedOver{ID: id, RequestID: d.RequestID, System: d.System}, nil
	}
	if models.KindOf(err) != models.NotFound {
		return HandedOver{}, err
	}
	tx := s.read(ctx)
	var row noticeRow
	if err := tx.Select("id", "request_id", "recipient_id").Where("id = ?", id).Take(&row).Error; err != nil {
		return HandedOver{}, missing(err, "notice")
	}
	var p recipientRow
	if err := tx.Where("id = ? AND channel = ?", row.RecipientID, ChannelOpenDSR).Take(&p).Error; err != nil {
		return HandedOver{}, missing(err, "notice")
	}
	system, err := openText(s.vault.Own(), addressPlace(p.Slug), p.AddressSealed)
	return HandedOver{ID: id, RequestID: row.RequestID, Notice: true, System: system.Reveal()}, err
}

// HearProcessor records that a processor has called back, which the caller has found proved: ledger entry and the order to ask it at once, in one
// transaction. Nothing else moves: what the processor has done is for its answer to say. A status that it has told before changes nothing, nor does a call
// about what is over. It fails with not_found.
func (s *Store) HearProcessor(ctx context.Context, h HandedOver, domain string, status opendsr.Status) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), h.RequestID)
		if err != nil {
			return err
		}
		if over, err := handedOverIsOver(tx, h); err != nil || over {
			return err
		}
		row := processorCallRow{About: h.ID, Status: status, RequestID: r.ID, HeardAt: s.now()}
		result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		order, data := h.about()
		order.RequestID, order.Kind = r.ID, OrderProcessorCalled
		if err := s.enqueue(tx, order); err != nil {
			return err
		}
		data["system"], data["domain"], data["status"] = h.System, domain, status
		return s.record(tx, r, models.System(), "processor.called", data)
	})
}

// handedOverIsOver reports whether the processor is not waited for any more.
func handedOverIsOver(tx *gorm.DB, h HandedOver) (bool, error) {
	if h.Notice {
		var row noticeRow
		err := tx.Where("id = ?", h.ID).Take(&row).Error
		return row.ClosedAt != nil || row.State == NoticeDeclined, missing(err, "notice")
	}
	var row delegationRow
	err := tx.Where("id = ?", h.ID).Take(&row).Error
	return row.State.Over(), missing(err, "delegation")
}
