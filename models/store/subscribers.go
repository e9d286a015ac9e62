package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/store/vault"
)

// How a subscription begins.
const (
	confirmWithin = 48 * time.Hour // from the last mail that asked
	askAgainAfter = time.Hour      // so that nobody is flooded by a stranger who types their address
)

// The purposes of a subscriber's two tokens.
const (
	subscribeToken   = "subscribe"
	unsubscribeToken = "unsubscribe"
)

type subscriberRow struct {
	ID            models.ID `gorm:"primaryKey"`
	AddressIndex  []byte
	AddressSealed []byte
	ConfirmHash   []byte
	LeaveHash     []byte
	CreatedAt     time.Time `gorm:"autoCreateTime:false"`
	ExpiresAt     time.Time
	ConfirmedAt   *time.Time
}

func (subscriberRow) TableName() string { return "subscribers" }

func subscriberPlace(id models.ID) string { return "subscribers.address/" + id.String() }

// SubscriptionState is where the subscription of a link stands.
type SubscriptionState string

const (
	SubscriptionAsked     SubscriptionState = "asked"     // the address waits to be confirmed
	SubscriptionConfirmed SubscriptionState = "confirmed" // it hears of changes
	SubscriptionOver      SubscriptionState = "over"      // there is none, or the link has expired
)

// Subscribe notes that somebody wants to hear of changes of subprocessors, and orders a mail by which the address is confirmed. One that is
// subscribed, or was asked within the hour, gets none; the caller cannot tell.
func (s *Store) Subscribe(ctx context.Context, address models.Personal) error {
	id := newID()
	row := subscriberRow{
		ID: id, AddressIndex: s.vault.Index(models.ID{}, "subscriber", normalised(address)), AddressSealed: sealText(s.vault.Own(), subscriberPlace(id), address),
		ConfirmHash: vault.HashToken(s.vault.Token(subscribeToken, id)), LeaveHash: vault.HashToken(s.vault.Token(unsubscribeToken, id)),
		CreatedAt: s.now(), ExpiresAt: s.now().Add(confirmWithin),
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return err
		}
		var known subscriberRow
		err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("address_index = ?", row.AddressIndex).Take(&known).Error
		if err != nil {
			return err
		}
		var asked int64
		if err := tx.Model(&subscriberMailRow{}).Where("subscriber_id = ? AND created_at > ?", known.ID, s.now().Add(-askAgainAfter)).Count(&asked).Error; err != nil {
			return err
		}
		if known.ConfirmedAt != nil || asked > 0 {
			return nil
		}
		if err := tx.Model(&subscriberRow{}).Where("id = ?", known.ID).Update("expires_at", row.ExpiresAt).Error; err != nil {
			return err
		}
		return tx.Create(&subscriberMailRow{ID: newID(), SubscriberID: known.ID, CreatedAt: s.now(), NextAt: s.now()}).Error
	})
}

// Subscription is where the subscription stands that a mail's link confirms.
func (s *Store) Subscription(ctx context.Context, token string) (SubscriptionState, error) {
	return s.subscription(s.read(ctx).Where("confirm_hash = ?", vault.HashToken(token)))
}

// SubscriptionToLeave is where the subscription stands that a mail's link ends.
func (s *Store) SubscriptionToLeave(ctx context.Context, token string) (SubscriptionState, error) {
	return s.subscription(s.read(ctx).Where("leave_hash = ?", vault.HashToken(token)))
}

func (s *Store) subscription(query *gorm.DB) (SubscriptionState, error) {
	var rows []subscriberRow
	if err := query.Limit(1).Find(&rows).Error; err != nil {
		return "", unavailable(err)
	}
	switch {
	case len(rows) == 0:
		return SubscriptionOver, nil
	case rows[0].ConfirmedAt != nil:
		return SubscriptionConfirmed, nil
	case !s.now().Before(rows[0].ExpiresAt):
		return SubscriptionOver, nil
	}
	return SubscriptionAsked, nil
}

// ConfirmSubscription confirms the address whose link it is; a second time changes nothing. It says where the subscription stands then.
func (s *Store) ConfirmSubscription(ctx context.Context, token string) (SubscriptionState, error) {
	err := s.read(ctx).Model(&subscriberRow{}).Where("confirm_hash = ? AND confirmed_at IS NULL AND expires_at > ?", vault.HashToken(token), s.now()).
		Update("confirmed_at", s.now()).Error
	if err != nil {
		return "", unavailable(err)
	}
	return s.Subscription(ctx, token)
}

// Unsubscribe deletes the address whose link it is, with the mails that wait for it. A link that is nobody's changes nothing and is no error: a mail
// program may call it twice.
func (s *Store) Unsubscribe(ctx context.Context, token string) error {
	return unavailable(s.read(ctx).Where("leave_hash = ?", vault.HashToken(token)).Delete(&subscriberRow{}).Error)
}

// Subscribers counts the confirmed ones.
func (s *Store) Subscribers(ctx context.Context) (int, error) {
	var n int64
	err := s.read(ctx).Model(&subscriberRow{}).Where("confirmed_at IS NOT NULL").Count(&n).Error
	return int(n), unavailable(err)
}

// PurgeSubscribers deletes addresses that nobody confirmed in time and says how many.
func (s *Store) PurgeSubscribers(ctx context.Context) (int64, error) {
	done := s.read(ctx).Where("confirmed_at IS NULL AND expires_at <= ?", s.now()).Delete(&subscriberRow{})
	return done.RowsAffected, unavailable(done.Error)
}
