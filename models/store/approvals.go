package store

import (
	"cmp"
	"context"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
)

type approvalRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	Version      int
	ControllerID models.ID
	Digest       string
	ActorRole    models.Role
	ActorID      models.ID
	ApprovedAt   time.Time
	ReasonSealed []byte
}

func (approvalRow) TableName() string { return "plan_approvals" }

func approvalPlace(id models.ID) string { return "plan_approvals.reason/" + id.String() }

func (r approvalRow) approval() request.Approval {
	return request.Approval{ID: r.ID, Digest: r.Digest, Actor: models.Actor{Role: r.ActorRole, ID: r.ActorID}}
}

// FirstApproval is the first of two approvals of a request's latest plan, while the second is awaited.
type FirstApproval struct {
	request.Approval
	At     time.Time
	Name   models.Personal // of the member or the key
	Reason models.Personal
}

// Approvals says whether two persons have to approve the plan of a request, and who has approved its latest version; nil while nobody has, or when it
// is decided. It fails with not_found or key_destroyed.
func (s *Store) Approvals(ctx context.Context, scope models.Scope, requestID models.ID) (two bool, first *FirstApproval, err error) {
	tx := s.read(ctx)
	r, err := findRequest(tx, scope, requestID)
	if err != nil {
		return false, nil, err
	}
	if two, err = twoApprove(tx, r); err != nil || r.PlanVersion == 0 {
		return two, nil, unavailable(err)
	}
	plan, err := latestPlan(tx, r.ID)
	if err != nil || plan.DecidedAt != nil {
		return two, nil, err
	}
	row, err := firstApproval(tx, r, plan.Version)
	if err != nil || row == nil {
		return two, nil, unavailable(err)
	}
	first = &FirstApproval{Approval: row.approval(), At: row.ApprovedAt.UTC()}
	if first.Reason, err = s.approvalReason(tx, row); err != nil {
		return two, nil, err
	}
	first.Name, err = s.nameOf(ctx, row.ActorID)
	return two, first, err
}

// nameOf is the name of a member or of an access key; empty when neither is there any more.
func (s *Store) nameOf(ctx context.Context, id models.ID) (models.Personal, error) {
	m, err := s.MemberByID(ctx, models.ScopeOperator(), id)
	if models.CodeOf(err) != "not_found" {
		return m.Name, err
	}
	key, _, err := keyRow(s.read(ctx), id)
	return models.Personal(key.Name), err
}

func (s *Store) approvalReason(tx *gorm.DB, row *approvalRow) (models.Personal, error) {
	if row.ReasonSealed == nil {
		return "", nil
	}
	key, err := s.keyOf(tx, row.RequestID)
	if err != nil {
		return "", err
	}
	return openText(key, approvalPlace(row.ID), row.ReasonSealed)
}

// twoApprove reports whether two persons have to approve the plan of a request.
func twoApprove(tx *gorm.DB, r requestRow) (bool, error) {
	var rules []request.FourEyes
	err := tx.Model(&controllerRow{}).Where("id = ? OR operator", r.ControllerID).Order("operator").Pluck("four_eyes", &rules).Error
	return cmp.Or(rules...).Asks(r.RightCode), err
}

// firstApproval is nil while nobody has approved the version.
func firstApproval(tx *gorm.DB, r requestRow, version int) (*approvalRow, error) {
	var rows []approvalRow
	err := tx.Where("request_id = ? AND version = ?", r.ID, version).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// mayDecide asks the rule whether a decision is allowed; two tells whether it is an approval that a second person has to join.
func mayDecide(tx *gorm.DB, r requestRow, d request.Decision) (two bool, err error) {
	if d.Kind == request.Approve {
		if two, err = twoApprove(tx, r); err != nil {
			return false, err
		}
	}
	if two {
		return true, request.AllowedOfTwo(d.Kind, d.Actor.Role, r.State)
	}
	return false, request.Allowed(d.Kind, d.Actor.Role, r.State)
}

// approveOfTwo records an approval as the first of two, which decides nothing yet, or finds that it is the second. What the first one chooses makes a
// new version of the plan, so that the second sees it. It fails with no_principal, with what decidePlan fails with and with what Second and
// Apart fail with.
func (s *Store) approveOfTwo(tx *gorm.DB, r requestRow, d request.Decision) (request.Decision, error) {
	if d.Actor.ID.IsZero() {
		return d, models.Errorf(models.Forbidden, "no_principal", "Sign in with a key of your own.")
	}
	row, chosen, err := choose(tx, r, d.PlanDigest, d.Choices, true)
	if err != nil {
		return d, err
	}
	first, err := firstApproval(tx, r, row.Version)
	if err != nil {
		return d, err
	}
	if first != nil {
		if err := first.approval().Second(d.Actor, chosen.Digest()); err != nil {
			return d, err
		}
		if err := apart(tx, first.ActorID, d.Actor.ID); err != nil {
			return d, err
		}
		if d.Reason == "" {
			d.Reason, err = s.approvalReason(tx, first)
		}
		return d, err
	}
	if chosen.Digest() != row.Body.Digest() {
		chosen.Sorting = row.RowsGeneration
		if chosen, err = s.addPlan(tx, r, chosen); err != nil {
			return d, err
		}
	}
	d.ID, d.Waits = newID(), true
	approval := approvalRow{
		ID: d.ID, RequestID: r.ID, Version: chosen.Version, ControllerID: r.ControllerID, Digest: chosen.Digest(), ActorRole: d.Actor.Role, ActorID: d.Actor.ID,
		ApprovedAt: s.now(),
	}
	data := map[string]any{"approval_id": d.ID, "version": approval.Version, "digest": approval.Digest}
	if len(d.Choices) > 0 {
		data["choices"] = d.Choices
	}
	if d.Reason != "" {
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return d, err
		}
		approval.ReasonSealed = sealText(key, approvalPlace(d.ID), d.Reason)
		data["reason_digest"] = reasonDigest(key, d.ID, d.Reason)
	}
	if err := tx.Create(&approval).Error; err != nil {
		return d, err
	}
	return d, s.record(tx, r, d.Actor, "plan.approved_first", data)
}
