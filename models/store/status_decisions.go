package store

import (
	"context"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// lockSubmission finds the submission of a status token and locks its request; it fails with not_found.
func lockSubmission(tx *gorm.DB, statusToken string) (submissionRow, requestRow, error) {
	sub, err := submissionByToken(tx, statusToken)
	if err != nil {
		return submissionRow{}, requestRow{}, err
	}
	r, err := lockRequest(tx, models.ScopeOperator(), sub.RequestID)
	return sub, r, err
}

func submissionByToken(tx *gorm.DB, statusToken string) (submissionRow, error) {
	var sub submissionRow
	err := tx.Where("status_token_hash = @hash OR page_token_hash = @hash", map[string]any{"hash": vault.HashToken(statusToken)}).Take(&sub).Error
	return sub, missing(err, "request")
}

// DecideByStatusToken takes a decision of the subject on the status page: Resend, and for a verified submission Withdraw and Answer. It fails
// with not_found, not_verified and what Decide fails with.
func (s *Store) DecideByStatusToken(ctx context.Context, statusToken string, kind request.DecisionKind, reason models.Personal) (request.Decision, error) {
	d := request.Decision{Kind: kind, Actor: models.Actor{Role: models.RoleSubject}, Reason: reason}
	err := s.tx(ctx, func(tx *gorm.DB) error {
		sub, r, err := lockSubmission(tx, statusToken)
		if err != nil {
			return err
		}
		switch kind {
		case request.Resend:
			d, err = s.resend(tx, r, sub, d)
			return err
		case request.Withdraw, request.Answer:
			if !sub.opens(statusToken) {
				// Anyone may have submitted with this person's address.
				return models.Errorf(models.Forbidden, "not_verified", "Open the link in the mail first.")
			}
			d, err = s.decide(tx, r, d)
			return err
		default:
			return models.Errorf(models.Forbidden, "decision_forbidden", "This cannot be decided here.")
		}
	})
	return d, err
}

// resend makes the submission's next verification due. It is open to a further submission of a request that is verified already, for
// which the decision rule would be closed.
func (s *Store) resend(tx *gorm.DB, r requestRow, sub submissionRow, d request.Decision) (request.Decision, error) {
	if r.State == models.Closed || sub.VerifiedAt != nil {
		return d, models.Errorf(models.Conflict, "decision_not_open", "There is nothing left to verify.")
	}
	if err := tx.Model(&submissionRow{}).Where("id = ?", sub.ID).Update("resend_due", true).Error; err != nil {
		return d, err
	}
	return s.writeDecision(tx, r, d, models.ID{})
}
