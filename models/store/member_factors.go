package store

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/member"
)

type recoveryCodeRow struct {
	MemberID models.ID `gorm:"primaryKey"`
	CodeHash []byte    `gorm:"primaryKey"`
	UsedAt   *time.Time
}

func (recoveryCodeRow) TableName() string { return "member_recovery_codes" }

// recoveryCodes is how many a person gets at once.
const recoveryCodes = 10

// BeginTOTP keeps the secret of an authenticator app that is being set up; one that counts already stays until ConfirmTOTP.
func (s *Store) BeginTOTP(ctx context.Context, memberID models.ID, secret models.Personal) error {
	return unavailable(s.read(ctx).Model(&memberRow{}).Where("id = ? AND state = ? AND totp_at IS NULL", memberID, member.Active).
		Update("totp_sealed", s.vault.Own().Seal(memberPlace("totp", memberID), []byte(secret.Reveal()))).Error)
}

// TOTP is the secret of an account's authenticator app, and whether it counts yet; empty when none was begun.
func (s *Store) TOTP(ctx context.Context, memberID models.ID) (secret models.Personal, counts bool, err error) {
	row, err := memberByID(s.read(ctx), models.ScopeOperator(), memberID)
	if err != nil || row.TOTPSealed == nil {
		return "", false, err
	}
	plain, err := s.vault.Own().Open(memberPlace("totp", memberID), row.TOTPSealed)
	return models.Personal(plain), row.TOTPAt != nil, err
}

// TakeTOTP takes a code of a step (its number since 1970) and with confirm makes the app count, as the person is told. It fails with code_used for a step that is not later than
// the last one: a code that was seen by somebody opens nothing again.
func (s *Store) TakeTOTP(ctx context.Context, memberID models.ID, step int64, confirm bool, p Place) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		m, err := memberByID(forUpdate(tx), models.ScopeOperator(), memberID)
		if err != nil {
			return err
		}
		if m.TOTPSealed == nil || (m.TOTPAt == nil) != confirm || step <= m.TOTPStep {
			return models.Errorf(models.Conflict, "code_used", "This code has been used; wait for the next one.")
		}
		columns := map[string]any{"totp_step": step}
		if confirm {
			columns["totp_at"] = s.now()
		}
		if err := tx.Model(&memberRow{}).Where("id = ?", memberID).Updates(columns).Error; err != nil || !confirm {
			return err
		}
		return s.factorChanged(tx, m, member.AlertFactorAdded, "totp", p)
	})
}

// factorChanged writes a second factor that was added or removed into the ledger and the person's own log, and orders the mail about it.
func (s *Store) factorChanged(tx *gorm.DB, m memberRow, kind member.Alert, factor string, p Place) error {
	if err := s.recordMember(tx, m, models.Actor{Role: m.Role, ID: m.ID}, "member."+string(kind), map[string]any{"factor": factor}); err != nil {
		return err
	}
	return s.happened(tx, m.ID, kind, p, map[string]string{"factor": factor})
}

// DropTOTP takes the authenticator app away.
func (s *Store) DropTOTP(ctx context.Context, memberID models.ID, p Place) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		m, err := memberByID(forUpdate(tx), models.ScopeOperator(), memberID)
		if err != nil {
			return err
		}
		if err := tx.Model(&memberRow{}).Where("id = ?", memberID).Updates(map[string]any{"totp_sealed": nil, "totp_at": nil}).Error; err != nil || m.TOTPAt == nil {
			return err
		}
		return s.factorChanged(tx, m, member.AlertFactorRemoved, "totp", p)
	})
}

