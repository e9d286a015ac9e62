package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
)

type breachMailRow struct {
	ID        models.ID `gorm:"primaryKey"`
	BreachID  models.ID
	Key       string
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
	SentAt    *time.Time
}

func (breachMailRow) TableName() string { return "breach_mails" }

// OnceBreachMail is OnceMail for a mail about a breach.
func (s *Store) OnceBreachMail(ctx context.Context, breachID models.ID, key string) (mailID models.ID, sent bool, err error) {
	row := breachMailRow{ID: newID(), BreachID: breachID, Key: key, CreatedAt: s.now()}
	if err := s.read(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return models.ID{}, false, unavailable(err)
	}
	row = breachMailRow{}
	if err := s.read(ctx).Where("breach_id = ? AND key = ?", breachID, key).Take(&row).Error; err != nil {
		return models.ID{}, false, missing(err, "mail")
	}
	return row.ID, row.SentAt != nil, nil
}

// BreachMailSent records that a mail about a breach was handed over, in the ledger too; the first time counts. It fails with not_found.
func (s *Store) BreachMailSent(ctx context.Context, mailID models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row breachMailRow
		if err := tx.Where("id = ?", mailID).Take(&row).Error; err != nil {
			return missing(err, "mail")
		}
		result := tx.Model(&breachMailRow{}).Where("id = ? AND sent_at IS NULL", mailID).Update("sent_at", s.now())
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		data := map[string]any{"breach_id": row.BreachID, "mail_id": mailID, "mail": row.Key}
		return s.recordFor(tx, models.ID{}, models.ID{}, models.System(), "breach.mail_sent", data)
	})
}

// BreachMailRefused records that the mail server refused a mail for good; code says why. It fails with not_found.
func (s *Store) BreachMailRefused(ctx context.Context, mailID models.ID, code string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row breachMailRow
		if err := tx.Where("id = ?", mailID).Take(&row).Error; err != nil {
			return missing(err, "mail")
		}
		data := map[string]any{"breach_id": row.BreachID, "mail": row.Key, "code": code}
		return s.recordFor(tx, models.ID{}, models.ID{}, models.System(), "breach.mail_refused", data)
	})
}
