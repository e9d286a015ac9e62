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
}

func (accessKeyRow) TableName() string { return "access_keys" }

// CreateKey makes an access key; the secret is shown once and stored as a hash. It fails with bad_key_spec.
func (s *Store) CreateKey(ctx context.Context, spec KeySpec) (secret string, id models.ID, err error) {
	customer := spec.Role == models.RoleController
	if (!customer && !spec.Role.Staff()) || customer == spec.ControllerID.IsZero() || spec.Name == "" {
		return "", models.ID{}, models.Errorf(models.Invalid, "bad_key_spec",
			"A key needs a name, and a role of staff or the role controller with a controller.")
	}
	id = newID()
	secret = "habeas_" + string(spec.Role) + "_" + hex.EncodeToString(id[:]) + "_" + rand.Text()
	err = s.tx(ctx, func(tx *gorm.DB) error {
		if customer {
			if _, err := controllerByID(tx, spec.ControllerID); err != nil {
				return err
			}
		}
		row := accessKeyRow{
			ID: id, ControllerID: spec.ControllerID, Role: spec.Role, Name: spec.Name, SecretHash: vault.HashToken(secret),
			CreatedAt: s.now(), ExpiresAt: nullable(spec.ExpiresAt),
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.recordFor(tx, spec.ControllerID, models.ID{}, models.System(), "key.created", map[string]any{"key_id": id, "role": spec.Role})
	})
	return secret, id, err
}

// Authenticate finds who holds a secret. It fails with bad_key, whatever is wrong with it.
func (s *Store) Authenticate(ctx context.Context, secret string) (models.Principal, error) {
	bad := models.Errorf(models.Unauthenticated, "bad_key", "The access key is not valid.")
	var row accessKeyRow
	if err := s.read(ctx).Where("id = ?", keyID(secret)).Take(&row).Error; err != nil {
		if err = missing(err, "key"); models.CodeOf(err) == "not_found" {
			return models.Principal{}, bad
		}
		return models.Principal{}, err
	}
	now := s.now()
	expired := row.ExpiresAt != nil && !now.Before(*row.ExpiresAt)
	if subtle.ConstantTimeCompare(row.SecretHash, vault.HashToken(secret)) != 1 || row.RevokedAt != nil || expired {
		return models.Principal{}, bad
	}
	if row.LastUsedAt == nil || now.Sub(*row.LastUsedAt) >= time.Minute { // not a write for each call
		if err := s.read(ctx).Model(&accessKeyRow{}).Where("id = ?", row.ID).Update("last_used_at", now).Error; err != nil {
			return models.Principal{}, unavailable(err)
		}
	}
	p := models.Principal{Actor: models.Actor{Role: row.Role, ID: row.ID}, Name: row.Name, Scope: models.ScopeOf(row.ControllerID)}
	if row.Role.Staff() {
		p.Scope = models.ScopeOperator()
	}
	return p, nil
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
func (s *Store) RevokeKey(ctx context.Context, scope models.Scope, id models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row accessKeyRow
		if err := scoped(tx, scope).Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "key")
		}
		done := tx.Model(&accessKeyRow{}).Where("id = ? AND revoked_at IS NULL", id).Update("revoked_at", s.now())
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		return s.recordFor(tx, row.ControllerID, models.ID{}, models.System(), "key.revoked", map[string]any{"key_id": id})
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
		out[i] = AccessKey{
			ID: r.ID, Role: r.Role, ControllerID: r.ControllerID, Name: r.Name, CreatedAt: r.CreatedAt.UTC(),
			ExpiresAt: instant(r.ExpiresAt), RevokedAt: instant(r.RevokedAt), LastUsedAt: instant(r.LastUsedAt),
		}
	}
	return out, nil
}
