package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/webhook"
)

// Limits of webhooks.
const (
	endpointsOfOne   = 20             // endpoints of a controller
	webhookSecret    = 32             // bytes
	formerSecretLife = 24 * time.Hour // in which a rotated secret still signs
	maxWebhookURL    = 2000
)

// Endpoint is an address at which a controller is told of events. Its secret is shown when it is made and when it is rotated, and not again.
type Endpoint struct {
	ID           models.ID
	ControllerID models.ID
	URL          models.Personal
	Events       []webhook.Kind
	Active       bool
	RotatedUntil time.Time // until then the former secret signs as well; zero: there is none
	CreatedAt    time.Time
}

type endpointRow struct {
	ID           models.ID `gorm:"primaryKey"`
	ControllerID models.ID
	URLSealed    []byte `gorm:"column:url_sealed"`
	SecretSealed []byte
	FormerSealed []byte
	FormerUntil  *time.Time
	Events       []webhook.Kind `gorm:"serializer:json"`
	Active       bool
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt    time.Time `gorm:"autoUpdateTime:false"`
}

func (endpointRow) TableName() string { return "webhook_endpoints" }

func endpointURLPlace(id models.ID) string    { return "webhook_endpoints.url/" + id.String() }
func endpointSecretPlace(id models.ID) string { return "webhook_endpoints.secret/" + id.String() }

// AddEndpoint adds an endpoint of a controller inside the scope and returns its secret, whsec_ and 32 bytes in base64. Whether the address lies
// inside the network is seen when something is sent. It fails with not_found, bad_url, bad_events or too_many_endpoints.
func (s *Store) AddEndpoint(ctx context.Context, scope models.Scope, by models.Actor, e Endpoint) (Endpoint, models.Personal, error) {
	if !scope.Allows(e.ControllerID) {
		return e, "", notFound("controller")
	}
	if err := checkEndpoint(e); err != nil {
		return e, "", err
	}
	e.ID, e.Active, e.CreatedAt = newID(), true, s.now()
	secret := newWebhookSecret()
	own := s.vault.Own()
	row := endpointRow{
		ID: e.ID, ControllerID: e.ControllerID, URLSealed: sealText(own, endpointURLPlace(e.ID), e.URL), Events: e.Events, Active: true,
		SecretSealed: sealText(own, endpointSecretPlace(e.ID), secret), CreatedAt: e.CreatedAt, UpdatedAt: e.CreatedAt,
	}
	err := s.tx(ctx, func(tx *gorm.DB) error {
		lock := clause.Locking{Strength: clause.LockingStrengthUpdate}
		if err := tx.Clauses(lock).Select("id").Where("id = ?", e.ControllerID).Take(&controllerRow{}).Error; err != nil {
			return missing(err, "controller")
		}
		var n int64
		if err := tx.Model(&endpointRow{}).Where("controller_id = ?", e.ControllerID).Count(&n).Error; err != nil {
			return err
		}
		if n >= endpointsOfOne {
			return models.Errorf(models.Conflict, "too_many_endpoints", "A controller has at most %d webhooks.", endpointsOfOne)
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.recordFor(tx, e.ControllerID, models.ID{}, by, "webhook.added", map[string]any{"endpoint_id": e.ID, "events": e.Events})
	})
	return e, secret, err
}

func newWebhookSecret() models.Personal {
	b := make([]byte, webhookSecret)
	_, _ = rand.Read(b) // never fails
	return models.Personal("whsec_" + base64.StdEncoding.EncodeToString(b))
}

func checkEndpoint(e Endpoint) error {
	u, err := url.Parse(e.URL.Reveal())
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(e.URL) > maxWebhookURL || (u.Scheme != "https" && u.Scheme != "http") {
		return models.Errorf(models.Invalid, "bad_url", "The address must be like https://example.com/hooks, without a user name.").At("/url")
	}
	if len(e.Events) == 0 {
		return models.Errorf(models.Invalid, "bad_events", "Choose at least one kind of event.").At("/events")
	}
	for i, k := range e.Events {
		if !k.Known() || slices.Contains(e.Events[:i], k) {
			return models.Errorf(models.Invalid, "bad_events", "There is no such kind of event, or it is named twice.").At("/events")
		}
	}
	return nil
}

// Endpoints are the endpoints inside the scope, oldest first.
func (s *Store) Endpoints(ctx context.Context, scope models.Scope) ([]Endpoint, error) {
	var rows []endpointRow
	if err := scoped(s.read(ctx), scope).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Endpoint, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = s.endpoint(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Endpoint is one endpoint inside the scope; it fails with not_found.
func (s *Store) Endpoint(ctx context.Context, scope models.Scope, id models.ID) (Endpoint, error) {
	var row endpointRow
	if err := scoped(s.read(ctx), scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return Endpoint{}, missing(err, "webhook")
	}
	return s.endpoint(row)
}

func (s *Store) endpoint(row endpointRow) (Endpoint, error) {
	address, err := openText(s.vault.Own(), endpointURLPlace(row.ID), row.URLSealed)
	e := Endpoint{ID: row.ID, ControllerID: row.ControllerID, URL: address, Events: row.Events, Active: row.Active, CreatedAt: row.CreatedAt.UTC()}
	if until := instant(row.FormerUntil); s.now().Before(until) {
		e.RotatedUntil = until
	}
	return e, err
}

// changeEndpoint locks an endpoint inside the scope and changes it, with a ledger entry.
func (s *Store) changeEndpoint(ctx context.Context, scope models.Scope, by models.Actor, id models.ID, kind string, change func(endpointRow) (map[string]any, error)) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row endpointRow
		locked := scoped(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), scope)
		if err := locked.Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "webhook")
		}
		columns, err := change(row)
		if err != nil || columns == nil {
			return err
		}
		columns["updated_at"] = s.now()
		if err := tx.Model(&endpointRow{}).Where("id = ?", id).Updates(columns).Error; err != nil {
			return err
		}
		return s.recordFor(tx, row.ControllerID, models.ID{}, by, kind, map[string]any{"endpoint_id": id})
	})
}

