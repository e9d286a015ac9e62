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

// changePlan makes a new version of a request's plan, as only the DPO may and only of the plan that was shown. It fails with not_found, what
// request.Allowed fails with for Change, plan_changed, or what change fails with.
func (s *Store) changePlan(ctx context.Context, scope models.Scope, actor models.Actor, requestID models.ID, digest string,
	change func(*gorm.DB, requestRow, plan.Plan) (plan.Plan, error),
) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
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
		_, err = s.addPlan(tx, r, p)
		return err
	})
}

func planChanged() error {
	return models.Errorf(models.Conflict, "plan_changed", "The plan is not the one that was shown; look at it again.")
}

// Separation is what the DPO decides about rows of a group by themselves.
type Separation struct {
	RequestID  models.ID
	PlanDigest string
	Group      int
	Rows       []string // located rows, as ShowRows names them; none: all of the group
	Treatment  models.Treatment
	Marked     []string // fields to redact or mask
	Actor      models.Actor
	Reason     models.Personal
}

// Separate treats rows of a group by themselves: they become a group of their own, in a new version of the plan, and the decision is recorded. It
// fails as Decide does for Change, with unknown_row, and with what plan.Split fails with.
func (s *Store) Separate(ctx context.Context, scope models.Scope, d Separation) error {
	if strings.TrimSpace(d.Reason.Reveal()) == "" {
		return models.Errorf(models.Invalid, "reason_missing", "Give the reason in words.").At("/reason")
	}
	d.Rows = slices.Compact(slices.Sorted(slices.Values(d.Rows)))
	return s.changePlan(ctx, scope, d.Actor, d.RequestID, d.PlanDigest, func(tx *gorm.DB, r requestRow, p plan.Plan) (plan.Plan, error) {
		if err := checkEarlier(tx, r, request.Decision{Kind: request.Change}); err != nil {
			return p, err
		}
		out, into, err := p.Split(plan.Split{Group: d.Group, Rows: int64(len(d.Rows)), Treatment: d.Treatment, Marked: d.Marked})
		if err != nil {
			return p, err
		}
		if into != d.Group {
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
}
