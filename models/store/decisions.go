package store

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
	"habeas/models/webhook"
)

type decisionRow struct {
	Seq          int64     `gorm:"->"`
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	Kind         request.DecisionKind
	ActorRole    models.Role
	ActorID      models.ID
	DecidedAt    time.Time
	State        models.State
	StateNo      int
	ReasonSealed []byte
	PlanDigest   string
	Choices      map[int]models.Treatment `gorm:"serializer:json"`
	NoticeID     models.ID
	TaskID       models.ID
	NotifiedAt   *time.Time
	Narrowing    request.Narrowing `gorm:"serializer:json"`
}

func (decisionRow) TableName() string { return "decisions" }

func reasonPlace(id models.ID) string { return "decisions.reason/" + id.String() }

// Decide records a decision about a request in one transaction and orders its delivery to the workflow. It fails with not_found, what
// request.Allowed fails with, reason_missing, unknown_answer, already_decided, already_acknowledged, question_open, no_corrections, not_restricted,
// no_open_question, plan_changed or what plan.Choose, task.Allows, task.CheckCounts and request.Approval.Second fail with. Where two persons have to
// approve, the first approval is recorded as one that waits, and nothing is ordered.
func (s *Store) Decide(ctx context.Context, scope models.Scope, d request.Decision) (request.Decision, error) {
	err := s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, scope, d.RequestID)
		if err != nil {
			return err
		}
		d, err = s.decide(tx, r, d)
		return err
	})
	return d, err
}

// decide records a decision about a request whose row the transaction has locked.
func (s *Store) decide(tx *gorm.DB, r requestRow, d request.Decision) (request.Decision, error) {
	two, err := mayDecide(tx, r, d)
	if err != nil {
		return d, err
	}
	d = ofItsKind(d)
	if (request.NeedsReason(d.Kind) || !d.Narrowing.IsZero()) && strings.TrimSpace(d.Reason.Reveal()) == "" {
		return d, models.Errorf(models.Invalid, "reason_missing", "Give the reason in words.").At("/reason")
	}
	if err := checkEarlier(tx, r, d); err != nil {
		return d, err
	}
	if two {
		if d, err = s.approveOfTwo(tx, r, d); err != nil || d.Waits {
			return d, err
		}
	}
	if d.Kind == request.Approve || d.Kind == request.Change {
		if err := s.decidePlan(tx, r.ID, d.PlanDigest, d.Choices, d.Kind == request.Approve); err != nil {
			return d, err
		}
	}
	if err := s.apply(tx, r, d); err != nil {
		return d, err
	}
	if !request.OfTask(d.Kind) {
		return s.writeDecision(tx, r, d, models.ID{})
	}
	deferral, err := s.decideTask(tx, r, d)
	if err != nil {
		return d, err
	}
	return s.writeDecision(tx, r, d, deferral)
}

// apply writes what a decision changes at once.
func (s *Store) apply(tx *gorm.DB, r requestRow, d request.Decision) error {
	switch d.Kind {
	case request.Waive:
		return s.waiveNotice(tx, r, d)
	case request.Clarify, request.Answer:
		return s.update(tx, r.ID, map[string]any{"asked": d.Kind == request.Clarify})
	case request.Acknowledge:
		if d.Actor.Role == models.RoleRecipient {
			return nil // its link closes the notice
		}
		return s.relayNotice(tx, r, d)
	case request.Lift:
		return s.startLifting(tx, r)
	case request.Approve, request.Refuse, request.Withdraw, request.Decline:
		return forgetValues(tx, r.ID) // nobody has to look at the rows any more
	default:
		return nil
	}
}

// ofItsKind drops what a decision of this kind does not have: nobody checks it, and the ledger would keep it for ever.
func ofItsKind(d request.Decision) request.Decision {
	if d.Kind != request.Approve && d.Kind != request.Change {
		d.PlanDigest, d.Choices = "", nil
	}
	if d.Kind != request.Acknowledge && d.Kind != request.Waive {
		d.NoticeID = models.ID{}
	}
	if d.Kind != request.Acknowledge {
		d.Answer = ""
	}
	if !request.OfTask(d.Kind) {
		d.TaskID = models.ID{}
	}
	if d.Kind != request.Complete {
		d.Counts = nil
	}
	if d.Kind != request.Instruct {
		d.Narrowing = request.Narrowing{}
	}
	d.Narrowing = d.Narrowing.Sorted()
	return d
}

