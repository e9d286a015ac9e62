package store

import (
	"bytes"
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/store/vault"
)

type idempotencyRow struct {
	Scope        string `gorm:"primaryKey"`
	KeyHash      []byte `gorm:"primaryKey"`
	Fingerprint  []byte
	SubmissionID models.ID
	Repeated     bool
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
}

func (idempotencyRow) TableName() string { return "idempotency_keys" }

// keyHash is stored instead of the key, which callers may have made from personal data.
func keyHash(k *Idempotency) []byte { return vault.HashToken(k.Scope + "\x00" + k.Key) }

func (in intake) idempotencyRow(repeated bool) *idempotencyRow {
	return &idempotencyRow{
		Scope: in.Idempotency.Scope, KeyHash: keyHash(in.Idempotency), Fingerprint: in.Idempotency.Fingerprint[:],
		SubmissionID: in.id, Repeated: repeated, CreatedAt: in.at,
	}
}

// replay gives the answer that an Idempotency key got before; a record that is too old is dropped.
func (s *Store) replay(tx *gorm.DB, in intake) (out Submitted, done bool, err error) {
	if in.Idempotency == nil {
		return Submitted{}, false, nil
	}
	mine := tx.Where("scope = ? AND key_hash = ?", in.Idempotency.Scope, keyHash(in.Idempotency)).Session(&gorm.Session{})
	var row idempotencyRow
	err = mine.Take(&row).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return Submitted{}, false, nil
	case err != nil:
		return Submitted{}, false, err
	case row.CreatedAt.Before(in.at.Add(-idempotencyKept)):
		return Submitted{}, false, mine.Where("created_at = ?", row.CreatedAt).Delete(&idempotencyRow{}).Error
	case !bytes.Equal(row.Fingerprint, in.Idempotency.Fingerprint[:]):
		return Submitted{}, false, models.Errorf(models.Invalid, "idempotency_key_reused",
			"This Idempotency-Key was used with another request; use a new one.").At("Idempotency-Key")
	}
	var r requestRow
	err = tx.Joins("JOIN submissions ON submissions.request_id = requests.id").Where("submissions.id = ?", row.SubmissionID).
		Select("requests.id", "requests.reference").Take(&r).Error
	return Submitted{
		RequestID: r.ID, Reference: r.Reference, StatusToken: s.vault.Token(statusPurpose, row.SubmissionID),
		Repeated: row.Repeated, Replayed: true,
	}, true, missing(err, "submission")
}

// PurgeIdempotency drops the records that are too old to be replayed and says how many.
func (s *Store) PurgeIdempotency(ctx context.Context) (int64, error) {
	var n int64
	for _, row := range []any{&idempotencyRow{}, &breachKeyRow{}, &callRow{}} {
		done := s.read(ctx).Where("created_at < ?", s.now().Add(-idempotencyKept)).Delete(row)
		if done.Error != nil {
			return n, unavailable(done.Error)
		}
		n += done.RowsAffected
	}
	return n, nil
}
