package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/member"
	"habeas/models/store/vault"
)

// AttemptKind is what somebody tries to guess.
type AttemptKind string

const (
	AttemptPassword AttemptKind = "password"
	AttemptCode     AttemptKind = "code" // of a second factor, after the right password
)

// Attempt is one try to sign in.
type Attempt struct {
	Kind   AttemptKind
	Email  models.Personal
	Source string // the client's network; kept as a keyed hash
	Device string // token of a known browser, or ""
	Place  Place  // for the person's own log
	// PerSource is how many attempts of one network at all accounts may fail within AttemptWindow; FailuresPerAddress when zero.
	PerSource int
}

// Bounds of attempts that fail. A browser from which the person has signed in before has a count of its own, so that strangers who try many passwords
// from many places keep others out and never the person.
const (
	AttemptWindow      = 15 * time.Minute
	FailuresPerAddress = 50
	perDevice          = 10  // of a known browser, within the window
	perAccountSource   = 5   // of one network at one account, within the window
	perAccount         = 100 // of all unknown browsers at one account, within the window
	codesPerDay        = 50  // wrong codes at one account, within the day: a code has six digits
	codesWithin        = 24 * time.Hour
	attemptsFor        = 30 * 24 * time.Hour
)

type attemptRow struct {
	ID          models.ID `gorm:"primaryKey"`
	Kind        AttemptKind
	EmailIndex  []byte
	Source      []byte
	DeviceID    models.ID
	At          time.Time
	PlaceSealed []byte
}

func (attemptRow) TableName() string { return "sign_in_attempts" }

type deviceRow struct {
	ID        models.ID `gorm:"primaryKey"`
	MemberID  models.ID
	TokenHash []byte
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
	SeenAt    time.Time
}

func (deviceRow) TableName() string { return "member_devices" }

// BeginAttempt counts an attempt as failed before anything is compared, so that many at once count too; AttemptSucceeded takes it back. It fails with
// too_many_attempts, for addresses that nobody has as for others.
func (s *Store) BeginAttempt(ctx context.Context, a Attempt) (id models.ID, err error) {
	index := s.addressIndex(a.Email)
	source := s.vault.Index(models.ID{}, "source", a.Source)
	over := false
	err = s.tx(ctx, func(tx *gorm.DB) error {
		// Attempts at one account come one after another, or each of many at once would see room.
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", int64(binary.BigEndian.Uint64(index))).Error; err != nil {
			return err
		}
		now := s.now()
		if err := tx.Where("at < ?", now.Add(-attemptsFor)).Delete(&attemptRow{}).Error; err != nil {
			return err
		}
		device, err := s.deviceOf(tx, index, a.Device)
		if err != nil {
			return err
		}
		if over, err = tooMany(tx, a, index, source, device, now); err != nil {
			return err
		}
		if over {
			return s.tellLocked(tx, index, a)
		}
		id = newID()
		place, err := s.sealPlace(id, a.Place)
		if err != nil {
			return err
		}
		return tx.Create(&attemptRow{ID: id, Kind: a.Kind, EmailIndex: index, Source: source, DeviceID: device, At: now, PlaceSealed: place}).Error
	})
	if err == nil && over {
		err = models.Errorf(models.TooMany, "too_many_attempts", "Too many attempts; wait a quarter of an hour, or ask for a new password by mail.")
	}
	return id, err
}

// tellLocked orders the mail that somebody tries too often, at the pace of its kind; further attempts add nothing to it.
func (s *Store) tellLocked(tx *gorm.DB, emailIndex []byte, a Attempt) error {
	_, within := member.AlertLocked.Pace()
	var m memberRow
	err := tx.Raw(`SELECT id FROM members m WHERE email_index = ? AND state = ? AND NOT EXISTS (
		SELECT FROM member_alerts WHERE member_id = m.id AND kind = ? AND created_at > ?)`, emailIndex, member.Active, member.AlertLocked, s.now().Add(-within)).Scan(&m).Error
	if err != nil || m.ID.IsZero() {
		return err
	}
	return s.alert(tx, m.ID, member.AlertLocked, a.Place, map[string]string{"kind": string(a.Kind)})
}

// deviceOf is the known browser that a token stands for at the account of an address; zero for any other.
func (s *Store) deviceOf(tx *gorm.DB, emailIndex []byte, token string) (models.ID, error) {
	var row deviceRow
	err := tx.Raw(`SELECT d.id FROM member_devices d JOIN members m ON m.id = d.member_id WHERE d.token_hash = ? AND m.email_index = ? AND m.state = ?`,
		vault.HashToken(token), emailIndex, member.Active).Scan(&row).Error
	return row.ID, err
}

