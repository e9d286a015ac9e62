package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
)

type planRow struct {
	RequestID      models.ID `gorm:"primaryKey"`
	Version        int       `gorm:"primaryKey"`
	ControllerID   models.ID
	ShownDigest    string
	Body           plan.Plan `gorm:"serializer:json"`
	RowsGeneration int64
	MadeAt         time.Time
	DecidedAt      *time.Time
	Held           bool `gorm:"->"` // something in it is kept by law
}

func (planRow) TableName() string { return "plans" }

// SavePlan keeps a plan as the request's latest, with the next version. The same plan saved again is the version that is there. It fails
// with not_found, and with execution_started once the request's plan is being executed.
func (s *Store) SavePlan(ctx context.Context, p plan.Plan) (plan.Plan, error) {
	err := s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), p.RequestID)
		if err != nil {
			return err
		}
		p.Version = r.PlanVersion
		if p.Version > 0 {
			latest, err := latestPlan(tx, r.ID)
			if err != nil {
				return err
			}
			if latest.Body.Digest() == p.Digest() {
				return s.sortAgain(tx, latest, p.Sorting)
			}
			if latest.DecidedAt != nil && r.State == models.InReview { // a planning step that was thought dead comes too late
				p = latest.Body
				return nil
			}
		}
		if r.State.Destructive() {
			return models.Errorf(models.Conflict, "execution_started", "The plan is being executed already.")
		}
		p, err = s.addPlan(tx, r, p)
		return err
	})
	if err != nil {
		return p, err
	}
	return p, s.dropSortings(ctx, p.RequestID)
}

// sortAgain lets a plan that was made again, with the same groups, have the later sorting of the rows, as long as nobody has decided it.
func (s *Store) sortAgain(tx *gorm.DB, row planRow, sorting int64) error {
	if row.DecidedAt != nil || sorting == 0 {
		return nil
	}
	if err := checkSorting(tx, row.Body, sorting); err != nil {
		return err
	}
	return tx.Model(&row).Update("rows_generation", sorting).Error
}

// checkSorting fails with rows_changed when a sorting is not that of the plan, such as one that a later planning has thrown away already.
func checkSorting(tx *gorm.DB, p plan.Plan, sorting int64) error {
	if sorting == 0 {
		return nil
	}
	var rows, planned int64
	err := tx.Raw(`SELECT coalesce(sum(rows), 0) FROM located_chunks WHERE request_id = ? AND generation = ?`, p.RequestID, sorting).Scan(&rows).Error
	for _, g := range p.Groups {
		if g.By == "" { // others' records were not located
			planned += g.Rows
		}
	}
	if err == nil && rows != planned {
		return models.Errorf(models.Unavailable, "rows_changed", "The rows of the plan have been sorted anew; plan again.")
	}
	return err
}

// dropSortings removes the sortings of a request that its latest plan does not name.
func (s *Store) dropSortings(ctx context.Context, requestID models.ID) error {
	_, err := s.pool.Exec(ctx, `
DELETE FROM located_chunks WHERE request_id = $1
AND generation <> (SELECT rows_generation FROM plans WHERE request_id = $1 ORDER BY version DESC LIMIT 1)`, requestID)
	return unavailable(err)
}

// addPlan writes the next version of a request's plan; the transaction has locked the request.
func (s *Store) addPlan(tx *gorm.DB, r requestRow, p plan.Plan) (plan.Plan, error) {
	p.RequestID, p.Version = r.ID, r.PlanVersion+1
	row := planRow{
		RequestID: r.ID, Version: p.Version, ControllerID: r.ControllerID, ShownDigest: p.Digest(), Body: p, RowsGeneration: p.Sorting, MadeAt: s.now(),
	}
	if err := checkSorting(tx, p, p.Sorting); err != nil {
		return p, err
	}
	if err := tx.Create(&row).Error; err != nil {
		return p, err
	}
	if err := s.update(tx, r.ID, map[string]any{"plan_version": p.Version}); err != nil {
		return p, err
	}
	return p, s.record(tx, r, models.System(), "plan.made", map[string]any{
		"version": p.Version, "digest": row.ShownDigest, "groups": len(p.Groups), "undecided": len(p.Undecided()), "rule_set": p.RuleSet,
	})
}

