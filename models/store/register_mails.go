package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
)

type registerMailRow struct {
	ID        models.ID `gorm:"primaryKey"`
	Key       string
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
	SentAt    *time.Time
	Refused   string
}

func (registerMailRow) TableName() string { return "register_mails" }

// RegisterMail is a mail about the register, once per key.
type RegisterMail struct {
	ID      models.ID
	SentAt  time.Time // zero: it was not handed over yet
	Refused string    // code of why the mail server refused it for good
}

// OnceRegisterMail is OnceMail for a mail about the register of recipients or a change of it.
func (s *Store) OnceRegisterMail(ctx context.Context, key string) (RegisterMail, error) {
	row := registerMailRow{ID: newID(), Key: key, CreatedAt: s.now()}
	if err := s.read(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return RegisterMail{}, unavailable(err)
	}
	row = registerMailRow{}
	if err := s.read(ctx).Where("key = ?", key).Take(&row).Error; err != nil {
		return RegisterMail{}, missing(err, "mail")
	}
	return RegisterMail{ID: row.ID, SentAt: instant(row.SentAt), Refused: row.Refused}, nil
}

// RegisterMailSent records that a mail was handed over, in the ledger too; the first time counts, and its instant is returned.
func (s *Store) RegisterMailSent(ctx context.Context, id models.ID) (time.Time, error) {
	return s.endMail(ctx, id, map[string]any{"sent_at": s.now()}, "register.mail_sent", "")
}

// RegisterMailRefused records that the mail server refused a mail for good; code says why.
func (s *Store) RegisterMailRefused(ctx context.Context, id models.ID, code string) error {
	_, err := s.endMail(ctx, id, map[string]any{"refused": code}, "register.mail_refused", code)
	return err
}

func (s *Store) endMail(ctx context.Context, id models.ID, columns map[string]any, kind, code string) (at time.Time, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		result := tx.Model(&registerMailRow{}).Where("id = ? AND sent_at IS NULL AND refused = ''", id).Updates(columns)
		if result.Error != nil {
			return result.Error
		}
		var row registerMailRow
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "mail")
		}
		if at = instant(row.SentAt); result.RowsAffected == 0 {
			return nil
		}
		data := map[string]any{"mail_id": id, "mail": row.Key}
		if code != "" {
			data["code"] = code
		}
		return s.recordFor(tx, models.ID{}, models.ID{}, models.System(), kind, data)
	})
	return at, err
}