// NewRecoveryCodes makes codes that each open the account once in place of its second factor; they are shown once, and those before them end.
func (s *Store) NewRecoveryCodes(ctx context.Context, memberID models.ID, p Place) (codes []string, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		codes = nil
		m, err := memberByID(forUpdate(tx), models.ScopeOperator(), memberID)
		if err != nil {
			return err
		}
		if err := tx.Where("member_id = ?", memberID).Delete(&recoveryCodeRow{}).Error; err != nil {
			return err
		}
		for range recoveryCodes {
			text := rand.Text()[:16] // 80 bits
			codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
			if err := tx.Create(&recoveryCodeRow{MemberID: memberID, CodeHash: s.vault.HashCode(memberID, text)}).Error; err != nil {
				return err
			}
		}
		if err := s.recordMember(tx, m, models.Actor{Role: m.Role, ID: m.ID}, "member.recovery_codes_made", nil); err != nil {
			return err
		}
		return s.happened(tx, memberID, member.AlertCodesMade, p, nil)
	})
	return codes, err
}

// UseRecoveryCode takes a recovery code, written with or without hyphens; ok is false for one that is wrong or used.
func (s *Store) UseRecoveryCode(ctx context.Context, memberID models.ID, code string, p Place) (ok bool, err error) {
	plain := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	err = s.tx(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&recoveryCodeRow{}).Where("member_id = ? AND code_hash = ? AND used_at IS NULL", memberID, s.vault.HashCode(memberID, plain)).Update("used_at", s.now())
		ok = done.RowsAffected == 1
		if done.Error != nil || !ok {
			return done.Error
		}
		m, err := memberByID(tx, models.ScopeOperator(), memberID)
		if err != nil {
			return err
		}
		if err := s.recordMember(tx, m, models.Actor{Role: m.Role, ID: m.ID}, "member.recovery_code_used", nil); err != nil {
			return err
		}
		left, err := recoveryCodesLeft(tx, memberID)
		if err != nil {
			return err
		}
		return s.happened(tx, memberID, member.AlertRecoveryUsed, p, map[string]string{"left": strconv.FormatInt(left, 10)})
	})
	return ok, err
}

// RecoveryCodesLeft is how many recovery codes an account has.
func (s *Store) RecoveryCodesLeft(ctx context.Context, memberID models.ID) (n int64, err error) {
	n, err = recoveryCodesLeft(s.read(ctx), memberID)
	return n, unavailable(err)
}

func recoveryCodesLeft(tx *gorm.DB, memberID models.ID) (n int64, err error) {
	err = tx.Model(&recoveryCodeRow{}).Where("member_id = ? AND used_at IS NULL", memberID).Count(&n).Error
	return n, err
}

// Passkey is one passkey of an account. Record is the public key with its counters, in the form of whoever verifies it.
type Passkey struct {
	ID         models.ID
	Credential []byte // its identifier
	Record     []byte
	Name       models.Personal // that the person gave it
	CreatedAt  time.Time
	UsedAt     time.Time
}

type passkeyRow struct {
	ID           models.ID `gorm:"primaryKey"`
	MemberID     models.ID
	CredentialID []byte
	RecordSealed []byte
	NameSealed   []byte
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	UsedAt       *time.Time
}

func (passkeyRow) TableName() string { return "member_passkeys" }

// AddPasskey adds a passkey to an account; it fails with passkey_exists.
func (s *Store) AddPasskey(ctx context.Context, memberID models.ID, k Passkey, p Place) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		m, err := memberByID(forUpdate(tx), models.ScopeOperator(), memberID)
		if err != nil {
			return err
		}
		id := newID()
		row := passkeyRow{
			ID: id, MemberID: memberID, CredentialID: k.Credential, RecordSealed: s.vault.Own().Seal(memberPlace("passkey", id), k.Record),
			NameSealed: s.vault.Own().Seal(memberPlace("passkey name", id), []byte(k.Name.Reveal())), CreatedAt: s.now(),
		}
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return models.Errorf(models.Conflict, "passkey_exists", "This passkey is known already.")
		}
		return s.factorChanged(tx, m, member.AlertFactorAdded, "passkey", p)
	})
}

