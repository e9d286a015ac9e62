package store

import (
	"context"

	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
)

// Narrowed is what the instruction about a request leaves out, as a plan states it; nil when the whole was instructed, or nothing. It fails with
// not_found or key_destroyed.
func (s *Store) Narrowed(ctx context.Context, requestID models.ID) (*plan.Narrowed, error) {
	tx := s.read(ctx)
	r, err := findRequest(tx, models.ScopeOperator(), requestID)
	if err != nil {
		return nil, err
	}
	var rows []decisionRow
	err = tx.Where("request_id = ? AND kind = ?", requestID, request.Instruct).Order("seq DESC").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 || rows[0].Narrowing.IsZero() {
		return nil, unavailable(err)
	}
	c, err := controllerByID(tx, r.ControllerID)
	if err != nil {
		return nil, err
	}
	decided, err := s.openDecisions(tx, rows)
	if err != nil {
		return nil, err
	}
	key, err := s.keyOf(tx, requestID)
	if err != nil {
		return nil, err
	}
	return &plan.Narrowed{
		DecisionID: rows[0].ID, Controller: c.Slug, Name: c.Name, At: rows[0].DecidedAt.UTC(), Instruction: rows[0].Narrowing,
		ReasonDigest: reasonDigest(key, rows[0].ID, decided[0].Reason),
	}, nil
}
