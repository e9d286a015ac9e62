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

// RestrictionState is how far a restriction is.
type RestrictionState string

const (
	RestrictionInForce RestrictionState = "in_force"
	RestrictionLifting RestrictionState = "lifting" // decided; the person is told first, Art. 18(3)
	RestrictionLifted  RestrictionState = "lifted"
)

type restrictionRow struct {
	RequestID    models.ID `gorm:"primaryKey"`
	ControllerID models.ID
	State        RestrictionState
	ImposedAt    time.Time
	DecisionID   models.ID
	LiftedAt     *time.Time
}

func (restrictionRow) TableName() string { return "restrictions" }

// ImposeRestriction notes that rows of a request are marked as restricted from now on; once noted it stays. It fails with not_found.
func (s *Store) ImposeRestriction(ctx context.Context, requestID models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		row := restrictionRow{RequestID: r.ID, ControllerID: r.ControllerID, State: RestrictionInForce, ImposedAt: s.now()}
		result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		return s.record(tx, r, models.System(), "restriction.imposed", nil)
	})
}

// Restriction is the state of a request's restriction, empty when it has none. It fails with not_found.
func (s *Store) Restriction(ctx context.Context, scope models.Scope, requestID models.ID) (RestrictionState, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return "", err
	}
	var rows []restrictionRow
	err := tx.Where("request_id = ?", requestID).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return "", unavailable(err)
	}
	return rows[0].State, nil
}

// startLifting marks the restriction that a Lift decision ends, in its transaction; it fails with not_restricted.
func (s *Store) startLifting(tx *gorm.DB, r requestRow) error {
	result := tx.Model(&restrictionRow{}).Where("request_id = ? AND state = ?", r.ID, RestrictionInForce).Update("state", RestrictionLifting)
	if result.Error == nil && result.RowsAffected == 0 {
		return models.Errorf(models.Conflict, "not_restricted", "No restriction of this request is in force.")
	}
	return result.Error
}

// FinishLifting notes that a restriction is lifted; once noted it stays. It fails with not_found.
func (s *Store) FinishLifting(ctx context.Context, requestID, decisionID models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		result := tx.Model(&restrictionRow{}).Where("request_id = ? AND state <> ?", requestID, RestrictionLifted).
			Updates(map[string]any{"state": RestrictionLifted, "lifted_at": s.now(), "decision_id": decisionID})
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		return s.record(tx, r, models.System(), "restriction.lifted", map[string]any{"decision_id": decisionID})
	})
}

// RestrictedElsewhere are the rows of a collection, by their key's Digest without a secret, that another request of the same person keeps
// restricted: a restriction in force, or an erasure that waits for a hold to end. They keep their mark when this request's restriction is lifted.
func (s *Store) RestrictedElsewhere(ctx context.Context, requestID models.ID, collection datamap.Address) (map[[32]byte]bool, error) {
	r, err := findRequest(s.read(ctx), models.ScopeOperator(), requestID)
	if err != nil {
		return nil, err
	}
	var others []models.ID
	err = s.read(ctx).Model(&requestRow{}).
		Where("controller_id = ? AND subject_index = ? AND id <> ? AND wrapped_key IS NOT NULL", r.ControllerID, r.SubjectIndex, r.ID).
		Where(`EXISTS (SELECT FROM restrictions x WHERE x.request_id = requests.id AND x.state = 'in_force')
			OR EXISTS (SELECT FROM deferrals d WHERE d.request_id = requests.id AND d.state <> 'done')`).Pluck("id", &others).Error
	if err != nil {
		return nil, unavailable(err)
	}
	out := map[[32]byte]bool{}
	for _, id := range others {
		if err := s.restrictedOf(ctx, id, collection, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) restrictedOf(ctx context.Context, requestID models.ID, collection datamap.Address, into map[[32]byte]bool) error {
	p, _, err := s.Plan(ctx, models.ScopeOperator(), requestID)
	if err != nil {
		return err
	}
	for _, g := range p.Groups {
		if g.Dataset != collection.Dataset || g.Collection != collection.Collection {
			continue
		}
		for after := int64(0); ; {
			rows, err := s.RowsOf(ctx, requestID, g.No, after, batchOfRows, RowRestricted)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			for _, row := range rows {
				into[row.Row.Key.Digest(nil, collection)] = true
			}
			after = rows[len(rows)-1].ID
		}
	}
	return nil
}

// liftable reports whether a decision starts a workflow of its own instead of reaching the request's, which has ended.
func liftable(kind request.DecisionKind) bool { return kind == request.Lift }
