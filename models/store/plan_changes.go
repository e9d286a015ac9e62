package store

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
)

// changePlan makes a new version of a request's plan and returns it, as only the DPO may and only of the plan that was shown. It fails with not_found, what
// request.Allowed fails with for Change, plan_changed, or what change fails with.
func (s *Store) changePlan(ctx context.Context, scope models.Scope, actor models.Actor, requestID models.ID, digest string,
	change func(*gorm.DB, requestRow, plan.Plan) (plan.Plan, error),
) (changed plan.Plan, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, scope, requestID)
		if err != nil {
			return err
		}
		if err := request.Allowed(request.Change, actor.Role, r.State); err != nil {
			return err
		}
		row, err := latestPlan(tx, r.ID)
		if err != nil {
			return err
		}
		if row.DecidedAt != nil || row.Body.Digest() != digest {
			return planChanged()
		}
		row.Body.Sorting = row.RowsGeneration
		p, err := change(tx, r, row.Body)
		if err != nil {
			return err
		}
		changed, err = s.addPlan(tx, r, p)
		return err
	})
	return changed, err
}

func planChanged() error {
	return models.Errorf(models.Conflict, "plan_changed", "The plan is not the one that was shown; look at it again.")
}

// Separation is what the DPO decides about rows of a group by themselves.
type Separation struct {
	RequestID  models.ID
	PlanDigest string
	Group      int
	All        bool     // all rows of the group
	Rows       []string // those located rows of it, as ShowRows names them
	Treatment  models.Treatment
	Marked     []string // fields to redact or mask
	Actor      models.Actor
	Reason     models.Personal
}

// Separated is the group that the rows are in now, of a new version of the plan.
type Separated struct {
	Group      int
	PlanDigest string
}

// Separate treats rows of a group by themselves: they become a group of their own, in a new version of the plan, and the decision is recorded. It
// fails as Decide does for Change, with reason_missing, rows_missing unless it is about either all rows or some, unknown_row, and with what plan.Split
// fails with.
func (s *Store) Separate(ctx context.Context, scope models.Scope, d Separation) (Separated, error) {
	if strings.TrimSpace(d.Reason.Reveal()) == "" {
		return Separated{}, models.Errorf(models.Invalid, "reason_missing", "Give the reason in words.").At("/reason")
	}
	if d.All == (len(d.Rows) > 0) {
		return Separated{}, models.Errorf(models.Invalid, "rows_missing", "Choose the records that it is about, or all of them.").At("/rows")
	}
	d.Rows = slices.Compact(slices.Sorted(slices.Values(d.Rows)))
	var now Separated
	p, err := s.changePlan(ctx, scope, d.Actor, d.RequestID, d.PlanDigest, func(tx *gorm.DB, r requestRow, p plan.Plan) (plan.Plan, error) {
		if err := checkEarlier(tx, r, request.Decision{Kind: request.Change}); err != nil {
			return p, err
		}
		out, into, err := p.Split(plan.Split{Group: d.Group, Rows: int64(len(d.Rows)), Treatment: d.Treatment, Marked: d.Marked})
		if err != nil {
			return p, err
		}
		now.Group = into
		if !d.All {
			if err := s.moveRows(ctx, tx, p.Sorting, d, into); err != nil {
				return p, err
			}
		}
		data := map[string]any{"group": d.Group, "into": into, "rows": len(d.Rows), "treatment": d.Treatment, "marked": d.Marked}
		if err := s.record(tx, r, d.Actor, "group.decided", data); err != nil {
			return p, err
		}
		_, err = s.writeDecision(tx, r, request.Decision{
			RequestID: r.ID, Kind: request.Change, Actor: d.Actor, Reason: d.Reason, PlanDigest: d.PlanDigest,
			Choices: map[int]models.Treatment{into: d.Treatment},
		}, models.ID{})
		return out, err
	})
	now.PlanDigest = p.Digest()
	return now, err
}
