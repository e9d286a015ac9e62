package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/subprocessor"
)

// refusalsUntilOver is how many mails in a row a server refuses for good before the address is deleted: nobody reads there.
const refusalsUntilOver = 3

type subscriberMailRow struct {
	ID           models.ID `gorm:"primaryKey"`
	SubscriberID models.ID
	ChangeID     models.ID
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	NextAt       time.Time
	Attempts     int
	SentAt       *time.Time
	Refused      string
}

func (subscriberMailRow) TableName() string { return "subscriber_mails" }

// SubscriberMail is a mail that waits to be sent. Without a change it asks whether the address is its reader's.
type SubscriberMail struct {
	ID        models.ID
	Address   models.Personal
	Change    *subprocessor.Proposal
	Reference string // of the change
	Old       string // name of the subprocessor that goes
	Confirm   string // token that confirms
	ExpiresAt time.Time
	Leave     string // token that ends the subscription
	Attempts  int    // this one included
}

// tellSubscribers writes a mail of an announced change for each subscriber, in the transaction of the announcement; the ledger says to how many.
func (s *Store) tellSubscribers(tx *gorm.DB, changeID models.ID, by models.Actor) error {
	done := tx.Exec(`INSERT INTO subscriber_mails (id, subscriber_id, change_id, created_at, next_at)
		SELECT gen_random_uuid(), id, ?, ?, ? FROM subscribers WHERE confirmed_at IS NOT NULL`, changeID, s.now(), s.now())
	if done.Error != nil || done.RowsAffected == 0 {
		return done.Error
	}
	data := map[string]any{"change_id": changeID, "subscribers": done.RowsAffected}
	return s.recordFor(tx, models.ID{}, models.ID{}, by, "subprocessor_change.published", data)
}

// claimMailsSQL leases mails that wait. One that nobody needs any more is passed over: it asks for what was confirmed or has expired, or tells of a
// change that was withdrawn.
const claimMailsSQL = `
UPDATE subscriber_mails SET next_at = @until, attempts = attempts + 1
WHERE id IN (
    SELECT m.id FROM subscriber_mails m JOIN subscribers s ON s.id = m.subscriber_id LEFT JOIN subprocessor_changes c ON c.id = m.change_id
    WHERE m.sent_at IS NULL AND m.refused = '' AND m.next_at <= @now
      AND CASE WHEN m.change_id IS NULL THEN s.confirmed_at IS NULL AND s.expires_at > @now ELSE c.state <> 'withdrawn' END
    ORDER BY m.next_at, m.id
    LIMIT @limit
    FOR UPDATE OF m SKIP LOCKED)
RETURNING *`

// ClaimSubscriberMails leases up to limit mails to the caller. One that is neither sent nor put off before the lease ends is handed out again.
func (s *Store) ClaimSubscriberMails(ctx context.Context, limit int, lease time.Duration) ([]SubscriberMail, error) {
	var out []SubscriberMail
	err := s.tx(ctx, func(tx *gorm.DB) error {
		out = nil
		var rows []subscriberMailRow
		if err := tx.Raw(claimMailsSQL, map[string]any{"now": s.now(), "until": s.now().Add(lease), "limit": limit}).Scan(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			m, err := s.subscriberMail(tx, row)
			if err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

func (s *Store) subscriberMail(tx *gorm.DB, row subscriberMailRow) (SubscriberMail, error) {
	var who subscriberRow
	if err := tx.Where("id = ?", row.SubscriberID).Take(&who).Error; err != nil {
		return SubscriberMail{}, missing(err, "subscriber")
	}
	m := SubscriberMail{
		ID: row.ID, Confirm: s.vault.Token(subscribeToken, who.ID), ExpiresAt: who.ExpiresAt.UTC(), Leave: s.vault.Token(unsubscribeToken, who.ID), Attempts: row.Attempts,
	}
	var err error
	if m.Address, err = openText(s.vault.Own(), subscriberPlace(who.ID), who.AddressSealed); err != nil || row.ChangeID.IsZero() {
		return m, err
	}
	var change changeRow
	if err := tx.Where("id = ?", row.ChangeID).Take(&change).Error; err != nil {
		return m, missing(err, "change")
	}
	record, err := s.changeOf(tx, change)
	if err != nil {
		return m, err
	}
	names, err := s.recipientNames(tx)
	m.Change, m.Reference, m.Old = &record.Proposal, change.Reference, names[record.Proposal.Old]
	if m.Change.Name == "" {
		m.Change.Name = names[m.Change.Slug]
	}
	return m, err
}

// SubscriberMailSent notes that a mail was handed over. One whose subscriber has left meanwhile is fine.
func (s *Store) SubscriberMailSent(ctx context.Context, id models.ID) error {
	return unavailable(s.read(ctx).Model(&subscriberMailRow{}).Where("id = ? AND sent_at IS NULL", id).Update("sent_at", s.now()).Error)
}

// DelaySubscriberMail keeps a mail from being claimed until an instant.
func (s *Store) DelaySubscriberMail(ctx context.Context, id models.ID, until time.Time) error {
	return unavailable(s.read(ctx).Model(&subscriberMailRow{}).Where("id = ?", id).Update("next_at", until).Error)
}

// SubscriberMailRefused notes that the mail server refuses a mail for good; code says why. After a few in a row the address is deleted.
func (s *Store) SubscriberMailRefused(ctx context.Context, id models.ID, code string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Model(&subscriberMailRow{}).Where("id = ?", id).Update("refused", code).Error; err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM subscribers WHERE id = (SELECT subscriber_id FROM subscriber_mails WHERE id = @id) AND @most = (
			SELECT count(*) FROM (SELECT refused FROM subscriber_mails WHERE subscriber_id = subscribers.id ORDER BY created_at DESC, id LIMIT @most) latest
			WHERE latest.refused <> '')`, map[string]any{"id": id, "most": refusalsUntilOver}).Error
	})
}
