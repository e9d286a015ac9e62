package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/member"
)

// Place is where somebody came from, as the person is shown it. It is never exact.
type Place struct {
	Network string `json:"network"` // of an address: 203.0.113.0/24, 2001:db8:1::/48
	Device  string `json:"device"`  // browser and system by name, e.g. "Firefox, Linux"
}

// MemberSession is one signed-in browser.
type MemberSession struct {
	ID        models.ID
	Method    string // what was shown, e.g. "password+totp"
	Place     Place
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
}

// MemberEvent is one line of a person's own log. Kind is signed_in, wrong_password, wrong_code, or one of member.Alerts.
type MemberEvent struct {
	At    time.Time
	Kind  string
	Place Place
}

// How long a person's log goes back, and how many lines of it are shown.
const (
	eventsFor   = 180 * 24 * time.Hour
	eventsShown = 50
)

type memberSessionRow struct {
	ID          models.ID `gorm:"primaryKey"`
	MemberID    models.ID
	Method      string
	PlaceSealed []byte
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
	SeenAt      time.Time
	EndedAt     *time.Time
}

func (memberSessionRow) TableName() string { return "member_sessions" }

type memberEventRow struct {
	ID          models.ID `gorm:"primaryKey"`
	MemberID    models.ID
	At          time.Time
	Kind        string
	PlaceSealed []byte
}

func (memberEventRow) TableName() string { return "member_events" }

func (s *Store) sealPlace(id models.ID, p Place) ([]byte, error) {
	b, err := json.Marshal(p)
	return s.vault.Own().Seal(memberPlace("place", id), b), err
}

func (s *Store) openPlace(id models.ID, sealed []byte) (p Place, err error) {
	b, err := s.vault.Own().Open(memberPlace("place", id), sealed)
	if err != nil {
		return Place{}, err
	}
	return p, json.Unmarshal(b, &p)
}

// OpenSession notes that somebody has signed in, and gives the session its identifier. A person whose browser, by its token, or whose network the
// account does not know yet is told by mail. It fails with member_inactive.
func (s *Store) OpenSession(ctx context.Context, memberID models.ID, method string, p Place, device string) (id models.ID, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		m, err := memberByID(forUpdate(tx), models.ScopeOperator(), memberID)
		if err != nil {
			return err
		}
		if m.State != member.Active {
			return inactive()
		}
		id = newID()
		sealed, err := s.sealPlace(id, p)
		if err != nil {
			return err
		}
		now := s.now()
		row := memberSessionRow{ID: id, MemberID: memberID, Method: method, PlaceSealed: sealed, CreatedAt: now, SeenAt: now}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if err := s.forget(tx, memberID); err != nil {
			return err
		}
		anew, err := s.newPlace(tx, m, p, device)
		if err != nil {
			return err
		}
		if err := s.noteEvent(tx, memberID, signedIn, p); err != nil || !anew {
			return err
		}
		return s.alert(tx, memberID, member.AlertNewPlace, p, map[string]string{"method": method})
	})
	return id, err
}

// signedIn is the line of a person's log that says so.
const signedIn = "signed_in"

// placesCompared is how many of the latest sign-ins a new one is compared with.
const placesCompared = 500

// newPlace reports whether an account that was signed in to before sees a browser or a network for the first time.
func (s *Store) newPlace(tx *gorm.DB, m memberRow, p Place, device string) (bool, error) {
	var rows []memberEventRow
	if err := tx.Where("member_id = ? AND kind = ?", m.ID, signedIn).Order("at DESC").Limit(placesCompared).Find(&rows).Error; err != nil || len(rows) == 0 {
		return false, err
	}
	known, err := s.deviceOf(tx, m.EmailIndex, device)
	if err != nil || known.IsZero() {
		return err == nil, err
	}
	for _, row := range rows {
		before, err := s.openPlace(row.ID, row.PlaceSealed)
		if err != nil || before.Network == p.Network {
			return false, err
		}
	}
	return true, nil
}

// forget removes of an account what is older than its log goes back.
func (s *Store) forget(tx *gorm.DB, memberID models.ID) error {
	old := s.now().Add(-eventsFor)
	err := tx.Where("member_id = ? AND at < ?", memberID, old).Delete(&memberEventRow{}).Error
	if err == nil {
		err = tx.Where("member_id = ? AND seen_at < ?", memberID, old).Delete(&memberSessionRow{}).Error
	}
	if err == nil {
		err = tx.Where("member_id = ? AND seen_at < ?", memberID, old).Delete(&deviceRow{}).Error
	}
	if err == nil {
		err = tx.Where("member_id = ? AND created_at < ? AND mail_at IS NULL", memberID, old).Delete(&memberAlertRow{}).Error
	}
	return err
}

func inactive() error {
	return models.Errorf(models.Unauthenticated, "member_inactive", "The account cannot be signed in to.")
}