// RotateEndpoint gives an endpoint a new secret and returns it. For 24 hours messages are signed with the former one as well; rotated again
// within them, the one before is worth nothing any more. It fails with not_found.
func (s *Store) RotateEndpoint(ctx context.Context, scope models.Scope, by models.Actor, id models.ID) (models.Personal, error) {
	secret, own := newWebhookSecret(), s.vault.Own()
	err := s.changeEndpoint(ctx, scope, by, id, "webhook.rotated", func(row endpointRow) (map[string]any, error) {
		return map[string]any{
			"secret_sealed": sealText(own, endpointSecretPlace(id), secret), "former_sealed": row.SecretSealed, "former_until": s.now().Add(formerSecretLife),
		}, nil
	})
	return secret, err
}

// SwitchEndpoint turns an endpoint on or off. What waits for one that is off is kept, and is given up when its three days are over. It fails
// with not_found.
func (s *Store) SwitchEndpoint(ctx context.Context, scope models.Scope, by models.Actor, id models.ID, active bool) error {
	kind := "webhook.disabled"
	if active {
		kind = "webhook.enabled"
	}
	return s.changeEndpoint(ctx, scope, by, id, kind, func(row endpointRow) (map[string]any, error) {
		if row.Active == active {
			return nil, nil //nolint:nilnil // there is nothing to change
		}
		return map[string]any{"active": active}, nil
	})
}

// secrets are those that sign now, the newest first.
func (s *Store) secrets(row endpointRow) ([]models.Personal, error) {
	sealed := [][]byte{row.SecretSealed}
	if s.now().Before(instant(row.FormerUntil)) {
		sealed = append(sealed, row.FormerSealed)
	}
	out := make([]models.Personal, len(sealed))
	for i, b := range sealed {
		var err error
		if out[i], err = openText(s.vault.Own(), endpointSecretPlace(row.ID), b); err != nil {
			return nil, err
		}
	}
	return out, nil
}
