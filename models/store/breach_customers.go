package store

import (
	"context"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/store/vault"
)

// breachToken is the purpose of the token by which a customer answers.
const breachToken = "breach"

// BreachToken is the secret by which a customer acknowledges, without an account, that it was told of a breach. It fails with not_found when the
// breach does not concern the customer.
func (s *Store) BreachToken(ctx context.Context, breachID, controllerID models.ID) (string, error) {
	var row breachCustomerRow
	if err := s.read(ctx).Where("breach_id = ? AND controller_id = ?", breachID, controllerID).Take(&row).Error; err != nil {
		return "", missing(err, "breach")
	}
	return s.vault.Token(breachToken, row.ID), nil
}

// BreachByToken is the breach that a customer's link is about, and the customer. It fails with not_found.
func (s *Store) BreachByToken(ctx context.Context, token string) (Breach, models.ID, error) {
	var row breachCustomerRow
	if err := s.read(ctx).Where("token_hash = ?", vault.HashToken(token)).Take(&row).Error; err != nil {
		return Breach{}, models.ID{}, missing(err, "breach")
	}
	b, err := s.Breach(ctx, models.ScopeOf(row.ControllerID), row.BreachID)
	return b, row.ControllerID, err
}

// AnswerBreach records that a customer has acknowledged a breach by its link. It fails with not_found, not_told or already_answered.
func (s *Store) AnswerBreach(ctx context.Context, token string) error {
	b, customer, err := s.BreachByToken(ctx, token)
	if err != nil {
		return err
	}
	_, err = s.NoteBreach(ctx, b.ID, 0, register.Event{
		Kind: register.Answered, Actor: models.Actor{Role: models.RoleController, ID: customer}, Facts: register.Facts{Customer: customer, At: s.now()},
	})
	return err
}
