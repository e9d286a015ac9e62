package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/register"
)

// BreachLetter is what the persons whom a breach concerns are told.
type BreachLetter struct {
	BreachID   models.ID
	Subject    models.Personal // one line
	Body       models.Personal
	Plain      bool // the author confirms clear and plain language, Art. 34(2)
	PerMinute  int
	DraftedBy  models.ID
	DraftedAt  time.Time
	ApprovedBy models.ID // zero until somebody else has approved it
	ApprovedAt time.Time
	FinishedAt time.Time // zero until everybody was written to
}

type breachLetterRow struct {
	BreachID      models.ID `gorm:"primaryKey"`
	SubjectSealed []byte
	BodySealed    []byte
	Plain         bool
	PerMinute     int
	DraftedBy     models.ID
	DraftedAt     time.Time
	ApprovedBy    models.ID
	ApprovedAt    *time.Time
	FinishedAt    *time.Time
}

func (breachLetterRow) TableName() string { return "breach_letters" }

const (
	letterSubject = "breach_letters.subject"
	letterBody    = "breach_letters.body"
	// maxPerMinute bounds the rate at which persons are written to.
	maxPerMinute = 600_000
)

// DraftBreachLetter keeps what the persons are to be told, in place of an earlier draft. It fails with not_found, bad_letter, or letter_approved once
// somebody has approved it.
func (s *Store) DraftBreachLetter(ctx context.Context, l BreachLetter, by models.Actor) error {
	subject, body := strings.TrimSpace(l.Subject.Reveal()), strings.TrimSpace(l.Body.Reveal())
	switch {
	case subject == "" || strings.ContainsAny(subject, "\r\n") || len(subject) > 200:
		return models.Errorf(models.Invalid, "bad_letter", "Give the message a subject of one line.").At("/subject")
	case body == "":
		return models.Errorf(models.Invalid, "bad_letter", "Write the message.").At("/body")
	case l.PerMinute < 1 || l.PerMinute > maxPerMinute:
		return models.Errorf(models.Invalid, "bad_letter", "Say how many messages may go out in a minute.").At("/per_minute")
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		row, err := lockBreach(tx, l.BreachID)
		if err != nil {
			return err
		}
		key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
		if err != nil {
			return err
		}
		if err := letterOpen(tx, l.BreachID); err != nil {
			return err
		}
		letter := breachLetterRow{
			BreachID: l.BreachID, SubjectSealed: key.Seal(letterSubject, []byte(subject)), BodySealed: key.Seal(letterBody, []byte(body)), Plain: l.Plain,
			PerMinute: l.PerMinute, DraftedBy: by.ID, DraftedAt: s.now(),
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&letter).Error; err != nil {
			return err
		}
		return s.recordFor(tx, models.ID{}, models.ID{}, by, "breach.letter_drafted", map[string]any{"breach_id": l.BreachID})
	})
}

func lockBreach(tx *gorm.DB, id models.ID) (breachRow, error) {
	var row breachRow
	err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", id).Take(&row).Error
	return row, missing(err, "breach")
}

// letterOpen fails with letter_approved when the letter can no longer be changed.
func letterOpen(tx *gorm.DB, breachID models.ID) error {
	var approved int64
	err := tx.Model(&breachLetterRow{}).Where("breach_id = ? AND approved_at IS NOT NULL", breachID).Count(&approved).Error
	if err == nil && approved > 0 {
		return models.Errorf(models.Conflict, "letter_approved", "The message was approved and goes out; it cannot be changed any more.")
	}
	return err
}

// BreachLetter is the message to the persons; it fails with not_found when nobody has drafted one.
func (s *Store) BreachLetter(ctx context.Context, breachID models.ID) (BreachLetter, error) {
	tx := s.read(ctx)
	var row breachRow
	if err := tx.Where("id = ?", breachID).Take(&row).Error; err != nil {
		return BreachLetter{}, missing(err, "breach")
	}
	key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
	if err != nil {
		return BreachLetter{}, err
	}
	var l breachLetterRow
	if err := s.read(ctx).Where("breach_id = ?", breachID).Take(&l).Error; err != nil {
		return BreachLetter{}, missing(err, "message")
	}
	subject, err := openText(key, letterSubject, l.SubjectSealed)
	if err != nil {
		return BreachLetter{}, err
	}
	body, err := openText(key, letterBody, l.BodySealed)
	return BreachLetter{
		BreachID: l.BreachID, Subject: subject, Body: body, Plain: l.Plain, PerMinute: l.PerMinute, DraftedBy: l.DraftedBy, DraftedAt: l.DraftedAt.UTC(),
		ApprovedBy: l.ApprovedBy, ApprovedAt: instant(l.ApprovedAt), FinishedAt: instant(l.FinishedAt),
	}, err
}

