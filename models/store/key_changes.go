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

// MaxOverlap is for how long at most a key's former secret may stay valid.
const MaxOverlap = 30 * 24 * time.Hour

// maxKeyName bounds a key's name, in characters.
const maxKeyName = 200

// KeyLife is for how long a key is valid unless its maker says otherwise, and KeySoon is for how long before its end people are warned.
const (
	KeyLife = 365 * 24 * time.Hour
	KeySoon = 30 * 24 * time.Hour
)

// GiveKey is CreateKey by somebody who is signed in or has a key. No key has more than its maker: a customer makes keys of its own, staff those of roles
// that they have or that may do less, a key with scopes only keys whose scopes it has itself, and no key makes one that outlives it, or one of a data
// protection officer, which takes a person. It fails with key_forbidden, key_needs_person, scope_wider, bad_expiry, bad_key_spec or not_found.
func (s *Store) GiveKey(ctx context.Context, by models.Principal, spec KeySpec) (secret models.Personal, key AccessKey, err error) {
	if own, limited := by.Scope.Controller(); limited {
		if spec.Role != models.RoleController || spec.ControllerID != own {
			return "", key, keyForbidden()
		}
	} else if err := spec.check(); err != nil {
		return "", key, err
	} else if !models.MayGiveKey(by.Role, spec.Role) {
		return "", key, keyForbidden()
	}
	if err := mayGrant(by, spec.Grants); err != nil {
		return "", key, err
	}
	if spec.ExpiresAt, err = s.keyEnd(ctx, by, spec); err != nil {
		return "", key, err
	}
	if len([]rune(spec.Name)) > maxKeyName {
		return "", key, models.Errorf(models.Invalid, "bad_key_spec", "A name has at most %d characters.", maxKeyName).At("/name")
	}
	spec.By = by.Actor
	text, id, err := s.CreateKey(ctx, spec)
	if err != nil {
		return "", key, err
	}
	key, err = s.Key(ctx, by.Scope, id)
	return models.Personal(text), key, err
}

// keyEnd is when a new key expires. What a key makes ends with it at the latest.
func (s *Store) keyEnd(ctx context.Context, by models.Principal, spec KeySpec) (time.Time, error) {
	now, end := s.now(), spec.ExpiresAt
	if end.IsZero() {
		end = now.Add(KeyLife)
	}
	if !end.After(now) {
		return end, models.Errorf(models.Invalid, "bad_expiry", "A key expires in the future.").At("/expires_at")
	}
	maker, isKey, err := keyRow(s.read(ctx), by.ID)
	switch {
	case err != nil || !isKey:
		return end, err
	case spec.Role == models.RoleDPO:
		return end, models.Errorf(models.Forbidden, "key_needs_person", "A person makes a key of a data protection officer, in the console, after showing once more who they are.")
	case maker.ExpiresAt == nil || !end.After(*maker.ExpiresAt):
		return end, nil
	case spec.ExpiresAt.IsZero():
		return maker.ExpiresAt.UTC(), nil
	}
	return end, models.Errorf(models.Invalid, "bad_expiry", "A key that is made with a key does not outlive it.").At("/expires_at")
}

// tellOfKey orders the mails about a key that may do what its addressees may and that somebody else made: to every data protection officer about one of
// theirs, to a customer's administrators about one that the operator's people made for it.
func (s *Store) tellOfKey(tx *gorm.DB, key accessKeyRow, by models.Actor) error {
	facts := map[string]string{"key": key.ID.String()}
	switch {
	case key.Role == models.RoleDPO:
		return s.alertRole(tx, models.RoleDPO, models.ID{}, member.AlertOfficerKey, facts)
	case key.Role == models.RoleController && !by.Role.Customer():
		return s.alertRole(tx, models.RoleController, key.ControllerID, member.AlertCustomerKey, facts)
	}
	return nil
}

func keyForbidden() error {
	return models.Errorf(models.Forbidden, "key_forbidden", "You may not do this with such a key.")
}

// mayGrant refuses a caller with scopes that would come to more than it has.
func mayGrant(by models.Principal, grants []models.Grant) error {
	if len(by.Grants) == 0 {
		return nil
	}
	if _, ok := models.Narrowed(by.Grants, grants); !ok || len(grants) == 0 {
		return models.Errorf(models.Forbidden, "scope_wider", "A key with scopes may only deal with keys whose scopes it has itself.").At("/scopes")
	}
	return nil
}

// Key is one key inside the scope; it fails with not_found.
func (s *Store) Key(ctx context.Context, scope models.Scope, id models.ID) (AccessKey, error) {
	var row accessKeyRow
	if err := scoped(s.read(ctx), scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return AccessKey{}, missing(err, "key")
	}
	return row.key(), nil
}

// RotateKey gives a key another secret, which is returned, while the former one stays valid for the overlap; one that was still valid from an earlier
// rotation ends. Who gets a member of staff's secret could act as that person, so that only its holder rotates such a key, and Habeas' own command
// line. It fails with not_found, key_forbidden, scope_wider, bad_overlap or key_ended.
func (s *Store) RotateKey(ctx context.Context, by models.Principal, id models.ID, overlap time.Duration) (secret models.Personal, key AccessKey, err error) {
	if overlap < 0 || overlap > MaxOverlap {
		return "", key, models.Errorf(models.Invalid, "bad_overlap", "The former secret stays valid for at most %d days.", int(MaxOverlap.Hours()/24)).At("/overlap_hours")
	}
	err = s.tx(ctx, func(tx *gorm.DB) error {
		var row accessKeyRow
		locked := scoped(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), by.Scope)
		if err := locked.Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "key")
		}
		now := s.now()
		if by.Role != models.RoleSystem && by.ID != row.ID && (row.Role.Staff() || !models.MayGiveKey(by.Role, row.Role)) {
			return keyForbidden()
		}
		if err := mayGrant(by, row.Scopes); err != nil {
			return err
		}
		if !row.key().Valid(now) {
			return models.Errorf(models.Conflict, "key_ended", "The key is revoked or has expired; make another.")
		}
		if by.Role != models.RoleSystem {
			people, _, err := peopleOf(tx, by.ID)
			if err != nil {
				return err
			}
			row.Holders = union(row.Holders, people)
		}
		text, until := newKeySecret(row.Role, id), now.Add(overlap)
		row.FormerHash, row.FormerUntil, row.FormerUsedAt = row.SecretHash, &until, row.LastUsedAt
		row.SecretHash, row.RotatedAt, row.LastUsedAt = vault.HashToken(text), &now, nil
		secret, key = models.Personal(text), row.key()
		err := tx.Model(&accessKeyRow{}).Where("id = ?", id).Select("secret_hash", "rotated_at", "former_hash", "former_until", "former_used_at", "last_used_at", "holders").Updates(&row).Error
		if err != nil {
			return err
		}
		return s.recordFor(tx, row.ControllerID, models.ID{}, by.Actor, "key.rotated", map[string]any{"key_id": id, "former_until": until.Format(time.RFC3339)})
	})
	return secret, key, err
}

// EndKey is RevokeKey by somebody who is signed in or has a key; it also fails with scope_wider.
func (s *Store) EndKey(ctx context.Context, by models.Principal, id models.ID) error {
	key, err := s.Key(ctx, by.Scope, id)
	if err != nil {
		return err
	}
	if err := mayGrant(by, key.Grants); err != nil {
		return err
	}
	return s.RevokeKey(ctx, by.Scope, by.Actor, id)
}
