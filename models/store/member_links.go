package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/member"
	"habeas/models/store/vault"
)

// LinkPurpose is what a one-time link is for.
type LinkPurpose string

const (
	LinkInvitation LinkPurpose = "invitation" // to open an account
	LinkPassword   LinkPurpose = "password"   // to set a new password
)

// Lifetimes of the links, and how many an address gets within an hour.
const (
	invitationFor   = 7 * 24 * time.Hour
	passwordLinkFor = 30 * time.Minute
	linksPerHour    = 3
	linkMails       = 8 // attempts to send one
)

// MemberLink is a one-time link as it is looked at.
type MemberLink struct {
	Purpose   LinkPurpose
	Member    Member
	ExpiresAt time.Time
}

// LinkMail is a link that waits to be sent.
type LinkMail struct {
	ID        models.ID // for the Message-ID
	Purpose   LinkPurpose
	Member    Member
	Token     string
	AskedAt   time.Time // zero where whoever manages accounts ordered it
	Place     Place     // from where it was asked for
	ExpiresAt time.Time
}

type memberLinkRow struct {
	ID          models.ID `gorm:"primaryKey"`
	MemberID    models.ID
	EmailIndex  []byte
	Purpose     LinkPurpose
	TokenHash   []byte
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
	ExpiresAt   time.Time
	EndedAt     *time.Time
	Used        bool
	MailAt      *time.Time
	Attempts    int
	PlaceSealed []byte // nil where whoever manages accounts ordered it
}

func (memberLinkRow) TableName() string { return "member_links" }

// newLink makes a link; those before it end. Without a member it is for nobody.
func (s *Store) newLink(tx *gorm.DB, memberID models.ID, emailIndex []byte, purpose LinkPurpose, mailed bool, from *Place) (token string, err error) {
	now, id, valid := s.now(), newID(), invitationFor
	if purpose == LinkPassword {
		valid = passwordLinkFor
	}
	if err := endLinks(tx, memberID, now); err != nil {
		return "", err
	}
	token = s.vault.Token("member link", id)
	row := memberLinkRow{ID: id, MemberID: memberID, EmailIndex: emailIndex, Purpose: purpose, TokenHash: vault.HashToken(token), CreatedAt: now, ExpiresAt: now.Add(valid)}
	if mailed && !memberID.IsZero() {
		row.MailAt = &now
	}
	if from != nil {
		if row.PlaceSealed, err = s.sealPlace(id, *from); err != nil {
			return "", err
		}
	}
	return token, tx.Create(&row).Error
}

func endLinks(tx *gorm.DB, memberID models.ID, now time.Time) error {
	return tx.Model(&memberLinkRow{}).Where("member_id = ? AND ended_at IS NULL", memberID).Updates(map[string]any{"ended_at": now, "mail_at": nil}).Error
}

// AskNewPassword orders a link for a new password to whoever has the address; its mail says from where it was asked for. It does and answers the same whether or not there is such an account, and
// when the address has got enough links within the hour.
func (s *Store) AskNewPassword(ctx context.Context, email models.Personal, p Place) error {
	index := s.addressIndex(email)
	return s.tx(ctx, func(tx *gorm.DB) error {
		var asked int64
		if err := tx.Model(&memberLinkRow{}).Where("email_index = ? AND created_at > ?", index, s.now().Add(-time.Hour)).Count(&asked).Error; err != nil {
			return err
		}
		var row memberRow
		err := tx.Where("email_index = ? AND state <> ?", index, member.Deactivated).Limit(1).Find(&row).Error
		if err != nil || asked >= linksPerHour {
			return err
		}
		purpose := LinkPassword
		if row.State == member.Invited { // whose invitation has been lost
			purpose = LinkInvitation
		}
		_, err = s.newLink(tx, row.ID, index, purpose, true, &p)
		return err
	})
}

// LinkByToken looks at a link and changes nothing. It fails with not_found, link_used or link_expired.
func (s *Store) LinkByToken(ctx context.Context, token string) (MemberLink, error) {
	_, row, out, err := s.link(s.read(ctx), token)
	if err != nil {
		return MemberLink{}, err
	}
	return MemberLink{Purpose: row.Purpose, Member: out, ExpiresAt: row.ExpiresAt.UTC()}, nil
}

