package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/webhook"
)

type requestRow struct {
	ID           models.ID `gorm:"primaryKey"`
	Reference    string
	ControllerID models.ID
	RightCode    models.Right
	State        models.State
	StateNo      int
	Outcome      models.Outcome
	Channel      request.Channel
	Language     string
	ReceivedAt   time.Time
	VerifiedAt   *time.Time
	ClosedAt     *time.Time
	SubjectIndex []byte
	SubmissionID models.ID
	WrappedKey   []byte
	ShreddedAt   *time.Time
	Clock        request.Clock `gorm:"serializer:json"`
	DueBefore    *time.Time
	PlanVersion  int
	Asked        bool
	WaitsFor     request.Party `gorm:"->"`
	UpdatedAt    time.Time     `gorm:"autoUpdateTime:false"`
}

func (requestRow) TableName() string { return "requests" }

func (r requestRow) request() request.Request {
	return request.Request{
		ID: r.ID, Reference: r.Reference, ControllerID: r.ControllerID, Right: r.RightCode, State: r.State, Outcome: r.Outcome,
		Channel: r.Channel, Language: r.Language, ReceivedAt: r.ReceivedAt.UTC(), VerifiedAt: instant(r.VerifiedAt),
		ClosedAt: instant(r.ClosedAt), Clock: r.Clock, PlanVersion: r.PlanVersion, Waits: request.WaitsFor(r.State, r.Asked),
	}
}

// instant is the time in UTC, zero for NULL.
func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// nullable is NULL for the zero time.
func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// findRequest reads a request inside the scope; it fails with not_found.
func findRequest(tx *gorm.DB, scope models.Scope, id models.ID) (requestRow, error) {
	var row requestRow
	err := scoped(tx, scope).Where("id = ?", id).Take(&row).Error
	return row, missing(err, "request")
}

// lockRequest is findRequest that also locks the row until the transaction ends: everything that changes a request or decides about it
// starts with it.
func lockRequest(tx *gorm.DB, scope models.Scope, id models.ID) (requestRow, error) {
	return findRequest(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), scope, id)
}

// update changes columns of a request.
func (s *Store) update(tx *gorm.DB, id models.ID, columns map[string]any) error {
	columns["updated_at"] = s.now()
	return tx.Model(&requestRow{}).Where("id = ?", id).Updates(columns).Error
}

// Request is one request inside the scope; it fails with not_found.
func (s *Store) Request(ctx context.Context, scope models.Scope, id models.ID) (request.Request, error) {
	row, err := findRequest(s.read(ctx), scope, id)
	if err != nil {
		return request.Request{}, err
	}
	return row.request(), nil
}

// ViewSubject is Subject for somebody who looks at it: the ledger says who did before anything is handed out. It fails with not_found or key_destroyed.
func (s *Store) ViewSubject(ctx context.Context, who models.Principal, id models.ID) (request.Subject, error) {
	if _, err := s.Request(ctx, who.Scope, id); err != nil {
		return request.Subject{}, err
	}
	if err := s.Append(ctx, id, "subject.viewed", map[string]any{"role": who.Role, "key_id": who.ID}); err != nil {
		return request.Subject{}, err
	}
	return s.Subject(ctx, who.Scope, id)
}

// Subject is the personal data of the request's subject: what the first verified submission said or, while none is verified, the first.
// It fails with not_found or key_destroyed.
func (s *Store) Subject(ctx context.Context, scope models.Scope, id models.ID) (request.Subject, error) {
	tx := s.read(ctx)
	row, err := findRequest(tx, scope, id)
	if err != nil {
		return request.Subject{}, err
	}
	return s.subject(tx, row)
}

// subject opens the sealed subject of a request.
func (s *Store) subject(tx *gorm.DB, r requestRow) (request.Subject, error) {
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return request.Subject{}, err
	}
	var sub submissionRow
	if err := tx.Where("id = ?", r.SubmissionID).Take(&sub).Error; err != nil {
		return request.Subject{}, missing(err, "submission")
	}
	return openSubject(key, sub.ID, sub.SubjectSealed)
}

// Advance moves a request to a state by the transition table; outcome is given with Closed only. A request that is there already stays
// as it is. It fails with not_found, bad_transition, bad_outcome or, for Lapsed, with lapse_overtaken when it was verified or ended meanwhile.
func (s *Store) Advance(ctx context.Context, id models.ID, to models.State, outcome models.Outcome) error {
	if (to == models.Closed) != (outcome != "") {
		return models.Errorf(models.Invalid, "bad_outcome", "A request that is closed has an outcome, and no other.")
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), id)
		if err != nil {
			return err
		}
		if r.State == to && r.Outcome == outcome {
			return nil
		}
		if !models.CanFollow(r.State, to) {
			return models.Errorf(models.Conflict, "bad_transition", "A request in state %s cannot go to %s.", r.State, to)
		}
		if outcome == models.Lapsed {
			err := checkEarlier(tx, r, request.Decision{Kind: request.Verify})
			if models.KindOf(err) == models.Conflict {
				return models.Errorf(models.Conflict, "lapse_overtaken", "The request was verified or ended before it lapsed.")
			}
			if err != nil {
				return err
			}
		}
		columns := map[string]any{"state": to, "state_no": r.StateNo + 1, "outcome": outcome}
		data := map[string]any{"from": r.State}
		if to == models.Closed {
			columns["closed_at"] = s.now()
			data["outcome"] = outcome
		}
		if err := s.update(tx, id, columns); err != nil {
			return err
		}
		if err := s.record(tx, r, models.System(), "state."+string(to), data); err != nil {
			return err
		}
		return s.tellAdvanced(tx, id, to)
	})
}

// tellAdvanced tells the controller, in the transaction in which a request moved, or does as the controller has said once and for all.
func (s *Store) tellAdvanced(tx *gorm.DB, id models.ID, to models.State) error {
	if to == models.AwaitingInstruction {
		if err := s.followStanding(tx, id); err != nil {
			return err
		}
	}
	if to == models.Closed {
		r, err := findRequest(tx, models.ScopeOperator(), id)
		if err != nil {
			return err
		}
		if err := s.tellRequest(tx, r, webhook.RequestClosed, ""); err != nil {
			return err
		}
		if err := s.wakeContractEnd(tx, r); err != nil {
			return err
		}
		if err := s.tellDRP(tx, id); err != nil {
			return err
		}
	}
	return s.tellOpenDSR(tx, id)
}
