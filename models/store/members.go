package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/member"
)

// Member is a person's account. What it signs in with is in Credentials.
type Member struct {
	ID           models.ID
	ControllerID models.ID // of a customer's people; zero for the operator's staff
	Role         models.Role
	State        member.State
	Email        models.Personal
	Name         models.Personal
	Password     bool // has one
	PasswordAt   time.Time
	TOTP         bool // an authenticator app is set up
	Passkeys     int
	CreatedAt    time.Time
	SeenAt       time.Time // of its latest session; zero when there was none
}

// Factor reports whether the account has a second factor.
func (m Member) Factor() bool { return m.TOTP || m.Passkeys > 0 }

// Scope is what the account may see.
func (m Member) Scope() models.Scope {
	if m.Role.Staff() {
		return models.ScopeOperator()
	}
	return models.ScopeOf(m.ControllerID)
}

// Principal is the caller that the account is.
func (m Member) Principal() models.Principal {
	return models.Principal{Actor: models.Actor{Role: m.Role, ID: m.ID}, Name: m.Name.Reveal(), Scope: m.Scope()}
}

// MemberSpec is an account to be made.
type MemberSpec struct {
	ControllerID models.ID // zero for staff
	Role         models.Role
	Name         models.Personal
	Email        models.Personal
}

type memberRow struct {
	ID            models.ID `gorm:"primaryKey"`
	ControllerID  models.ID
	Role          models.Role
	State         member.State
	EmailIndex    []byte
	EmailSealed   []byte
	NameSealed    []byte
	PasswordHash  string
	PasswordAt    *time.Time
	TOTPSealed    []byte     `gorm:"column:totp_sealed"`
	TOTPAt        *time.Time `gorm:"column:totp_at"`
	TOTPStep      int64      `gorm:"column:totp_step"`
	SSOIndex      []byte     `gorm:"column:sso_index"`
	CreatedAt     time.Time  `gorm:"autoCreateTime:false"`
	ActivatedAt   *time.Time
	DeactivatedAt *time.Time
}

func (memberRow) TableName() string { return "members" }

func memberPlace(what string, id models.ID) string { return "members." + what + "/" + id.String() }

// addressIndex is by what accounts and attempts are found, for any text that is taken for an address.
func (s *Store) addressIndex(email models.Personal) []byte {
	address := member.Address(email)
	if address == "" {
		address = email
	}
	return s.vault.Index(models.ID{}, "member", address.Reveal())
}

// InviteMember makes an account and orders the mail with its one-time link. It fails with what member.Check finds, with role_forbidden when the actor
// may not manage such an account, with not_found for a controller outside the scope, and with member_exists.
func (s *Store) InviteMember(ctx context.Context, scope models.Scope, actor models.Actor, spec MemberSpec) (Member, error) {
	m, _, err := s.invite(ctx, scope, actor, spec, true)
	return m, err
}

// InviteFirst is InviteMember for the command line: nothing is mailed, and the token of the one-time link is returned.
func (s *Store) InviteFirst(ctx context.Context, spec MemberSpec) (m Member, token string, err error) {
	return s.invite(ctx, models.ScopeOperator(), models.System(), spec, false)
}

func (s *Store) invite(ctx context.Context, scope models.Scope, actor models.Actor, spec MemberSpec, mailed bool) (out Member, token string, err error) {
	if err := member.Check(spec.Role, spec.ControllerID, spec.Name, spec.Email); err != nil {
		return Member{}, "", err
	}
	if actor != models.System() && !member.MayManage(actor.Role, spec.Role) {
		return Member{}, "", mayNotManage()
	}
	err = s.tx(ctx, func(tx *gorm.DB) error {
		if spec.Role.Customer() {
			if !scope.Allows(spec.ControllerID) {
				return notFound("controller")
			}
			if _, err := controllerByID(tx, spec.ControllerID); err != nil {
				return err
			}
		}
		id, own := newID(), s.vault.Own()
		row := memberRow{
			ID: id, ControllerID: spec.ControllerID, Role: spec.Role, State: member.Invited, EmailIndex: s.addressIndex(spec.Email),
			EmailSealed: own.Seal(memberPlace("email", id), []byte(member.Address(spec.Email).Reveal())),
			NameSealed:  own.Seal(memberPlace("name", id), []byte(spec.Name.Reveal())), CreatedAt: s.now(),
		}
		if err := tx.Create(&row).Error; violates(err) {
			return models.Errorf(models.Conflict, "member_exists", "There is an account with this address already.").At("/email")
		} else if err != nil {
			return err
		}
		if token, err = s.newLink(tx, row.ID, row.EmailIndex, LinkInvitation, mailed, nil); err != nil {
			return err
		}
		if err := s.recordMember(tx, row, actor, "member.invited", nil); err != nil {
			return err
		}
		if spec.Role.Customer() && !actor.Role.Customer() {
			facts := map[string]string{"to": string(spec.Role)}
			if err := s.alertRole(tx, models.RoleController, spec.ControllerID, member.AlertCustomerAdded, facts); err != nil {
				return err
			}
		}
		out, err = s.memberOf(tx, row)
		return err
	})
	return out, token, err
}

