package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/request"
)

type suppressionRow struct {
	ID            models.ID `gorm:"primaryKey"`
	ControllerID  models.ID
	RequestID     models.ID
	Kind          string
	IdentityIndex []byte
	AddedAt       time.Time
}

func (suppressionRow) TableName() string { return "suppressions" }

// identityIndex is the keyed index under which an identity is suppressed.
func (s *Store) identityIndex(controller models.ID, i request.Identity) []byte {
	return s.vault.Index(controller, "suppression/"+i.Kind, datamap.Fold(i.Kind, i.Value.Reveal()))
}

// AddSuppression enters the identities of a request's subject into the suppression list of its controller; those that are there stay. It
// fails with not_found or key_destroyed.
func (s *Store) AddSuppression(ctx context.Context, requestID models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		subject, err := s.subject(tx, r)
		if err != nil {
			return err
		}
		added := 0
		for _, i := range subject.Identities {
			row := suppressionRow{
				ID: newID(), ControllerID: r.ControllerID, RequestID: r.ID, Kind: i.Kind,
				IdentityIndex: s.identityIndex(r.ControllerID, i), AddedAt: s.now(),
			}
			result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
			if result.Error != nil {
				return result.Error
			}
			added += int(result.RowsAffected)
		}
		if added == 0 {
			return nil
		}
		return s.record(tx, r, models.System(), "suppression.added", map[string]any{"identities": added})
	})
}

// Suppressed reports for each identity whether it is on the suppression list of the controller. It fails with not_found for a controller
// outside the scope.
func (s *Store) Suppressed(ctx context.Context, scope models.Scope, controller models.ID, identities []request.Identity) ([]bool, error) {
	if !scope.Allows(controller) {
		return nil, notFound("controller")
	}
	out := make([]bool, len(identities))
	for n, i := range identities {
		var found int64
		err := s.read(ctx).Model(&suppressionRow{}).Where("controller_id = ? AND kind = ? AND identity_index = ?",
			controller, i.Kind, s.identityIndex(controller, i)).Count(&found).Error
		if err != nil {
			return nil, unavailable(err)
		}
		out[n] = found > 0
	}
	return out, nil
}