// OrderBreachTest orders the message to be sent to the DPO only.
func (s *Store) OrderBreachTest(ctx context.Context, breachID models.ID, by models.Actor) error {
	if _, err := s.BreachLetter(ctx, breachID); err != nil {
		return err
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		if err := s.recordFor(tx, models.ID{}, models.ID{}, by, "breach.letter_tested", map[string]any{"breach_id": breachID}); err != nil {
			return err
		}
		return s.enqueue(tx, Order{BreachID: breachID, Kind: OrderBreachTest})
	})
}

// ApproveBreachLetter lets the message go out to everybody of the list, by somebody other than its author. It fails with not_found, same_person,
// person_unknown, letter_approved, nobody_listed, not_owed or a code of breach.CheckPersons.
func (s *Store) ApproveBreachLetter(ctx context.Context, breachID models.ID, by models.Actor) error {
	letter, err := s.BreachLetter(ctx, breachID)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		row, err := lockBreach(tx, breachID)
		if err != nil {
			return err
		}
		record, err := s.recordOf(tx, row)
		if err != nil {
			return err
		}
		if err := s.mayGoOut(tx, record, letter, by); err != nil {
			return err
		}
		now := s.now()
		err = tx.Model(&breachLetterRow{}).Where("breach_id = ?", breachID).Updates(map[string]any{"approved_by": by.ID, "approved_at": now}).Error
		if err != nil {
			return err
		}
		if err := s.recordFor(tx, models.ID{}, models.ID{}, by, "breach.letter_approved", map[string]any{"breach_id": breachID}); err != nil {
			return err
		}
		return s.enqueue(tx, Order{BreachID: breachID, Kind: OrderBreachMail})
	})
}

func (s *Store) mayGoOut(tx *gorm.DB, record register.Record, letter BreachLetter, by models.Actor) error {
	if err := letterOpen(tx, record.ID); err != nil {
		return err
	}
	var listed int64
	if err := tx.Model(&breachPersonRow{}).Where("breach_id = ?", record.ID).Count(&listed).Error; err != nil {
		return err
	}
	gaps := breach.CheckPersons(breach.Persons{
		Nature: letter.Body.Reveal(), Contact: record.Known.Contact.Reveal(), Consequences: record.Known.Consequences.Reveal(), Measures: record.Known.Measures.Reveal(),
		PlainLanguage: letter.Plain, Separate: true,
	})
	if by.ID == letter.DraftedBy {
		return models.Errorf(models.Forbidden, "same_person", "Somebody other than the author approves the message.")
	}
	if err := apart(tx, letter.DraftedBy, by.ID); err != nil {
		return err
	}
	switch {
	case record.Duties.Persons != breach.TellEach:
		return models.Errorf(models.Conflict, "not_owed", "By the decision as it stands the persons are not told each.")
	case listed == 0:
		return models.Errorf(models.Conflict, "nobody_listed", "There is nobody on the list.")
	case len(gaps) > 0:
		return models.Errorf(models.Conflict, gaps[0].Code, "%s (%s)", gaps[0].Message, gaps[0].Citation)
	}
	return nil
}

// FinishBreachLetter notes that everybody of the list was written to, in the record of the breach too, in one transaction: what dies in between
// leaves neither. Repeating it changes nothing. It fails with persons_waiting while somebody is not settled.
func (s *Store) FinishBreachLetter(ctx context.Context, breachID models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		if _, err := lockBreach(tx, breachID); err != nil { // who finishes at the same time waits here, and finds it finished
			return err
		}
		counts, err := countBreachPersons(tx, breachID)
		if err != nil {
			return err
		}
		for _, open := range []PersonState{PersonWaiting, PersonSending, PersonDeferred, PersonUnclear} {
			if counts[open] > 0 {
				return models.Errorf(models.Unavailable, "persons_waiting", "Persons of the list were not written to yet.")
			}
		}
		result := tx.Model(&breachLetterRow{}).Where("breach_id = ? AND finished_at IS NULL", breachID).Update("finished_at", s.now())
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		_, err = s.noteBreach(tx, breachID, 0, register.Event{
			Kind: register.Messaged, Actor: models.System(), Facts: register.Facts{At: s.now(), Count: int(counts[PersonSent] + counts[PersonBounced])},
		})
		if models.KindOf(err) == models.Conflict { // by a decision that was changed meanwhile the persons need not be told, or the breach is over
			return nil
		}
		return err
	})
}
