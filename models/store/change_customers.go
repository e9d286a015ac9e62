package store

import (
	"context"

	"habeas/models"
	"habeas/models/store/vault"
	"habeas/models/subprocessor"
)

// changeToken is the purpose of the token by which a customer objects.
const changeToken = "subprocessor_change"

type changeCustomerRow struct {
	ID           models.ID `gorm:"primaryKey"`
	ChangeID     models.ID
	ControllerID models.ID
	TokenHash    []byte
}

func (changeCustomerRow) TableName() string { return "subprocessor_change_customers" }

// ChangeToken is the secret by which a customer objects to a change without an account. It fails with not_found when the change does not concern it.
func (s *Store) ChangeToken(ctx context.Context, changeID, controllerID models.ID) (string, error) {
	var row changeCustomerRow
	if err := s.read(ctx).Where("change_id = ? AND controller_id = ?", changeID, controllerID).Take(&row).Error; err != nil {
		return "", missing(err, "change")
	}
	return s.vault.Token(changeToken, row.ID), nil
}

// ChangeByToken is the change that a customer's link is about, with that customer's part only, and the customer. It fails with not_found.
func (s *Store) ChangeByToken(ctx context.Context, token string) (Change, models.ID, error) {
	var row changeCustomerRow
	if err := s.read(ctx).Where("token_hash = ?", vault.HashToken(token)).Take(&row).Error; err != nil {
		return Change{}, models.ID{}, missing(err, "change")
	}
	c, err := s.Change(ctx, models.ScopeOf(row.ControllerID), row.ChangeID)
	return c, row.ControllerID, err
}

// ObjectByToken records the objection of the customer whose link it is. The link takes one objection. It fails with not_found, reason_missing,
// already_objected or event_not_open.
func (s *Store) ObjectByToken(ctx context.Context, token string, reason models.Personal) error {
	c, customer, err := s.ChangeByToken(ctx, token)
	if err != nil {
		return err
	}
	return s.object(ctx, c.ID, customer, models.Actor{Role: models.RoleController, ID: customer}, reason)
}

// Object records the objection of the signed-in customer whose scope it is; it fails as ObjectByToken does.
func (s *Store) Object(ctx context.Context, scope models.Scope, id models.ID, by models.Actor, reason models.Personal) error {
	customer, limited := scope.Controller()
	if !limited {
		return models.Errorf(models.Forbidden, "event_forbidden", "Only a customer may object.")
	}
	if _, err := s.Change(ctx, scope, id); err != nil {
		return err
	}
	return s.object(ctx, id, customer, by, reason)
}

func (s *Store) object(ctx context.Context, id, customer models.ID, by models.Actor, reason models.Personal) error {
	_, err := s.NoteChange(ctx, id, 0, subprocessor.Event{
		Kind: subprocessor.Objected, Actor: by, Facts: subprocessor.Facts{Customer: customer}, Words: subprocessor.Words{Reason: reason},
	})
	return err
}
