package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// Status is what the status page of one submission shows. While that submission is not verified it is masked: it then says "check your mail" and
// nothing else, since anyone may have submitted with this address, and an earlier request of the person must not show.
type Status struct {
	RequestID    models.ID
	Reference    string
	Right        models.Right
	Controller   string // its name
	Language     string // of the submission
	SubmittedAt  time.Time
	State        models.State // verifying while masked
	Masked       bool
	Outcome      models.Outcome
	Clock        request.Clock
	Timeline     []Event
	Question     models.Personal // the question that waits for an answer; empty when there is none
	Messages     []Message
	PackageReady bool
	CanWithdraw  bool
	Complaints   []Complaint
	CanComplain  bool
	Agent        *AgentStatus // on the page of somebody who acts for the person, which stays masked
	Retained     []plan.Group // what the decided plan retains, with rule, citation and date
}

// AgentStatus is what somebody who acts for the person sees: how their authority stands, and once it is proved how the request does.
type AgentStatus struct {
	Authority request.AgentState
	Verified  bool
	State     models.State
	Outcome   models.Outcome
	Clock     request.Clock
}

// Event is one thing that happened, for the person: a ledger kind and the details of it that are meant for them.
type Event struct {
	At     time.Time
	Kind   string
	Detail map[string]string
}

// shown lists the kinds of ledger entries that the person sees, with the details shown of each.
var shown = map[string][]string{
	"request.received":     {"channel"},
	"submission.verified":  nil,
	"clock.recorded":       {"cause", "due_on", "extended_to", "paused"},
	"decision.instruct":    nil,
	"decision.decline":     nil,
	"decision.approve":     nil,
	"decision.refuse":      nil,
	"decision.extend":      nil,
	"decision.clarify":     nil,
	"decision.answer":      nil,
	"decision.withdraw":    nil,
	"decision.collect":     nil,
	"decision.acknowledge": nil,
	"decision.waive":       nil,
	"notice.sent":          nil,
	"deferral.created":     {"rule", "due_on", "rows"},
	"deferral.postponed":   {"rule", "due_on"},
	"package.ready":        nil,
	"package.fetched":      nil,
	"package.shredded":     nil,
	"deferral.done":        {"rows"},
	"receipt.issued":       nil,
	"decision.lift":        nil,
	"restriction.imposed":  nil,
	"restriction.lifted":   nil,
	"objection.entered":    nil,
	"correction.corrected": {"field"},
	"key.destroyed":        nil,
	"agent.accepted":       nil,
	"agent.refused":        nil,
	"complaint.received":   nil,
	"complaint.answered":   nil,
}

// StatusByToken is the status page's content; it fails with not_found.
func (s *Store) StatusByToken(ctx context.Context, statusToken string) (Status, error) {
	tx := s.read(ctx)
	sub, err := submissionByToken(tx, statusToken)
	if err != nil {
		return Status{}, err
	}
	r, err := findRequest(tx, models.ScopeOperator(), sub.RequestID)
	if err != nil {
		return Status{}, err
	}
	c, err := controllerByID(tx, r.ControllerID)
	if err != nil {
		return Status{}, err
	}
	out := Status{
		RequestID: r.ID, Reference: r.Reference, Right: r.RightCode, Controller: c.Name, Language: sub.Language,
		SubmittedAt: sub.SubmittedAt.UTC(), State: models.Verifying, Masked: true,
		Timeline: []Event{{At: sub.SubmittedAt.UTC(), Kind: "request.received", Detail: map[string]string{"channel": string(sub.Channel)}}},
	}
	if !sub.opens(statusToken) {
		out.Agent, err = agentStatus(tx, r, sub)
		return out, err
	}
	return out, s.unmask(tx, &out, r)
}

