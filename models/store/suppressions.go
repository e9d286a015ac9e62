package store

import (
	"context"
	"slices"
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
	Purpose       string
	AddedAt       time.Time
}

func (suppressionRow) TableName() string { return "suppressions" }

// erased is the purpose of an entry that was made by an erasure: it stands against any use.
const erased = "erased"

// identityIndex is the keyed index under which an identity is suppressed.
func (s *Store) identityIndex(controller models.ID, i request.Identity) []byte {
	return s.vault.Index(controller, "suppression/"+i.Kind, datamap.Fold(i.Kind, i.Value.Reveal()))
}

// AddSuppression enters the identities of a request's subject into the suppression list of its controller; those that are there stay. It
// fails with not_found or key_destroyed.
func (s *Store) AddSuppression(ctx context.Context, requestID models.ID) error {
	return s.suppress(ctx, requestID, []string{erased}, "suppression.added", nil)
}

// AddObjection enters them for the purposes that the subject objects to (Art. 21), for which they are suppressed until the list is changed by
// hand: it survives the request's key, and an erasure. It fails as AddSuppression does.
func (s *Store) AddObjection(ctx context.Context, requestID models.ID, purposes []request.Purpose) error {
	names := make([]string, len(purposes))
	for i, p := range purposes {
		names[i] = string(p)
	}
	return s.suppress(ctx, requestID, names, "objection.entered", map[string]any{"purposes": names})
}

func (s *Store) suppress(ctx context.Context, requestID models.ID, purposes []string, kind string, data map[string]any) error {
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
			n, err := s.addSuppressions(tx, r, i, purposes)
			if err != nil {
				return err
			}
			added += min(n, 1)
		}
		if added == 0 {
			return nil
		}
		entry := map[string]any{"identities": added}
		for name, value := range data {
			entry[name] = value
		}
		return s.record(tx, r, models.System(), kind, entry)
	})
}

func (s *Store) addSuppressions(tx *gorm.DB, r requestRow, i request.Identity, purposes []string) (added int, err error) {
	for _, purpose := range purposes {
		row := suppressionRow{
			ID: newID(), ControllerID: r.ControllerID, RequestID: r.ID, Kind: i.Kind, Purpose: purpose,
			IdentityIndex: s.identityIndex(r.ControllerID, i), AddedAt: s.now(),
		}
		result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if result.Error != nil {
			return added, result.Error
		}
		added += int(result.RowsAffected)
	}
	return added, nil
}

// Suppressed reports for each identity whether it must not be used for one of the purposes: somebody objected to it, or the person was erased.
// Without a purpose it asks for erasures only. It fails with not_found for a controller outside the scope.
func (s *Store) Suppressed(ctx context.Context, scope models.Scope, controller models.ID, identities []request.Identity, purposes ...request.Purpose) ([]bool, error) {
	if !scope.Allows(controller) {
		return nil, notFound("controller")
	}
	names := []string{erased}
	for _, p := range purposes {
		names = append(names, string(p))
	}
	indexes := make([][]byte, len(identities))
	for n, i := range identities {
		indexes[n] = s.identityIndex(controller, i) // the kind is part of it
	}
	var rows []suppressionRow
	err := s.read(ctx).Select("identity_index").Where("controller_id = ? AND identity_index IN ? AND purpose IN ?", controller, indexes, names).
		Find(&rows).Error
	if err != nil {
		return nil, unavailable(err)
	}
	found := make([]string, len(rows))
	for i, row := range rows {
		found[i] = string(row.IdentityIndex)
	}
	out := make([]bool, len(identities))
	for n := range identities {
		out[n] = slices.Contains(found, string(indexes[n]))
	}
	return out, nil
}