func mayNotManage() error {
	return models.Errorf(models.Forbidden, "role_forbidden", "Your role may not do this.")
}

// recordMember writes what happened to an account into the ledger, by its identifier.
func (s *Store) recordMember(tx *gorm.DB, row memberRow, actor models.Actor, kind string, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	data["member_id"], data["role"] = row.ID, row.Role
	return s.recordFor(tx, row.ControllerID, models.ID{}, actor, kind, data)
}

// memberOf opens a row.
func (s *Store) memberOf(tx *gorm.DB, row memberRow) (Member, error) {
	out := Member{
		ID: row.ID, ControllerID: row.ControllerID, Role: row.Role, State: row.State, Password: row.PasswordHash != "", PasswordAt: instant(row.PasswordAt),
		TOTP: row.TOTPAt != nil, CreatedAt: row.CreatedAt.UTC(),
	}
	email, err := s.vault.Own().Open(memberPlace("email", row.ID), row.EmailSealed)
	if err != nil {
		return Member{}, err
	}
	name, err := s.vault.Own().Open(memberPlace("name", row.ID), row.NameSealed)
	if err != nil {
		return Member{}, err
	}
	out.Email, out.Name = models.Personal(email), models.Personal(name)
	var facts struct {
		Passkeys int
		SeenAt   *time.Time
	}
	err = tx.Raw(`SELECT (SELECT count(*) FROM member_passkeys WHERE member_id = ?) AS passkeys,
		(SELECT max(seen_at) FROM member_sessions WHERE member_id = ?) AS seen_at`, row.ID, row.ID).Scan(&facts).Error
	out.Passkeys, out.SeenAt = facts.Passkeys, instant(facts.SeenAt)
	return out, unavailable(err)
}

// Members are the accounts inside the scope: those that may sign in first, each group by when it was made.
func (s *Store) Members(ctx context.Context, scope models.Scope) ([]Member, error) {
	tx := s.read(ctx)
	var rows []memberRow
	if err := scoped(tx, scope).Order("state = 'deactivated', controller_id NULLS FIRST, created_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Member, len(rows))
	for i, row := range rows {
		m, err := s.memberOf(s.read(ctx), row)
		if err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

// MemberByID is one account inside the scope; it fails with not_found.
func (s *Store) MemberByID(ctx context.Context, scope models.Scope, id models.ID) (Member, error) {
	row, err := memberByID(s.read(ctx), scope, id)
	if err != nil {
		return Member{}, err
	}
	return s.memberOf(s.read(ctx), row)
}

func memberByID(tx *gorm.DB, scope models.Scope, id models.ID) (memberRow, error) {
	var row memberRow
	err := scoped(tx, scope).Where("id = ?", id).Take(&row).Error
	return row, missing(err, "member")
}

// change does something to an account that the actor manages, in one transaction. Nobody manages their own account, so that the last administrator
// does not lock everybody out.
func (s *Store) changeMember(ctx context.Context, scope models.Scope, actor models.Actor, id models.ID, do func(tx *gorm.DB, row memberRow) error) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		row, err := memberByID(forUpdate(tx), scope, id)
		switch {
		case err != nil:
			return err
		case actor != models.System() && !member.MayManage(actor.Role, row.Role):
			return mayNotManage()
		case actor.ID == id:
			return models.Errorf(models.Conflict, "own_account", "Somebody else must do this to your account.")
		case row.State == member.Deactivated:
			return models.Errorf(models.Conflict, "member_deactivated", "The account has been deactivated.")
		}
		return do(tx, row)
	})
}

// DeactivateMember ends an account with its sessions and links, at once and for good. It fails with not_found, role_forbidden, own_account or
// member_deactivated.
func (s *Store) DeactivateMember(ctx context.Context, scope models.Scope, actor models.Actor, id models.ID) error {
	return s.changeMember(ctx, scope, actor, id, func(tx *gorm.DB, row memberRow) error { return s.deactivate(tx, row, actor) })
}

func (s *Store) deactivate(tx *gorm.DB, row memberRow, actor models.Actor) error {
	now := s.now()
	err := tx.Model(&memberRow{}).Where("id = ?", row.ID).Updates(map[string]any{
		"state": member.Deactivated, "deactivated_at": now, "password_hash": "", "totp_sealed": nil, "totp_at": nil, "sso_index": nil,
	}).Error
	if err == nil {
		err = endSessions(tx, row.ID, models.ID{}, now)
	}
	if err == nil {
		err = endLinks(tx, row.ID, now)
	}
	if err == nil {
		err = dropFactors(tx, row.ID)
	}
	if err != nil {
		return err
	}
	if err := s.recordMember(tx, row, actor, "member.deactivated", nil); err != nil || row.State == member.Invited {
		return err
	}
	return s.happened(tx, row.ID, member.AlertDeactivated, Place{}, nil)
}

