package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/store/vault"
)

// KeySpec is an access key to be made.
type KeySpec struct {
	Role         models.Role
	ControllerID models.ID // of a customer's key; zero for the operator's staff
	Name         string    // of the staff member or of the system that uses it
	ExpiresAt    time.Time // zero for never
	Grants       []models.Grant
	By           models.Actor // who makes it; zero is Habeas itself
	Holder       models.ID    // the member for whom it is made; zero for its maker
}

func (k KeySpec) check() error {
	customer := k.Role == models.RoleController
	if (!customer && !k.Role.Staff()) || customer == k.ControllerID.IsZero() || k.Name == "" {
		return models.Errorf(models.Invalid, "bad_key_spec", "A key needs a name, and a role of staff or the role controller with a controller.")
	}
	return nil
}

// AccessKey is a key without its secret.
type AccessKey struct {
	ID           models.ID
	Role         models.Role
	ControllerID models.ID
	Name         string
	CreatedAt    time.Time
	ExpiresAt    time.Time // zero for never
	RevokedAt    time.Time // zero while valid
	LastUsedAt   time.Time // to the minute; zero until used
	Grants       []models.Grant
	RotatedAt    time.Time // of the last rotation; zero without one
	FormerUntil  time.Time // until then the secret before it is valid too; zero when it is not
	FormerUsedAt time.Time // to the minute; when the secret before it was last used
}