// latestPlan reads the plan with the highest version; it fails with not_found.
func latestPlan(tx *gorm.DB, requestID models.ID) (planRow, error) {
	var row planRow
	err := tx.Where("request_id = ?", requestID).Order("version DESC").Take(&row).Error
	return row, missing(err, "plan")
}

// Plan is the latest plan of a request, with the DPO's choices once it is decided. It fails with not_found when the request is outside
// the scope or has no plan yet.
func (s *Store) Plan(ctx context.Context, scope models.Scope, requestID models.ID) (p plan.Plan, decided bool, err error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return plan.Plan{}, false, err
	}
	row, err := latestPlan(tx, requestID)
	return row.Body, row.DecidedAt != nil, err
}

// ApproveByPolicy marks a plan as decided without a person; it may be repeated. What people have decided goes first: it fails with
// decisions_waiting while one of their decisions has not reached the workflow, and with already_decided or question_open when one leaves no room.
// It fails with plan_changed, or with choice_missing when the plan leaves something to decide.
func (s *Store) ApproveByPolicy(ctx context.Context, requestID models.ID, digest string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		row, err := latestPlan(tx, requestID)
		if err != nil {
			return err
		}
		if row.DecidedAt != nil && row.ShownDigest == digest {
			return nil
		}
		if row.Body.NeedsDecision {
			return models.Errorf(models.Invalid, "choice_missing", "This plan needs the decision of a person.")
		}
		if err := checkWaiting(tx, r); err != nil {
			return err
		}
		if err := forgetValues(tx, r.ID); err != nil {
			return err
		}
		return s.decidePlan(tx, requestID, digest, nil, true)
	})
}

// checkWaiting refuses an approval by policy that would overtake people: once the plan is executed, the workflow takes none of these any more.
func checkWaiting(tx *gorm.DB, r requestRow) error {
	if err := checkEarlier(tx, r, request.Decision{Kind: request.Approve}); err != nil {
		return err
	}
	if err := checkEarlier(tx, r, request.Decision{Kind: request.Clarify}); err != nil {
		return err
	}
	var waiting int64
	err := tx.Model(&orderRow{}).Where("request_id = ? AND kind = ? AND name IN ?", r.ID, OrderUpdate,
		[]request.DecisionKind{request.Extend, request.Clarify, request.Answer}).Count(&waiting).Error
	if err == nil && waiting > 0 {
		return models.Errorf(models.Unavailable, "decisions_waiting", "A decision is still on its way to the workflow.")
	}
	return err
}

// decidePlan applies the DPO's choices to the plan that was shown, in the transaction that records the decision and has locked the request.
// An approval settles that version and needs every choice; a change makes a new version. It fails with plan_changed or what plan.Choose
// fails with.
func (s *Store) decidePlan(tx *gorm.DB, requestID models.ID, digest string, choices map[int]models.Treatment, approve bool) error {
	r, err := findRequest(tx, models.ScopeOperator(), requestID)
	if err != nil {
		return err
	}
	row, chosen, err := choose(tx, r, digest, choices, approve)
	if err != nil {
		return err
	}
	if !approve {
		chosen.Sorting = row.RowsGeneration
		_, err := s.addPlan(tx, r, chosen)
		return err
	}
	now := s.now()
	row.Body, row.DecidedAt = chosen, &now
	if err := tx.Select("body", "decided_at").Updates(&row).Error; err != nil {
		return err
	}
	return s.record(tx, r, models.System(), "plan.decided", map[string]any{
		"version": row.Version, "shown_digest": row.ShownDigest, "digest": chosen.Digest(),
	})
}

// choose is the latest plan of a request, which must be the one that was shown, and what it becomes with the choices.
func choose(tx *gorm.DB, r requestRow, digest string, choices map[int]models.Treatment, approve bool) (planRow, plan.Plan, error) {
	row, err := latestPlan(tx, r.ID)
	if err != nil && models.KindOf(err) != models.NotFound {
		return row, plan.Plan{}, err
	}
	if err != nil || row.DecidedAt != nil || row.Body.Digest() != digest {
		return row, plan.Plan{}, planChanged()
	}
	if approve && r.RightCode == models.Rectification && row.Body.Corrections == "" {
		return row, plan.Plan{}, models.Errorf(models.Invalid, "no_corrections", "Enter what is to be corrected first, or refuse the request with the reason.")
	}
	chosen, err := row.Body.Choose(choices, approve)
	return row, chosen, err
}
