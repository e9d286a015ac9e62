package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
)

// WrittenNotice is a message of a notice as it was first written; Body is personal.
type WrittenNotice struct {
	At   time.Time
	Body []byte
}

type noticeMessageRow struct {
	NoticeID  models.ID `gorm:"primaryKey"`
	Attempt   int       `gorm:"primaryKey"`
	WrittenAt time.Time
	Digest    []byte
	Sealed    []byte
}

func (noticeMessageRow) TableName() string { return "notice_messages" }

func noticeMessagePlace(id models.ID, attempt int) string {
	return "notice_messages/" + id.String() + "/" + strconv.Itoa(attempt)
}

// WriteNotice keeps the attempt-th message of a notice (from 1) before it is sent, and returns what is to be sent: the message that was kept first.
// Whoever sends it after a crash sends the same one. It fails with not_found or key_destroyed.
func (s *Store) WriteNotice(ctx context.Context, id models.ID, attempt int, body []byte) (WrittenNotice, error) {
	tx := s.read(ctx)
	var row noticeRow
	if err := tx.Select("id", "request_id").Where("id = ?", id).Take(&row).Error; err != nil {
		return WrittenNotice{}, missing(err, "notice")
	}
	key, err := s.keyOf(tx, row.RequestID)
	if err != nil {
		return WrittenNotice{}, err
	}
	digest := sha256.Sum256(body)
	written := noticeMessageRow{NoticeID: id, Attempt: attempt, WrittenAt: s.now(), Digest: digest[:], Sealed: key.Seal(noticeMessagePlace(id, attempt), body)}
	if err := s.read(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&written).Error; err != nil {
		return WrittenNotice{}, unavailable(err)
	}
	written = noticeMessageRow{}
	if err := s.read(ctx).Where("notice_id = ? AND attempt = ?", id, attempt).Take(&written).Error; err != nil {
		return WrittenNotice{}, missing(err, "message")
	}
	first, err := key.Open(noticeMessagePlace(id, attempt), written.Sealed)
	return WrittenNotice{At: written.WrittenAt.UTC(), Body: first}, err
}

// KeepNoticeProof keeps the signed answer of a processor to a notice, as it came, sealed with the request's key, while its digest goes into the
// ledger. What is kept already is not recorded again. It fails with not_found or key_destroyed.
func (s *Store) KeepNoticeProof(ctx context.Context, id models.ID, proof []byte) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, row, err := lockNotice(tx, "id = ?", id)
		if err != nil {
			return err
		}
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return err
		}
		if row.ProofSealed != nil {
			kept, err := key.Open(noticeProofPlace(id), row.ProofSealed)
			if err != nil || bytes.Equal(kept, proof) {
				return err
			}
		}
		if err := tx.Model(&noticeRow{}).Where("id = ?", id).Update("proof_sealed", key.Seal(noticeProofPlace(id), proof)).Error; err != nil {
			return err
		}
		return s.record(tx, r, models.System(), "notice.proved", map[string]any{"notice_id": id, "proof_digest": digestOf(proof)})
	})
}

// NoticeProof is what KeepNoticeProof has kept, nil when there is nothing; personal. It fails with not_found or key_destroyed.
func (s *Store) NoticeProof(ctx context.Context, scope models.Scope, id models.ID) ([]byte, error) {
	tx := s.read(ctx)
	var row noticeRow
	if err := scoped(tx, scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return nil, missing(err, "notice")
	}
	if row.ProofSealed == nil {
		return nil, nil
	}
	key, err := s.keyOf(tx, row.RequestID)
	if err != nil {
		return nil, err
	}
	return key.Open(noticeProofPlace(id), row.ProofSealed)
}