// writeDecision writes the row, the ledger entry and the order of a decision that was found to be allowed. deferral is the one whose workflow it is
// delivered to; zero: the request's.
func (s *Store) writeDecision(tx *gorm.DB, r requestRow, d request.Decision, deferral models.ID) (request.Decision, error) {
	d.ID, d.RequestID = newID(), r.ID
	if d.Choices == nil {
		d.Choices = map[int]models.Treatment{}
	}
	row := decisionRow{
		ID: d.ID, RequestID: r.ID, ControllerID: r.ControllerID, Kind: d.Kind, ActorRole: d.Actor.Role, ActorID: d.Actor.ID,
		DecidedAt: s.now(), State: r.State, StateNo: r.StateNo, PlanDigest: d.PlanDigest, Choices: d.Choices, NoticeID: d.NoticeID,
		TaskID: d.TaskID, Narrowing: d.Narrowing,
	}
	data := map[string]any{"decision_id": d.ID}
	if d.PlanDigest != "" {
		data["plan_digest"] = d.PlanDigest
	}
	if len(d.Choices) > 0 {
		data["choices"] = d.Choices
	}
	if !d.NoticeID.IsZero() {
		data["notice_id"] = d.NoticeID
	}
	if !d.TaskID.IsZero() {
		data["task_id"] = d.TaskID
	}
	if len(d.Counts) > 0 {
		data["counts"] = d.Counts
	}
	if !d.Narrowing.IsZero() {
		data["narrowing"] = d.Narrowing
	}
	if d.Reason != "" {
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return d, err
		}
		row.ReasonSealed = sealText(key, reasonPlace(d.ID), d.Reason)
		// Keyed, because a short reason could be guessed from a plain digest after it was erased.
		data["reason_digest"] = reasonDigest(key, d.ID, d.Reason)
	}
	if err := tx.Create(&row).Error; err != nil {
		return d, err
	}
	if err := s.record(tx, r, d.Actor, "decision."+string(d.Kind), data); err != nil {
		return d, err
	}
	if d.Kind == request.Instruct {
		if err := s.tellRequest(tx, r, webhook.RequestInstructed, "/"+d.ID.String()); err != nil {
			return d, err
		}
	}
	if err := s.tellOpenDSR(tx, r.ID); err != nil {
		return d, err
	}
	order := OrderUpdate
	if liftable(d.Kind) {
		order = OrderStartLifting
	}
	return d, s.enqueue(tx, Order{RequestID: r.ID, Kind: order, Name: string(d.Kind), DecisionID: d.ID, NoticeID: d.NoticeID, DeferralID: deferral})
}

// reasonDigest is how the ledger knows a reason without telling it.
func reasonDigest(key *vault.Key, decision models.ID, reason models.Personal) string {
	return hex.EncodeToString(key.Digest(reasonPlace(decision), []byte(reason.Reveal())))
}

// settled lists, for a decision that leads the request on, the decisions that come too late once it is recorded; nil means all of them.
var settled = map[request.DecisionKind][]request.DecisionKind{
	request.Withdraw: nil,
	request.Decline:  nil,
	request.Refuse:   nil,
	request.Approve: {
		request.Approve, request.Change, request.Refuse, request.Withdraw, request.Extend, request.Clarify, request.Answer,
	},
	request.Instruct: {request.Instruct, request.Decline},
}

// checkEarlier refuses a decision that an earlier one leaves no room for, since the request's state moves only when the workflow does. Approve
// and Instruct count only in the state in which they were taken: the workflow may come back to it with a new plan.
func checkEarlier(tx *gorm.DB, r requestRow, d request.Decision) error {
	if slices.Contains(settled[request.Approve], d.Kind) {
		if decided, err := planDecided(tx, r.ID); err != nil || decided { // by policy: there is no decision of anyone to find below
			return cmp.Or(err, alreadyDecided())
		}
	}
	var earlier []decisionRow
	if err := tx.Select("id", "kind", "state_no", "notice_id").Where("request_id = ?", r.ID).Order("seq").Find(&earlier).Error; err != nil {
		return err
	}
	open := false // a question to the subject
	for _, e := range earlier {
		late, leads := settled[e.Kind]
		switch {
		case leads && late == nil:
			return alreadyDecided()
		case leads && late != nil && e.StateNo == r.StateNo && slices.Contains(late, d.Kind):
			return alreadyDecided()
		case e.Kind == request.Extend && d.Kind == request.Extend, e.Kind == request.Verify && d.Kind == request.Verify:
			return alreadyDecided()
		case !d.NoticeID.IsZero() && e.NoticeID == d.NoticeID:
			return models.Errorf(models.Conflict, "already_acknowledged", "This notice has been answered or closed already.")
		}
		open = e.Kind == request.Clarify || open && e.Kind != request.Answer
	}
	return checkQuestion(d.Kind, open)
}