// Valid reports whether the key opens anything at an instant.
func (k AccessKey) Valid(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

type accessKeyRow struct {
	ID           models.ID `gorm:"primaryKey"`
	ControllerID models.ID
	Role         models.Role
	Name         string
	SecretHash   []byte
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	ExpiresAt    *time.Time
	RevokedAt    *time.Time
	LastUsedAt   *time.Time
	Scopes       []models.Grant `gorm:"serializer:json"`
	RotatedAt    *time.Time
	FormerHash   []byte
	FormerUntil  *time.Time
	FormerUsedAt *time.Time
	Holders      []models.ID `gorm:"serializer:json"` // members who had a secret of it in their hands
}

func (accessKeyRow) TableName() string { return "access_keys" }

// CreateKey makes an access key; the secret is shown once and stored as a hash. It fails with bad_key_spec
// or bad_holder.
func (s *Store) CreateKey(ctx context.Context, spec KeySpec) (secret string, id models.ID, err error) {
	if err := spec.check(); err != nil {
		return "", models.ID{}, err
	}
	id = newID()
	secret = newKeySecret(spec.Role, id)
	err = s.tx(ctx, func(tx *gorm.DB) error {
		if spec.Role == models.RoleController {
			if _, err := controllerByID(tx, spec.ControllerID); err != nil {
				return err
			}
		}
		holders, err := spec.holdersOf(tx)
		if err != nil {
			return err
		}
		row := accessKeyRow{
			ID: id, ControllerID: spec.ControllerID, Role: spec.Role, Name: spec.Name, SecretHash: vault.HashToken(secret),
			CreatedAt: s.now(), ExpiresAt: nullable(spec.ExpiresAt), Scopes: append([]models.Grant{}, spec.Grants...), Holders: holders,
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if err := s.tellOfKey(tx, row, spec.By); err != nil {
			return err
		}
		return s.recordFor(tx, spec.ControllerID, models.ID{}, orSystem(spec.By), "key.created", map[string]any{"key_id": id, "role": spec.Role, "scopes": row.Scopes})
	})
	return secret, id, err
}

func newKeySecret(role models.Role, id models.ID) string {
	return "habeas_" + string(role) + "_" + hex.EncodeToString(id[:]) + "_" + rand.Text()
}

func orSystem(by models.Actor) models.Actor {
	if by.Role == "" {
		return models.System()
	}
	return by
}

// Authenticate finds who holds a key's secret, or the one before its last rotation while that is valid. It fails with bad_key, whatever is wrong.
func (s *Store) Authenticate(ctx context.Context, secret string) (models.Principal, error) {
	row, err := s.validKey(ctx, keyID(secret))
	if err != nil {
		return models.Principal{}, err
	}
	used, ok := row.holds(vault.HashToken(secret), s.now())
	if !ok {
		return models.Principal{}, badKey()
	}
	if err := s.used(ctx, row, used); err != nil {
		return models.Principal{}, err
	}
	return row.principal(), nil
}

func badKey() error {
	return models.Errorf(models.Unauthenticated, "bad_key", "The access key is not valid.")
}

// validKey is a key that is neither revoked nor expired; it fails with bad_key.
func (s *Store) validKey(ctx context.Context, id models.ID) (accessKeyRow, error) {
	var row accessKeyRow
	if err := s.read(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		if err = missing(err, "key"); models.CodeOf(err) == "not_found" {
			return row, badKey()
		}
		return row, err
	}
	if !row.key().Valid(s.now()) {
		return row, badKey()
	}
	return row, nil
}

// holds reports whether a hash is that of the key's secret, or of the former one while that is valid, and names the column that notes its use.
func (r accessKeyRow) holds(hash []byte, now time.Time) (used string, ok bool) {
	if subtle.ConstantTimeCompare(r.SecretHash, hash) == 1 {
		return "last_used_at", true
	}
	former := r.FormerHash != nil && r.FormerUntil != nil && now.Before(*r.FormerUntil)
	return "former_used_at", former && subtle.ConstantTimeCompare(r.FormerHash, hash) == 1
}

// used notes that a secret was used, at most once a minute.
func (s *Store) used(ctx context.Context, row accessKeyRow, column string) error {
	last, now := row.LastUsedAt, s.now()
	if column == "former_used_at" {
		last = row.FormerUsedAt
	}
	if last != nil && now.Sub(*last) < time.Minute {
		return nil
	}
	return unavailable(s.read(ctx).Model(&accessKeyRow{}).Where("id = ?", row.ID).Update(column, now).Error)
}

func (r accessKeyRow) principal() models.Principal {
	p := models.Principal{Actor: models.Actor{Role: r.Role, ID: r.ID}, Name: r.Name, Scope: models.ScopeOf(r.ControllerID)}
	if r.Role.Staff() {
		p.Scope = models.ScopeOperator()
	}
	if len(r.Scopes) > 0 {
		p.Grants = r.Scopes
	}
	return p
}

// keyID is the identifier inside a secret; zero, which no row has, when there is none.
func keyID(secret string) models.ID {
	parts := strings.Split(secret, "_")
	if len(parts) < 4 || parts[0] != "habeas" { // the role may hold an underscore of its own
		return models.ID{}
	}
	b, err := hex.DecodeString(parts[len(parts)-2])
	if err != nil || len(b) != len(models.ID{}) {
		return models.ID{}
	}
	return models.ID(b)
}

// RevokeKey ends a key inside the scope; it fails with not_found. Revoking twice is fine.
func (s *Store) RevokeKey(ctx context.Context, scope models.Scope, by models.Actor, id models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row accessKeyRow
		if err := scoped(tx, scope).Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "key")
		}
		done := tx.Model(&accessKeyRow{}).Where("id = ? AND revoked_at IS NULL", id).Update("revoked_at", s.now())
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		return s.recordFor(tx, row.ControllerID, models.ID{}, by, "key.revoked", map[string]any{"key_id": id})
	})
}

// Keys are the keys inside the scope, newest first.
func (s *Store) Keys(ctx context.Context, scope models.Scope) ([]AccessKey, error) {
	var rows []accessKeyRow
	if err := scoped(s.read(ctx), scope).Order("created_at DESC, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]AccessKey, len(rows))
	for i, r := range rows {
		out[i] = r.key()
		if !s.now().Before(out[i].FormerUntil) {
			out[i].FormerUntil = time.Time{}
		}
	}
	return out, nil
}

func (r accessKeyRow) key() AccessKey {
	return AccessKey{
		ID: r.ID, Role: r.Role, ControllerID: r.ControllerID, Name: r.Name, CreatedAt: r.CreatedAt.UTC(),
		ExpiresAt: instant(r.ExpiresAt), RevokedAt: instant(r.RevokedAt), LastUsedAt: instant(r.LastUsedAt), Grants: r.Scopes,
		RotatedAt: instant(r.RotatedAt), FormerUntil: instant(r.FormerUntil), FormerUsedAt: instant(r.FormerUsedAt),
	}
}