// ChangeMemberRole gives an account another role of its kind. It fails as DeactivateMember does, also where the actor may not
// manage accounts of the new role, and with bad_member_role.
func (s *Store) ChangeMemberRole(ctx context.Context, scope models.Scope, actor models.Actor, id models.ID, role models.Role) error {
	return s.changeMember(ctx, scope, actor, id, func(tx *gorm.DB, row memberRow) error {
		if err := member.CheckRole(role, row.ControllerID); err != nil {
			return err
		}
		if actor != models.System() && !member.MayManage(actor.Role, role) {
			return mayNotManage()
		}
		if row.Role == role {
			return nil
		}
		if err := tx.Model(&memberRow{}).Where("id = ?", id).Update("role", role).Error; err != nil {
			return err
		}
		if err := endSessions(tx, id, models.ID{}, s.now()); err != nil { // what they may see has changed
			return err
		}
		if err := s.recordMember(tx, row, actor, "member.role_changed", map[string]any{"to": role}); err != nil || row.State == member.Invited {
			return err
		}
		return s.happened(tx, id, member.AlertRole, Place{}, map[string]string{"from": string(row.Role), "to": string(role)})
	})
}

// ReinviteMember sends a new link: to an account that was never used another invitation, to an active one a link for a new password. The links before
// it end. It fails as DeactivateMember does.
func (s *Store) ReinviteMember(ctx context.Context, scope models.Scope, actor models.Actor, id models.ID) error {
	return s.changeMember(ctx, scope, actor, id, func(tx *gorm.DB, row memberRow) error {
		purpose := linkFor(row)
		if _, err := s.newLink(tx, id, row.EmailIndex, purpose, true, nil); err != nil {
			return err
		}
		return s.recordMember(tx, row, actor, "member.link_sent", map[string]any{"purpose": purpose})
	})
}

// ResetFactors takes the second factors of an account away, for somebody who has lost them, and ends its sessions. It fails as DeactivateMember does.
func (s *Store) ResetFactors(ctx context.Context, scope models.Scope, actor models.Actor, id models.ID) error {
	return s.changeMember(ctx, scope, actor, id, func(tx *gorm.DB, row memberRow) error { return s.resetFactors(tx, row, actor) })
}

func (s *Store) resetFactors(tx *gorm.DB, row memberRow, actor models.Actor) error {
	if err := tx.Model(&memberRow{}).Where("id = ?", row.ID).Updates(map[string]any{"totp_sealed": nil, "totp_at": nil}).Error; err != nil {
		return err
	}
	if err := dropFactors(tx, row.ID); err != nil {
		return err
	}
	if err := endSessions(tx, row.ID, models.ID{}, s.now()); err != nil {
		return err
	}
	if err := s.recordMember(tx, row, actor, "member.factors_reset", nil); err != nil || row.State == member.Invited {
		return err
	}
	return s.happened(tx, row.ID, member.AlertFactorsReset, Place{}, nil)
}

// RecoverMember is for the command line, where it helps somebody who has lost everything and whom nobody else may help: it takes the second factors away
// and returns the token of a one-time link for a new password, which is not mailed. Their address is told, and the ledger. It fails with not_found or
// member_deactivated.
func (s *Store) RecoverMember(ctx context.Context, id models.ID) (token string, err error) {
	err = s.changeMember(ctx, models.ScopeOperator(), models.System(), id, func(tx *gorm.DB, row memberRow) error {
		if err := s.resetFactors(tx, row, models.System()); err != nil {
			return err
		}
		purpose := linkFor(row)
		if token, err = s.newLink(tx, id, row.EmailIndex, purpose, false, nil); err != nil {
			return err
		}
		return s.recordMember(tx, row, models.System(), "member.recovered", map[string]any{"purpose": purpose})
	})
	return token, err
}

// linkFor is what a new link of an account is for: to open one that was never used, or to set a new password.
func linkFor(row memberRow) LinkPurpose {
	if row.State == member.Active {
		return LinkPassword
	}
	return LinkInvitation
}

func dropFactors(tx *gorm.DB, id models.ID) error {
	for _, row := range []any{&passkeyRow{}, &recoveryCodeRow{}, &deviceRow{}} {
		if err := tx.Where("member_id = ?", id).Delete(row).Error; err != nil {
			return err
		}
	}
	return nil
}

// forUpdate locks the rows that are read for the rest of the transaction.
func forUpdate(tx *gorm.DB) *gorm.DB {
	return tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}