// planDecided reports whether the latest plan is settled, from which moment its execution may begin.
func planDecided(tx *gorm.DB, requestID models.ID) (bool, error) {
	var latest []planRow
	err := tx.Select("decided_at").Where("request_id = ?", requestID).Order("version DESC").Limit(1).Find(&latest).Error
	return len(latest) == 1 && latest[0].DecidedAt != nil, err
}

func alreadyDecided() error {
	return models.Errorf(models.Conflict, "already_decided", "This has been decided already.")
}

// checkQuestion keeps one question open at a time, and answers to it.
func checkQuestion(kind request.DecisionKind, open bool) error {
	switch {
	case kind == request.Clarify && open:
		return models.Errorf(models.Conflict, "question_open", "The person has not yet answered the earlier question.")
	case kind == request.Answer && !open:
		return models.Errorf(models.Conflict, "no_open_question", "There is no question to answer.")
	}
	return nil
}

// Decision is one decision inside the scope, with its reason; it fails with not_found or key_destroyed.
func (s *Store) Decision(ctx context.Context, scope models.Scope, id models.ID) (request.Decision, error) {
	tx := s.read(ctx)
	var row decisionRow
	if err := scoped(tx, scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return request.Decision{}, missing(err, "decision")
	}
	out, err := s.openDecisions(tx, []decisionRow{row})
	if err != nil {
		return request.Decision{}, err
	}
	return out[0].Decision, nil
}

// Decided is a decision with the instant at which it was taken.
type Decided struct {
	request.Decision
	At         time.Time
	NotifiedAt time.Time // when the person was told of it; zero until then
}

// Decisions are the decisions about a request, oldest first; reasons are empty once the request was shredded. It fails with not_found.
func (s *Store) Decisions(ctx context.Context, scope models.Scope, requestID models.ID) ([]Decided, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	return s.decisionsOf(tx, requestID)
}

func (s *Store) decisionsOf(tx *gorm.DB, requestID models.ID, kinds ...request.DecisionKind) ([]Decided, error) {
	query := tx.Where("request_id = ?", requestID)
	if len(kinds) > 0 {
		query = query.Where("kind IN ?", kinds)
	}
	var rows []decisionRow
	if err := query.Order("seq").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out, err := s.openDecisions(tx, rows)
	if models.CodeOf(err) == "key_destroyed" {
		for i := range rows {
			rows[i].ReasonSealed = nil
		}
		return s.openDecisions(tx, rows)
	}
	return out, err
}

// openDecisions opens the reasons of decisions about one request.
func (s *Store) openDecisions(tx *gorm.DB, rows []decisionRow) ([]Decided, error) {
	out := make([]Decided, len(rows))
	for i, row := range rows {
		out[i] = Decided{At: row.DecidedAt.UTC(), NotifiedAt: instant(row.NotifiedAt), Decision: request.Decision{
			ID: row.ID, RequestID: row.RequestID, Kind: row.Kind, Actor: models.Actor{Role: row.ActorRole, ID: row.ActorID},
			PlanDigest: row.PlanDigest, Choices: row.Choices, NoticeID: row.NoticeID, TaskID: row.TaskID,
			Narrowing: row.Narrowing,
		}}
		if row.ReasonSealed == nil {
			continue
		}
		key, err := s.keyOf(tx, row.RequestID)
		if err != nil {
			return nil, err
		}
		if out[i].Reason, err = openText(key, reasonPlace(row.ID), row.ReasonSealed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// NotifiedOf records that the person was told of a decision, which makes an extension valid (Art. 12(3)). Repeating it changes nothing.
func (s *Store) NotifiedOf(ctx context.Context, decisionID models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row decisionRow
		if err := tx.Where("id = ?", decisionID).Take(&row).Error; err != nil {
			return missing(err, "decision")
		}
		r, err := lockRequest(tx, models.ScopeOperator(), row.RequestID)
		if err != nil {
			return err
		}
		done := tx.Model(&decisionRow{}).Where("id = ? AND notified_at IS NULL", decisionID).Update("notified_at", s.now())
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		return s.record(tx, r, models.System(), "decision.notified", map[string]any{"decision_id": decisionID, "kind": row.Kind})
	})
}