// agentStatus is what the agent of a submission sees; nil when nobody acts for the person.
func agentStatus(tx *gorm.DB, r requestRow, sub submissionRow) (*AgentStatus, error) {
	row, ok, err := agentOf(tx, sub.ID)
	if err != nil || !ok {
		return nil, err
	}
	out := &AgentStatus{Authority: row.State}
	if sub.VerifiedAt != nil {
		out.Verified, out.State, out.Outcome, out.Clock = true, r.State, r.Outcome, r.Clock
	}
	return out, nil
}

// unmask adds what only the verified person may see.
func (s *Store) unmask(tx *gorm.DB, out *Status, r requestRow) error {
	out.Masked, out.State, out.Outcome, out.Clock = false, r.State, r.Outcome, r.Clock
	var err error
	if out.Timeline, err = timeline(tx, r.ID); err != nil {
		return err
	}
	if out.Retained, err = retained(tx, r); err != nil {
		return err
	}
	if out.PackageReady, err = s.packageReady(tx, r.ID); err != nil {
		return err
	}
	withdraw := request.Decision{Kind: request.Withdraw}
	out.CanWithdraw = request.OpenIn(request.Withdraw, r.State) == nil && checkEarlier(tx, r, withdraw) == nil
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if models.CodeOf(err) == "key_destroyed" {
		return nil // what remains is what is not personal
	}
	if err != nil {
		return err
	}
	if out.Messages, err = messagesOf(tx, key, r.ID); err != nil {
		return err
	}
	if out.Complaints, err = complaintsOf(tx, key, r.ID); err != nil {
		return err
	}
	out.CanComplain = len(out.Complaints) < maxComplaints && !slices.ContainsFunc(out.Complaints, func(c Complaint) bool { return c.AnsweredAt.IsZero() })
	out.Question, err = openQuestion(tx, key, r)
	return err
}

func timeline(tx *gorm.DB, requestID models.ID) ([]Event, error) {
	entries, err := entriesOf(tx, requestID)
	if err != nil {
		return nil, err
	}
	var out []Event
	for _, e := range entries {
		details, known := shown[e.Kind]
		if !known && !strings.HasPrefix(e.Kind, "state.") {
			continue
		}
		event := Event{At: e.At, Kind: e.Kind, Detail: map[string]string{}}
		for _, name := range details {
			if v, ok := e.Data[name]; ok {
				event.Detail[name] = fmt.Sprint(v)
			}
		}
		out = append(out, event)
	}
	return out, nil
}

// retained is what the decided plan of an erasure keeps for a time.
func retained(tx *gorm.DB, r requestRow) ([]plan.Group, error) {
	row, err := latestPlan(tx, r.ID)
	if models.CodeOf(err) == "not_found" || err == nil && row.DecidedAt == nil {
		return nil, nil
	}
	return row.Body.Retained(), err
}

// openQuestion is the text of the last question, unless it was answered or the request moved past it.
func openQuestion(tx *gorm.DB, key *vault.Key, r requestRow) (models.Personal, error) {
	if request.OpenIn(request.Answer, r.State) != nil {
		return "", nil
	}
	var last []decisionRow
	err := tx.Where("request_id = ? AND kind IN ?", r.ID, []request.DecisionKind{request.Clarify, request.Answer}).
		Order("seq DESC").Limit(1).Find(&last).Error
	if err != nil || len(last) == 0 || last[0].Kind == request.Answer {
		return "", unavailable(err)
	}
	return openText(key, reasonPlace(last[0].ID), last[0].ReasonSealed)
}

// StatusToken is the token of the status page of the submission that a request is proven by. Hand it only to the verified address. It fails
// with not_found.
func (s *Store) StatusToken(ctx context.Context, requestID models.ID) (string, error) {
	r, err := findRequest(s.read(ctx), models.ScopeOperator(), requestID)
	if err != nil {
		return "", err
	}
	var sub submissionRow
	if err := s.read(ctx).Where("id = ?", r.SubmissionID).Take(&sub).Error; err != nil {
		return "", missing(err, "submission")
	}
	return s.pageToken(sub), nil
}
