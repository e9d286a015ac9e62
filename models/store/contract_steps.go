package store

import (
	"context"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/contractend"
	"habeas/models/datamap"
	"habeas/models/request"
)

// SettleContractEnd notes what has become of the requests of a contract's end, and returns its record: the return was fetched or was not, the erasure is
// done or was stopped. When it is done the customer's access is over. It fails with not_found.
func (s *Store) SettleContractEnd(ctx context.Context, id models.ID) (ContractEnd, error) {
	var out ContractEnd
	err := s.withContractEnd(ctx, models.ScopeOperator(), id, func(tx *gorm.DB, row contractEndRow, record contractend.Record) error {
		e, err := s.became(tx, record)
		if err != nil {
			return err
		}
		if e.Kind == "" {
			out, err = s.namedContractEnd(tx, row, record)
			return err
		}
		e.Actor = models.System()
		noted, err := record.Note(e, s.now())
		if err != nil {
			return err
		}
		out, err = s.keepContractEnd(tx, row, record, noted)
		return err
	})
	return out, err
}

// became is the event that the state of a request amounts to; without a kind when there is none.
func (s *Store) became(tx *gorm.DB, record contractend.Record) (contractend.Event, error) {
	switch record.State {
	case contractend.Giving:
		return s.becameOfReturn(tx, record)
	case contractend.Deleting:
		r, err := findRequest(tx, models.ScopeOperator(), record.Erases)
		switch {
		case err != nil || r.State != models.Closed:
			return contractend.Event{}, err
		case r.Outcome == models.Fulfilled || r.Outcome == models.PartlyFulfilled:
			return contractend.Event{Kind: contractend.Ended, Facts: contractend.Facts{Partly: r.Outcome == models.PartlyFulfilled}}, nil
		}
		return contractend.Event{Kind: contractend.Stopped}, nil
	case contractend.Waiting, contractend.Agreed, contractend.Given, contractend.Over, contractend.Abandoned:
	}
	return contractend.Event{}, nil
}

func (s *Store) becameOfReturn(tx *gorm.DB, record contractend.Record) (contractend.Event, error) {
	var fetched int64
	err := tx.Model(&packageRow{}).Where("request_id = ? AND fetched_at IS NOT NULL", record.Returns).Count(&fetched).Error
	if err != nil || fetched > 0 {
		return contractend.Event{Kind: contractend.Fetched}, err
	}
	r, err := findRequest(tx, models.ScopeOperator(), record.Returns)
	if err != nil || r.State != models.Closed || record.Unfetched {
		return contractend.Event{}, err
	}
	return contractend.Event{Kind: contractend.Unfetched}, nil
}

// contractRights are the requests that the steps of a contract's end open.
var contractRights = map[contractend.Kind]models.Right{contractend.Returning: models.Return, contractend.Erasing: models.Deletion}

// OpenContractRequest opens the request that returns (Returning) or erases (Erasing) all data of the customer whose contract ends, and notes it. Called
// again, it changes nothing; nor does it when the contract's end was withdrawn meanwhile. It fails with not_found and with what contractend.Note and
// Submit fail with.
func (s *Store) OpenContractRequest(ctx context.Context, id models.ID, kind contractend.Kind) error {
	return s.withContractEnd(ctx, models.ScopeOperator(), id, func(tx *gorm.DB, row contractEndRow, record contractend.Record) error {
		if contractend.Allowed(kind, models.RoleSystem, record.State) != nil {
			return nil
		}
		c, err := s.ControllerByID(ctx, models.ScopeOperator(), row.ControllerID)
		if err != nil {
			return err
		}
		e := contractend.Event{Kind: kind, Actor: models.System(), Facts: contractend.Facts{RequestID: id}} // any, to see whether its time has come
		if _, err := record.Note(e, s.now()); err != nil {
			return err
		}
		// The request is written beside this transaction. When that fails it is open all the same, and joined by the next try.
		made, err := s.Submit(ctx, Submission{
			Controller: c, Right: contractRights[kind], Channel: request.ChannelController, Language: "en", Vouched: true, Actor: models.System(),
			Subject: request.Subject{
				Name: models.Personal(c.Name), Email: c.ContactEmail,
				Identities: []request.Identity{{Kind: datamap.IdentityController, Value: models.Personal(c.Slug)}},
			},
		})
		if err != nil {
			return err
		}
		e.Facts.RequestID = made.RequestID
		noted, err := record.Note(e, s.now())
		if err != nil {
			return err
		}
		_, err = s.keepContractEnd(tx, row, record, noted)
		return err
	})
}

// wakeContractEnd tells the workflow of a contract's end, in the transaction in which one of its requests ended or its package was fetched.
func (s *Store) wakeContractEnd(tx *gorm.DB, r requestRow) error {
	if !r.RightCode.EndsContract() {
		return nil
	}
	var ids []models.ID
	err := tx.Model(&contractEndRow{}).Where("closed_at IS NULL AND (returns_id = ? OR erases_id = ?)", r.ID, r.ID).Pluck("id", &ids).Error
	for _, id := range ids {
		if err == nil {
			err = s.enqueue(tx, Order{ContractEndID: id, Kind: OrderUpdate, Name: ContractEndNoted})
		}
	}
	return err
}

// ContractEndByToken is the end of a contract by the link of its erasure's request, with the receipts of that request, oldest first. It fails with
// not_found.
func (s *Store) ContractEndByToken(ctx context.Context, statusToken string) (ContractEnd, []StoredReceipt, error) {
	status, err := s.StatusByToken(ctx, statusToken)
	if err != nil {
		return ContractEnd{}, nil, err
	}
	if status.Masked || status.Right != models.Deletion {
		return ContractEnd{}, nil, notFound("certificate")
	}
	end, err := s.ContractEndOf(ctx, models.ScopeOperator(), status.RequestID)
	if err != nil {
		return ContractEnd{}, nil, err
	}
	receipts, err := s.Receipts(ctx, models.ScopeOperator(), status.RequestID)
	return end, receipts, err
}
