package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/store/vault"
)

type mailRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	Key          string
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	SentAt       *time.Time
}

func (mailRow) TableName() string { return "mails" }

// OnceMail opens the sending of a mail that key names within the request ("answer", "reminder/review/2"). The same key gives the same
// ID, which is meant for the Message-ID, and says whether MailSent was called. It fails with not_found.
func (s *Store) OnceMail(ctx context.Context, requestID models.ID, key string) (mailID models.ID, sent bool, err error) {
	r, err := findRequest(s.read(ctx), models.ScopeOperator(), requestID)
	if err != nil {
		return models.ID{}, false, err
	}
	row := mailRow{ID: newID(), RequestID: r.ID, ControllerID: r.ControllerID, Key: key, CreatedAt: s.now()}
	tx := s.read(ctx)
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return models.ID{}, false, unavailable(err)
	}
	row = mailRow{}
	if err := s.read(ctx).Where("request_id = ? AND key = ?", requestID, key).Take(&row).Error; err != nil {
		return models.ID{}, false, missing(err, "mail")
	}
	return row.ID, row.SentAt != nil, nil
}

// MailSent records that a mail was handed over to the mail server, in the ledger too; the first time counts. It fails with not_found.
func (s *Store) MailSent(ctx context.Context, mailID models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row mailRow
		if err := tx.Where("id = ?", mailID).Take(&row).Error; err != nil {
			return missing(err, "mail")
		}
		result := tx.Model(&mailRow{}).Where("id = ? AND sent_at IS NULL", mailID).Update("sent_at", s.now())
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		return s.recordFor(tx, row.ControllerID, row.RequestID, models.System(), "mail.sent", map[string]any{"mail_id": mailID, "mail": row.Key})
	})
}

// BounceMail records in the ledger that a mail about a request came back, once; message is the left half of its Message-ID, code says why. It reports
// whether there is such a mail. What it asked for stays open: a notice is sent again, and the DPO hears of one that nobody answers.
func (s *Store) BounceMail(ctx context.Context, message []byte, code string) (found bool, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		var rows []mailRow
		err := tx.Where("substring(sha256(id::text::bytea) FROM 1 FOR 16) = ?", message).Limit(1).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		found = true
		r, err := lockRequest(tx, models.ScopeOperator(), rows[0].RequestID)
		if err != nil {
			return err
		}
		entries, err := entriesOf(tx, r.ID)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Kind == "mail.bounced" && e.Data["mail_id"] == rows[0].ID.String() {
				return nil
			}
		}
		return s.record(tx, r, models.System(), "mail.bounced", map[string]any{"mail_id": rows[0].ID, "mail": rows[0].Key, "code": code})
	})
	return found, err
}

// Message is something that the person was told and that the status page shows.
type Message struct {
	At   time.Time
	Kind string // "answer", "question", "extension", "refusal", "deferral_done"
	Body models.Personal
}

type messageRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	Key          string
	Kind         string
	WrittenAt    time.Time
	BodySealed   []byte
}

func (messageRow) TableName() string { return "messages" }

func messagePlace(id models.ID) string { return "messages.body/" + id.String() }

// SaveMessage keeps a message to the person, sealed with the request's key. The first one with its key counts. It fails with not_found
// or key_destroyed.
func (s *Store) SaveMessage(ctx context.Context, requestID models.ID, key, kind string, body models.Personal) error {
	r, err := findRequest(s.read(ctx), models.ScopeOperator(), requestID)
	if err != nil {
		return err
	}
	sealing, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return err
	}
	id := newID()
	row := messageRow{
		ID: id, RequestID: r.ID, ControllerID: r.ControllerID, Key: key, Kind: kind, WrittenAt: s.now(),
		BodySealed: sealing.Seal(messagePlace(id), []byte(body.Reveal())),
	}
	return unavailable(s.read(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error)
}

// messagesOf opens the messages of a request, oldest first.
func messagesOf(tx *gorm.DB, key *vault.Key, requestID models.ID) ([]Message, error) {
	var rows []messageRow
	if err := tx.Where("request_id = ?", requestID).Order("written_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Message, len(rows))
	for i, row := range rows {
		body, err := openText(key, messagePlace(row.ID), row.BodySealed)
		if err != nil {
			return nil, err
		}
		out[i] = Message{At: row.WrittenAt.UTC(), Kind: row.Kind, Body: body}
	}
	return out, nil
}

// Messages are the messages to the person of a request inside the scope, oldest first. It fails with not_found or key_destroyed.
func (s *Store) Messages(ctx context.Context, scope models.Scope, requestID models.ID) ([]Message, error) {
	tx := s.read(ctx)
	r, err := findRequest(tx, scope, requestID)
	if err != nil {
		return nil, err
	}
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return nil, err
	}
	return messagesOf(tx, key, requestID)
}