// SessionMember is who a session belongs to, and notes that it was seen. It fails with member_inactive when the session was ended, was not seen for
// longer than idle or is older than its lifetime, or when the account was deactivated.
func (s *Store) SessionMember(ctx context.Context, id models.ID, idle, lifetime time.Duration) (Member, error) {
	tx := s.read(ctx)
	var row memberSessionRow
	if err := tx.Where("id = ? AND ended_at IS NULL", id).Limit(1).Find(&row).Error; err != nil {
		return Member{}, unavailable(err)
	}
	now := s.now()
	if row.ID.IsZero() || now.Sub(row.CreatedAt) >= lifetime || now.Sub(row.SeenAt) >= idle {
		return Member{}, inactive()
	}
	m, err := s.ActiveMember(ctx, row.MemberID)
	if err != nil {
		return Member{}, err
	}
	if now.Sub(row.SeenAt) >= time.Minute { // not a write for each call
		err = s.read(ctx).Model(&memberSessionRow{}).Where("id = ?", id).Update("seen_at", now).Error
	}
	return m, unavailable(err)
}

// ActiveMember is an account that may sign in; it fails with member_inactive.
func (s *Store) ActiveMember(ctx context.Context, id models.ID) (Member, error) {
	m, err := s.MemberByID(ctx, models.ScopeOperator(), id)
	if models.CodeOf(err) == "not_found" || err == nil && m.State != member.Active {
		return Member{}, inactive()
	}
	return m, err
}

// MemberSessions are the sessions of an account that have not ended and were seen within idle and opened within lifetime, the latest first.
func (s *Store) MemberSessions(ctx context.Context, memberID models.ID, idle, lifetime time.Duration) ([]MemberSession, error) {
	var rows []memberSessionRow
	now := s.now()
	err := s.read(ctx).Where("member_id = ? AND ended_at IS NULL AND seen_at > ? AND created_at > ?", memberID, now.Add(-idle), now.Add(-lifetime)).
		Order("created_at DESC").Find(&rows).Error
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]MemberSession, len(rows))
	for i, row := range rows {
		place, err := s.openPlace(row.ID, row.PlaceSealed)
		if err != nil {
			return nil, err
		}
		out[i] = MemberSession{ID: row.ID, Method: row.Method, Place: place, CreatedAt: row.CreatedAt.UTC(), SeenAt: row.SeenAt.UTC()}
	}
	return out, nil
}

// EndSession ends a session of an account; it fails with not_found for one of somebody else. Ending twice is fine.
func (s *Store) EndSession(ctx context.Context, memberID, id models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row memberSessionRow
		if err := tx.Where("id = ? AND member_id = ?", id, memberID).Take(&row).Error; err != nil {
			return missing(err, "session")
		}
		return tx.Model(&memberSessionRow{}).Where("id = ? AND ended_at IS NULL", id).Update("ended_at", s.now()).Error
	})
}

// EndOtherSessions ends the sessions of an account but the one to keep; zero keeps none.
func (s *Store) EndOtherSessions(ctx context.Context, memberID, keep models.ID) error {
	return unavailable(endSessions(s.read(ctx), memberID, keep, s.now()))
}

func endSessions(tx *gorm.DB, memberID, keep models.ID, now time.Time) error {
	q := tx.Model(&memberSessionRow{}).Where("member_id = ? AND ended_at IS NULL", memberID)
	if !keep.IsZero() {
		q = q.Where("id <> ?", keep)
	}
	return q.Update("ended_at", now).Error
}

// noteEvent writes a line into a person's own log.
func (s *Store) noteEvent(tx *gorm.DB, memberID models.ID, kind string, p Place) error {
	id := newID()
	sealed, err := s.sealPlace(id, p)
	if err != nil {
		return err
	}
	return tx.Create(&memberEventRow{ID: id, MemberID: memberID, At: s.now(), Kind: kind, PlaceSealed: sealed}).Error
}

// MemberEvents are the latest lines of a person's own log, the newest first: what they did, and what others tried in their name.
func (s *Store) MemberEvents(ctx context.Context, memberID models.ID) ([]MemberEvent, error) {
	var rows []memberEventRow
	err := s.read(ctx).Raw(`SELECT id, at, kind, place_sealed FROM member_events WHERE member_id = ? UNION ALL
		SELECT a.id, a.at, 'wrong_' || a.kind, a.place_sealed FROM sign_in_attempts a JOIN members m USING (email_index) WHERE m.id = ?
		ORDER BY at DESC, id LIMIT ?`, memberID, memberID, eventsShown).Scan(&rows).Error
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]MemberEvent, len(rows))
	for i, row := range rows {
		place, err := s.openPlace(row.ID, row.PlaceSealed)
		if err != nil {
			return nil, err
		}
		out[i] = MemberEvent{At: row.At.UTC(), Kind: row.Kind, Place: place}
	}
	return out, nil
}
