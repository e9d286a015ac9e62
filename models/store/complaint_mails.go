package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"habeas/models"
)

// ComplaintMail is a mail about a complaint that waits to be sent: to the data protection officer, or with an answer to the person.
type ComplaintMail struct {
	ID        models.ID // of the complaint
	RequestID models.ID
	Answer    models.Personal // empty: to the officer
	Answered  bool
	Attempts  int // this one included
}

// claimComplaintsSQL leases complaints of which somebody has to be told.
const claimComplaintsSQL = `
UPDATE complaints SET next_at = @until, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM complaints WHERE (heard_at IS NULL OR (answered_at IS NOT NULL AND told_at IS NULL)) AND next_at <= @now
    ORDER BY next_at, id
    LIMIT @limit
    FOR UPDATE SKIP LOCKED)
RETURNING *`

// ClaimComplaintMails leases up to limit mails to the caller. One that is neither sent nor put off before the lease ends is handed out again.
func (s *Store) ClaimComplaintMails(ctx context.Context, limit int, lease time.Duration) ([]ComplaintMail, error) {
	var out []ComplaintMail
	err := s.tx(ctx, func(tx *gorm.DB) error {
		out = nil
		var rows []complaintRow
		if err := tx.Raw(claimComplaintsSQL, map[string]any{"now": s.now(), "until": s.now().Add(lease), "limit": limit}).Scan(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			m := ComplaintMail{ID: row.ID, RequestID: row.RequestID, Attempts: row.Attempts, Answered: row.AnsweredAt != nil}
			if m.Answered {
				key, err := s.keyOf(tx, row.RequestID)
				if err != nil {
					return err
				}
				if m.Answer, err = openText(key, complaintPlace("answer", row.ID), row.AnswerSealed); err != nil {
					return err
				}
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

// ComplaintMailSent notes that the officer was told of a complaint, or the person of the answer, after which the officer need not be told.
func (s *Store) ComplaintMailSent(ctx context.Context, m ComplaintMail) error {
	changes := map[string]any{"heard_at": gorm.Expr("coalesce(heard_at, ?)", s.now()), "attempts": 0, "next_at": s.now()}
	if m.Answered {
		changes["told_at"] = s.now()
	}
	return unavailable(s.read(ctx).Model(&complaintRow{}).Where("id = ?", m.ID).Updates(changes).Error)
}

// DelayComplaintMail keeps a mail from being claimed until an instant.
func (s *Store) DelayComplaintMail(ctx context.Context, id models.ID, until time.Time) error {
	return unavailable(s.read(ctx).Model(&complaintRow{}).Where("id = ?", id).Update("next_at", until).Error)
}