// DeviceKnown reports whether a token is that of a browser in which somebody who may sign in has done so.
func (s *Store) DeviceKnown(ctx context.Context, token string) (bool, error) {
	var known bool
	err := s.read(ctx).Raw(`SELECT EXISTS (SELECT FROM member_devices d JOIN members m ON m.id = d.member_id WHERE d.token_hash = ? AND m.state = ?)`,
		vault.HashToken(token), member.Active).Scan(&known).Error
	return known, unavailable(err)
}

func tooMany(tx *gorm.DB, a Attempt, index, source []byte, device models.ID, now time.Time) (bool, error) {
	var n struct{ Device, Pair, Source, Account, Codes int }
	since := now.Add(-AttemptWindow)
	err := tx.Raw(`SELECT
		(SELECT count(*) FROM sign_in_attempts WHERE email_index = @index AND at > @since AND kind = @kind AND device_id = @device) AS device,
		(SELECT count(*) FROM sign_in_attempts WHERE email_index = @index AND at > @since AND kind = @kind AND device_id IS NULL AND source = @source) AS pair,
		(SELECT count(*) FROM sign_in_attempts WHERE source = @source AND at > @since AND device_id IS NULL) AS source,
		(SELECT count(*) FROM sign_in_attempts WHERE email_index = @index AND at > @since AND kind = @kind AND device_id IS NULL) AS account,
		(SELECT count(*) FROM sign_in_attempts WHERE email_index = @index AND kind = 'code' AND at > @day) AS codes`,
		map[string]any{"index": index, "since": since, "day": now.Add(-codesWithin), "kind": a.Kind, "device": device, "source": source}).Scan(&n).Error
	switch {
	case err != nil:
		return false, err
	case a.Kind == AttemptCode && n.Codes >= codesPerDay:
		return true, nil
	case !device.IsZero():
		return n.Device >= perDevice, nil
	}
	return n.Pair >= perAccountSource || n.Source >= cmp.Or(a.PerSource, FailuresPerAddress) || n.Account >= perAccount, nil
}

// AttemptSucceeded takes an attempt back.
func (s *Store) AttemptSucceeded(ctx context.Context, id models.ID) error {
	return unavailable(s.read(ctx).Where("id = ?", id).Delete(&attemptRow{}).Error)
}

// CredentialsOf finds an account that may sign in, and what is stored of its password, by its address; the zero identifier when there is none. It does
// the same work in both cases.
func (s *Store) CredentialsOf(ctx context.Context, email models.Personal) (memberID models.ID, passwordHash string, err error) {
	var row memberRow
	err = s.read(ctx).Where("email_index = ? AND state = ?", s.addressIndex(email), member.Active).Limit(1).Find(&row).Error
	return row.ID, row.PasswordHash, unavailable(err)
}

// PasswordHash is what is stored of an account's password; empty without one.
func (s *Store) PasswordHash(ctx context.Context, memberID models.ID) (string, error) {
	row, err := memberByID(s.read(ctx), models.ScopeOperator(), memberID)
	return row.PasswordHash, err
}

// Rehash writes the same password's hash under newer parameters: nothing else changes.
func (s *Store) Rehash(ctx context.Context, memberID models.ID, hash string) error {
	return unavailable(s.read(ctx).Model(&memberRow{}).Where("id = ? AND state = ?", memberID, member.Active).Update("password_hash", hash).Error)
}

// SetPassword writes a new password's hash and ends the account's other sessions. It fails with member_inactive.
func (s *Store) SetPassword(ctx context.Context, memberID models.ID, hash string, keep models.ID, p Place) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		m, err := memberByID(forUpdate(tx), models.ScopeOperator(), memberID)
		if err != nil {
			return err
		}
		if m.State != member.Active {
			return inactive()
		}
		if err := endSessions(tx, memberID, keep, s.now()); err != nil {
			return err
		}
		return s.activate(tx, m, map[string]any{"password_hash": hash, "password_at": s.now()}, p)
	})
}

// KnowDevice makes a browser known to an account and returns its token, which is stored as a hash.
func (s *Store) KnowDevice(ctx context.Context, memberID models.ID, token string) (string, error) {
	now := s.now()
	done := s.read(ctx).Model(&deviceRow{}).Where("token_hash = ? AND member_id = ?", vault.HashToken(token), memberID).Update("seen_at", now)
	if done.Error != nil || done.RowsAffected > 0 {
		return token, unavailable(done.Error)
	}
	token = rand.Text() + rand.Text()
	return token, unavailable(s.read(ctx).Create(&deviceRow{ID: newID(), MemberID: memberID, TokenHash: vault.HashToken(token), CreatedAt: now, SeenAt: now}).Error)
}