// Passkeys are the passkeys of an account, the oldest first.
func (s *Store) Passkeys(ctx context.Context, memberID models.ID) ([]Passkey, error) {
	var rows []passkeyRow
	if err := s.read(ctx).Where("member_id = ?", memberID).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Passkey, len(rows))
	for i, row := range rows {
		record, err := s.vault.Own().Open(memberPlace("passkey", row.ID), row.RecordSealed)
		if err != nil {
			return nil, err
		}
		name, err := s.vault.Own().Open(memberPlace("passkey name", row.ID), row.NameSealed)
		if err != nil {
			return nil, err
		}
		out[i] = Passkey{ID: row.ID, Credential: row.CredentialID, Record: record, Name: models.Personal(name), CreatedAt: row.CreatedAt.UTC(), UsedAt: instant(row.UsedAt)}
	}
	return out, nil
}

// UsedPasskey keeps a passkey's counters after it was used; it fails with not_found.
func (s *Store) UsedPasskey(ctx context.Context, memberID models.ID, credential, record []byte) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row passkeyRow
		if err := tx.Where("credential_id = ? AND member_id = ?", credential, memberID).Take(&row).Error; err != nil {
			return missing(err, "passkey")
		}
		return tx.Model(&passkeyRow{}).Where("id = ?", row.ID).
			Updates(map[string]any{"record_sealed": s.vault.Own().Seal(memberPlace("passkey", row.ID), record), "used_at": s.now()}).Error
	})
}

// DropPasskey takes a passkey away; it fails with not_found for one of somebody else.
func (s *Store) DropPasskey(ctx context.Context, memberID, id models.ID, p Place) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		m, err := memberByID(forUpdate(tx), models.ScopeOperator(), memberID)
		if err != nil {
			return err
		}
		done := tx.Where("id = ? AND member_id = ?", id, memberID).Delete(&passkeyRow{})
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return notFound("passkey")
		}
		return s.factorChanged(tx, m, member.AlertFactorRemoved, "passkey", p)
	})
}

// MemberBySSO finds the account that an identity provider's subject is bound to; the zero value when there is none that may sign in.
func (s *Store) MemberBySSO(ctx context.Context, issuer, subject string) (Member, error) {
	var row memberRow
	if err := s.read(ctx).Where("sso_index = ? AND state = ?", s.ssoIndex(issuer, subject), member.Active).Limit(1).Find(&row).Error; err != nil || row.ID.IsZero() {
		return Member{}, unavailable(err)
	}
	return s.memberOf(s.read(ctx), row)
}

func (s *Store) ssoIndex(issuer, subject string) []byte {
	return s.vault.Index(models.ID{}, "sso "+issuer, subject)
}

// BindSSO binds an identity provider's subject to the account of an address that the provider vouches for, and opens it when it was invited. It fails with
// not_found when nobody has the address, and with sso_bound when the account belongs to another subject.
func (s *Store) BindSSO(ctx context.Context, issuer, subject string, email models.Personal) (out Member, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		var row memberRow
		if err := forUpdate(tx).Where("email_index = ? AND state <> ?", s.addressIndex(email), member.Deactivated).Take(&row).Error; err != nil {
			return missing(err, "member")
		}
		if row.SSOIndex != nil {
			return models.Errorf(models.Conflict, "sso_bound", "The account belongs to somebody else at the identity provider.")
		}
		columns := map[string]any{"sso_index": s.ssoIndex(issuer, subject)}
		if row.State == member.Invited {
			columns["state"], columns["activated_at"] = member.Active, s.now()
		}
		if err := tx.Model(&memberRow{}).Where("id = ?", row.ID).Updates(columns).Error; err != nil {
			return err
		}
		if err := s.recordMember(tx, row, models.Actor{Role: row.Role, ID: row.ID}, "member.sso_bound", nil); err != nil {
			return err
		}
		if row, err = memberByID(tx, models.ScopeOperator(), row.ID); err == nil {
			out, err = s.memberOf(tx, row)
		}
		return err
	})
	return out, err
}
