package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"habeas/models"
)

// DelegationState is how far a delegation is.
type DelegationState string

const (
	DelegationPlanned   DelegationState = "planned"   // not handed over yet
	DelegationSubmitted DelegationState = "submitted" // handed over, perhaps: a lost answer is asked for again
	DelegationDone      DelegationState = "done"
	DelegationRefused   DelegationState = "refused"
	DelegationOverdue   DelegationState = "overdue" // given up waiting for; a person goes on
)

// Over reports whether the other system is not waited for any more.
func (d DelegationState) Over() bool { return d != DelegationPlanned && d != DelegationSubmitted }

// Delegation is a request's right that another company's system carries out by itself. It holds no personal data.
type Delegation struct {
	ID          models.ID // the same for every call to the system
	RequestID   models.ID
	System      string
	Collections []string
	State       DelegationState
	SubmittedAt time.Time // zero until it was first handed over
	ExpectBy    time.Time // zero while it has not said
	FinishedAt  time.Time
	Reason      string // code of a refusal
	HasResult   bool   // an access or portability request brought something: the part of that name
}

// Part names the part of a copy that the delegation brought.
func (d Delegation) Part() string { return "delegation/" + d.ID.String() }

type delegationRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	System       string
	Collections  []string `gorm:"serializer:json"`
	State        DelegationState
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	SubmittedAt  *time.Time
	ExpectBy     *time.Time
	FinishedAt   *time.Time
	Reason       string
	HasResult    bool
	ProofSealed  []byte
}

func (delegationRow) TableName() string { return "delegations" }

func (r delegationRow) delegation() Delegation {
	return Delegation{
		ID: r.ID, RequestID: r.RequestID, System: r.System, Collections: r.Collections, State: r.State, SubmittedAt: instant(r.SubmittedAt),
		ExpectBy: instant(r.ExpectBy), FinishedAt: instant(r.FinishedAt), Reason: r.Reason, HasResult: r.HasResult,
	}
}

func proofPlace(id models.ID) string { return "delegations.proof/" + id.String() }

// EnsureDelegation makes sure that a request has a delegation to a system, for these collections too. It fails with not_found.
func (s *Store) EnsureDelegation(ctx context.Context, requestID models.ID, system string, collections []string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		var rows []delegationRow
		if err := tx.Where("request_id = ? AND system = ?", requestID, system).Limit(1).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 1 {
			row := rows[0]
			row.Collections = union(row.Collections, collections)
			return tx.Select("collections").Where("id = ?", row.ID).Updates(&row).Error
		}
		row := delegationRow{
			ID: newID(), RequestID: r.ID, ControllerID: r.ControllerID, System: system, Collections: union(nil, collections), State: DelegationPlanned,
			CreatedAt: s.now(),
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.record(tx, r, models.System(), "delegation.planned", map[string]any{"delegation_id": row.ID, "system": system, "collections": row.Collections})
	})
}

// Delegations are those of a request inside the scope, in the order of the systems' names. It fails with not_found.
func (s *Store) Delegations(ctx context.Context, scope models.Scope, requestID models.ID) ([]Delegation, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	var rows []delegationRow
	if err := tx.Where("request_id = ?", requestID).Order("system").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Delegation, len(rows))
	for i, row := range rows {
		out[i] = row.delegation()
	}
	return out, nil
}

// Delegation is one delegation inside the scope; it fails with not_found.
func (s *Store) Delegation(ctx context.Context, scope models.Scope, id models.ID) (Delegation, error) {
	var row delegationRow
	if err := scoped(s.read(ctx), scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return Delegation{}, missing(err, "delegation")
	}
	return row.delegation(), nil
}

// NoteDelegation records how far a delegation is: its state, what the other system expects, and what it proved, which is sealed with the request's key
// while its digest goes into the ledger. What is recorded already is not recorded again, and one that is over stays so. It fails with not_found.
func (s *Store) NoteDelegation(ctx context.Context, d Delegation, proof []byte) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row delegationRow
		if err := tx.Where("id = ?", d.ID).Take(&row).Error; err != nil {
			return missing(err, "delegation")
		}
		r, err := lockRequest(tx, models.ScopeOperator(), row.RequestID)
		if err != nil {
			return err
		}
		row = delegationRow{}
		if err := tx.Where("id = ?", d.ID).Take(&row).Error; err != nil || row.State.Over() {
			return missing(err, "delegation")
		}
		data := map[string]any{"delegation_id": d.ID, "system": row.System}
		changed := row.State != d.State
		row.State, row.ExpectBy, row.Reason, row.HasResult = d.State, nullable(d.ExpectBy), d.Reason, d.HasResult
		now := s.now()
		if row.SubmittedAt == nil {
			row.SubmittedAt = &now
		}
		if d.State.Over() {
			row.FinishedAt = &now
		}
		if d.Reason != "" {
			data["reason"] = d.Reason
		}
		if len(proof) > 0 {
			key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
			if err != nil {
				return err
			}
			row.ProofSealed, data["proof_digest"] = key.Seal(proofPlace(d.ID), proof), digestOf(proof)
		}
		err = tx.Select("state", "expect_by", "reason", "has_result", "submitted_at", "finished_at", "proof_sealed").Where("id = ?", row.ID).Updates(&row).Error
		if err != nil || !changed {
			return err
		}
		return s.record(tx, r, models.System(), "delegation."+string(d.State), data)
	})
}

// DelegationProof is the signed answer of the other system as it came, nil when there is none; personal. It fails with not_found or key_destroyed.
func (s *Store) DelegationProof(ctx context.Context, scope models.Scope, id models.ID) ([]byte, error) {
	tx := s.read(ctx)
	var row delegationRow
	if err := scoped(tx, scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return nil, missing(err, "delegation")
	}
	if row.ProofSealed == nil {
		return nil, nil
	}
	key, err := s.keyOf(tx, row.RequestID)
	if err != nil {
		return nil, err
	}
	return key.Open(proofPlace(id), row.ProofSealed)
}
