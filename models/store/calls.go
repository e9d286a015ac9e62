package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
)

type callRow struct {
	Scope        string `gorm:"primaryKey"`
	KeyHash      []byte `gorm:"primaryKey"`
	Fingerprint  []byte
	Status       int
	AnswerSealed []byte
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
}

func (callRow) TableName() string { return "idempotent_calls" }

func answerPlace(scope string, hash []byte) string {
	return "idempotent_calls.answer/" + scope + "/" + hex.EncodeToString(hash)
}

// Call is a call with an Idempotency key. Its first change and the key are one transaction, so that however often it is made, it changes something
// once, and none is lost when the process ends in between.
type Call struct {
	Idempotency
	done bool // the key is written
}

// Changed reports whether the call has changed anything.
func (c *Call) Changed() bool { return c.done }

type callKey struct{}

// WithCall binds what is done with the context to a call.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

func callOf(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call) //nolint:errcheck // nil when there is none
	return c
}

// Answer is what a call was told.
type Answer struct {
	Status int
	Body   []byte
}

// Answered is the answer that a call with this key was given before; known is false when there was none. It fails with idempotency_key_reused when that was
// another call, and with idempotency_key_used when its answer is not known: it is still being made, or was lost.
func (s *Store) Answered(ctx context.Context, c *Call) (a Answer, known bool, err error) {
	var row callRow
	hash := keyHash(&c.Idempotency)
	err = s.read(ctx).Where("scope = ? AND key_hash = ? AND created_at >= ?", c.Scope, hash, s.now().Add(-idempotencyKept)).Take(&row).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return a, false, nil
	case err != nil:
		return a, false, unavailable(err)
	case !bytes.Equal(row.Fingerprint, c.Fingerprint[:]):
		return a, false, models.Errorf(models.Invalid, "idempotency_key_reused", "This Idempotency-Key was used with another call; use a new one.").At("Idempotency-Key")
	case row.Status == 0:
		return a, false, callUsed()
	}
	body, err := s.vault.Own().Open(answerPlace(c.Scope, hash), row.AnswerSealed)
	return Answer{Status: row.Status, Body: body}, true, err
}

func callUsed() error {
	return models.Errorf(models.Conflict, "idempotency_key_used", "A call with this Idempotency-Key is being made, or was made and its answer was lost; look before you call again.")
}

// KeepAnswer keeps the answer of a call that has changed something, for as long as its key.
func (s *Store) KeepAnswer(ctx context.Context, c *Call, a Answer) error {
	hash := keyHash(&c.Idempotency)
	return unavailable(s.read(ctx).Model(&callRow{}).Where("scope = ? AND key_hash = ?", c.Scope, hash).
		Updates(map[string]any{"status": a.Status, "answer_sealed": s.vault.Own().Seal(answerPlace(c.Scope, hash), a.Body)}).Error)
}

// claimCall writes the key of the context's call, if it has one that is not written yet. It fails with idempotency_key_used when another call has written it
// since this one began.
func (s *Store) claimCall(ctx context.Context, tx *gorm.DB) error {
	c := callOf(ctx)
	if c == nil || c.done {
		return nil
	}
	row := callRow{Scope: c.Scope, KeyHash: keyHash(&c.Idempotency), Fingerprint: c.Fingerprint[:], CreatedAt: s.now()}
	old := tx.Where("scope = ? AND key_hash = ? AND created_at < ?", row.Scope, row.KeyHash, s.now().Add(-idempotencyKept)).Delete(&callRow{})
	if old.Error != nil {
		return old.Error
	}
	written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if written.Error == nil && written.RowsAffected == 0 {
		return callUsed()
	}
	return written.Error
}

// callClaimed notes that the transaction that wrote the key is committed.
func callClaimed(ctx context.Context) {
	if c := callOf(ctx); c != nil {
		c.done = true
	}
}