func (s *Store) link(tx *gorm.DB, token string) (m memberRow, row memberLinkRow, out Member, err error) {
	if err := tx.Where("token_hash = ? AND member_id IS NOT NULL", vault.HashToken(token)).Take(&row).Error; err != nil {
		return m, row, out, missing(err, "link")
	}
	switch {
	case row.EndedAt != nil:
		return m, row, out, models.Errorf(models.Conflict, "link_used", "This link has been used, or there is a newer one.")
	case !s.now().Before(row.ExpiresAt):
		return m, row, out, models.Errorf(models.Conflict, "link_expired", "This link has expired.")
	}
	if m, err = memberByID(tx.Session(&gorm.Session{NewDB: true}), models.ScopeOperator(), row.MemberID); err != nil {
		return m, row, out, err
	}
	out, err = s.memberOf(tx.Session(&gorm.Session{NewDB: true}), m)
	return m, row, out, err
}

// UseLink sets a password by a link, which opens an invited account; it ends the account's sessions and its other links. It fails as LinkByToken does.
func (s *Store) UseLink(ctx context.Context, token, passwordHash string, p Place) (out Member, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		m, row, _, err := s.link(forUpdate(tx), token)
		if err != nil {
			return err
		}
		now := s.now()
		if err := tx.Model(&memberLinkRow{}).Where("id = ?", row.ID).Update("used", true).Error; err != nil {
			return err
		}
		if err := s.activate(tx, m, map[string]any{"password_hash": passwordHash, "password_at": now}, p); err != nil {
			return err
		}
		if err := endSessions(tx, m.ID, models.ID{}, now); err != nil {
			return err
		}
		if m, err = memberByID(tx, models.ScopeOperator(), m.ID); err == nil {
			out, err = s.memberOf(tx, m)
		}
		return err
	})
	return out, err
}

// activate writes an account's password and opens the account when it was invited; links that are still open end. Who had one before is told by mail.
func (s *Store) activate(tx *gorm.DB, m memberRow, columns map[string]any, p Place) error {
	now, kind := s.now(), "member.password_set"
	if m.State == member.Invited {
		columns["state"], columns["activated_at"], kind = member.Active, now, "member.activated"
	}
	if err := tx.Model(&memberRow{}).Where("id = ?", m.ID).Updates(columns).Error; err != nil {
		return err
	}
	if err := endLinks(tx, m.ID, now); err != nil {
		return err
	}
	if err := s.recordMember(tx, m, models.Actor{Role: m.Role, ID: m.ID}, kind, nil); err != nil {
		return err
	}
	if m.State == member.Invited {
		return s.noteEvent(tx, m.ID, string(member.AlertPassword), p)
	}
	return s.happened(tx, m.ID, member.AlertPassword, p, nil)
}

// ClaimLinkMails are up to n links that wait to be sent; nobody else gets them for the length of the lease.
func (s *Store) ClaimLinkMails(ctx context.Context, n int, lease time.Duration) (out []LinkMail, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		out = nil
		var rows []memberLinkRow
		now := s.now()
		err := tx.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
			Where("mail_at <= ? AND ended_at IS NULL AND expires_at > ?", now, now).Order("mail_at").Limit(n).Find(&rows).Error
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := tx.Model(&memberLinkRow{}).Where("id = ?", row.ID).Updates(map[string]any{"mail_at": now.Add(lease), "attempts": row.Attempts + 1}).Error; err != nil {
				return err
			}
			m, err := memberByID(tx, models.ScopeOperator(), row.MemberID)
			if err != nil {
				return err
			}
			one := LinkMail{ID: row.ID, Purpose: row.Purpose, Token: s.vault.Token("member link", row.ID), ExpiresAt: row.ExpiresAt.UTC()}
			if row.PlaceSealed != nil {
				one.AskedAt = row.CreatedAt.UTC()
				if one.Place, err = s.openPlace(row.ID, row.PlaceSealed); err != nil {
					return err
				}
			}
			if one.Member, err = s.memberOf(tx, m); err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

// LinkMailed notes that a link was sent, or with again that sending is to be tried once more after a while, some times at most.
func (s *Store) LinkMailed(ctx context.Context, id models.ID, again bool) error {
	tx := s.read(ctx).Model(&memberLinkRow{}).Where("id = ?", id)
	if again {
		return unavailable(tx.Update("mail_at", gorm.Expr("CASE WHEN attempts < ? THEN ?::timestamptz + attempts * interval '30 seconds' END", linkMails, s.now())).Error)
	}
	return unavailable(tx.Update("mail_at", nil).Error)
}
