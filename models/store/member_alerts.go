package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/member"
)

// alertMails is how often sending a mail about an account is attempted; with the pause growing by half a minute each time that is most of a day.
const alertMails = 50

// MemberAlert is a mail about the safety of an account that waits to be sent.
type MemberAlert struct {
	ID     models.ID // for the Message-ID
	Kind   member.Alert
	Member Member
	At     time.Time // of the latest occurrence
	Times  int       // how many the mail tells of
	Place  Place     // from where; empty for what somebody else did
	Facts  map[string]string
	Key    string // name of the access key that it is about; empty for others
}

type memberAlertRow struct {
	ID          models.ID `gorm:"primaryKey"`
	MemberID    models.ID
	Kind        member.Alert
	At          time.Time
	Times       int
	Facts       map[string]string `gorm:"serializer:json"`
	PlaceSealed []byte
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
	MailAt      *time.Time
	Attempts    int
}

func (memberAlertRow) TableName() string { return "member_alerts" }

// happened writes a line into a person's own log and orders the mail about it.
func (s *Store) happened(tx *gorm.DB, memberID models.ID, kind member.Alert, p Place, facts map[string]string) error {
	if err := s.noteEvent(tx, memberID, string(kind), p); err != nil {
		return err
	}
	return s.alert(tx, memberID, kind, p, facts)
}

// alert orders a mail about an account, or adds to the one that waits for the pace of its kind.
func (s *Store) alert(tx *gorm.DB, memberID models.ID, kind member.Alert, p Place, facts map[string]string) error {
	now := s.now()
	if facts == nil {
		facts = map[string]string{}
	}
	most, within := kind.Pace()
	var recent []memberAlertRow
	err := tx.Where("member_id = ? AND kind = ? AND created_at > ?", memberID, kind, now.Add(-within)).Order("created_at DESC, id").Limit(most + 1).Find(&recent).Error
	if err != nil {
		return err
	}
	if len(recent) > 0 && recent[0].MailAt != nil && recent[0].MailAt.After(now) && recent[0].Attempts == 0 {
		sealed, err := s.sealPlace(recent[0].ID, p)
		if err != nil {
			return err
		}
		row := memberAlertRow{At: now, Times: recent[0].Times + 1, Facts: facts, PlaceSealed: sealed}
		done := tx.Model(&memberAlertRow{}).Where("id = ? AND attempts = 0", recent[0].ID).Select("at", "times", "facts", "place_sealed").Updates(&row)
		if done.Error != nil || done.RowsAffected == 1 { // otherwise it has just been taken to be sent
			return done.Error
		}
	}
	row := memberAlertRow{ID: newID(), MemberID: memberID, Kind: kind, At: now, Times: 1, Facts: facts, CreatedAt: now, MailAt: &now}
	if len(recent) >= most {
		later := recent[most-1].CreatedAt.Add(within)
		row.MailAt = &later
	}
	if row.PlaceSealed, err = s.sealPlace(row.ID, p); err != nil {
		return err
	}
	return tx.Create(&row).Error
}

// alertRole orders a mail to everybody who may sign in with a role inside a controller; zero is the operator's staff.
func (s *Store) alertRole(tx *gorm.DB, role models.Role, controller models.ID, kind member.Alert, facts map[string]string) error {
	q := tx.Model(&memberRow{}).Where("role = ? AND state = ?", role, member.Active)
	if !controller.IsZero() {
		q = q.Where("controller_id = ?", controller)
	}
	var ids []models.ID
	if err := forUpdate(q).Order("id").Pluck("id", &ids).Error; err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.alert(tx, id, kind, Place{}, facts); err != nil {
			return err
		}
	}
	return nil
}

// ClaimMemberAlerts are up to n mails about accounts that wait to be sent; nobody else gets them for the length of the lease.
func (s *Store) ClaimMemberAlerts(ctx context.Context, n int, lease time.Duration) (out []MemberAlert, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		out = nil
		var rows []memberAlertRow
		now := s.now()
		err := tx.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).Where("mail_at <= ?", now).Order("mail_at, id").Limit(n).Find(&rows).Error
		if err != nil {
			return err
		}
		for _, row := range rows {
			columns := map[string]any{"mail_at": now.Add(lease), "attempts": row.Attempts + 1}
			if err := tx.Model(&memberAlertRow{}).Where("id = ?", row.ID).Updates(columns).Error; err != nil {
				return err
			}
			one, err := s.memberAlert(tx, row)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

func (s *Store) memberAlert(tx *gorm.DB, row memberAlertRow) (MemberAlert, error) {
	out := MemberAlert{ID: row.ID, Kind: row.Kind, At: row.At.UTC(), Times: row.Times, Facts: row.Facts}
	m, err := memberByID(tx, models.ScopeOperator(), row.MemberID)
	if err != nil {
		return out, err
	}
	if out.Member, err = s.memberOf(tx, m); err != nil {
		return out, err
	}
	if out.Place, err = s.openPlace(row.ID, row.PlaceSealed); err != nil || row.Facts["key"] == "" {
		return out, err
	}
	var key accessKeyRow
	err = tx.Where("id = ?", row.Facts["key"]).Limit(1).Find(&key).Error
	out.Key = key.Name
	return out, err
}

// MemberAlerted notes that a mail was sent, or with again that sending is to be tried once more after a while, some times at most.
func (s *Store) MemberAlerted(ctx context.Context, id models.ID, again bool) error {
	tx := s.read(ctx).Model(&memberAlertRow{}).Where("id = ?", id)
	if again {
		return unavailable(tx.Update("mail_at", gorm.Expr("CASE WHEN attempts < ? THEN ?::timestamptz + attempts * interval '30 seconds' END", alertMails, s.now())).Error)
	}
	return unavailable(tx.Update("mail_at", nil).Error)
}
