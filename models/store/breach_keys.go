package store

import (
	"bytes"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
)

type breachKeyRow struct {
	Scope       string `gorm:"primaryKey"`
	KeyHash     []byte `gorm:"primaryKey"`
	Fingerprint []byte
	BreachID    models.ID
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
}

func (breachKeyRow) TableName() string { return "breach_keys" }

// breachOfKey binds a key to a new breach, and returns the breach that it is bound to: another one when the call was made before.
func (s *Store) breachOfKey(tx *gorm.DB, key *Idempotency, id models.ID) (models.ID, error) {
	if key == nil {
		return id, nil
	}
	row := breachKeyRow{Scope: key.Scope, KeyHash: keyHash(key), Fingerprint: key.Fingerprint[:], BreachID: id, CreatedAt: s.now()}
	mine := tx.Where("scope = ? AND key_hash = ?", row.Scope, row.KeyHash).Session(&gorm.Session{})
	if err := mine.Where("created_at < ?", s.now().Add(-idempotencyKept)).Delete(&breachKeyRow{}).Error; err != nil {
		return id, err
	}
	bound := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if bound.Error != nil || bound.RowsAffected > 0 {
		return id, bound.Error
	}
	var first breachKeyRow
	if err := mine.Take(&first).Error; err != nil {
		return id, missing(err, "breach")
	}
	if !bytes.Equal(first.Fingerprint, key.Fingerprint[:]) {
		return id, models.Errorf(models.Invalid, "idempotency_key_reused", "This Idempotency-Key was used with another request; use a new one.").At("Idempotency-Key")
	}
	return first.BreachID, nil
}
