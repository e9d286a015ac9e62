package store

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
)

type agentRow struct {
	SubmissionID models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	Basis        request.Basis
	State        request.AgentState
	NameSealed   []byte
	EmailSealed  []byte
	Media        string
	Size         int64
	ProofSealed  []byte
	ReasonSealed []byte
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	DecidedAt    *time.Time
	DecidedRole  models.Role
	DecidedBy    models.ID
}

func (agentRow) TableName() string { return "agents" }

// agentPlace is the place of what is sealed of an agent.
func agentPlace(part string, submissionID models.ID) string {
	return "agents." + part + "/" + submissionID.String()
}

// Agent is somebody who asks for the person of a request, without the proof.
type Agent struct {
	SubmissionID models.ID
	Basis        request.Basis
	State        request.AgentState
	Name, Email  models.Personal // empty once the request's key is destroyed
	Media        string
	Size         int64           // of the proof
	Reason       models.Personal // of the DPO, likewise
	Gone         bool            // the proof has been destroyed
	At           time.Time
	DecidedAt    time.Time // zero until then
}

// agentRow is the row of a submission's agent; nil when the person asks for themselves.
func (in intake) agentRow(requestID models.ID, key *vault.Key) *agentRow {
	a := in.Agent
	if a == nil {
		return nil
	}
	return &agentRow{
		SubmissionID: in.id, RequestID: requestID, ControllerID: in.Controller.ID, Basis: a.Basis, State: request.AgentAsked,
		NameSealed: sealText(key, agentPlace("name", in.id), a.Name), EmailSealed: sealText(key, agentPlace("email", in.id), a.Email),
		Media: a.Proof.Media, Size: int64(len(a.Proof.Content)), ProofSealed: key.Seal(agentPlace("proof", in.id), a.Proof.Content), CreatedAt: in.at,
	}
}

// agentEmail is the address of a submission's agent; empty when the person asks for themselves.
func (in intake) agentEmail() models.Personal {
	if in.Agent == nil {
		return ""
	}
	return in.Agent.Email
}

// agentFacts are what the ledger says of an agent: that there is one, and why they may act.
func agentFacts(data map[string]any, a *request.Agent) map[string]any {
	if a != nil {
		data["agent_basis"] = a.Basis
	}
	return data
}

// agentOf is the agent of a submission without what is sealed in bulk; ok is false when the person asked for themselves.
func agentOf(tx *gorm.DB, submissionID models.ID) (row agentRow, ok bool, err error) {
	var rows []agentRow
	err = tx.Omit("proof_sealed").Where("submission_id = ?", submissionID).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return row, false, unavailable(err)
	}
	return rows[0], true, nil
}

// Agents are those who ask for the person of a request inside the scope, in the order in which they came. It fails with not_found.
func (s *Store) Agents(ctx context.Context, scope models.Scope, requestID models.ID) ([]Agent, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	var rows []agentRow
	err := tx.Omit("proof_sealed").Where("request_id = ?", requestID).Order("created_at, submission_id").Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, unavailable(err)
	}
	key, err := s.keyOf(tx, requestID)
	if err != nil && models.CodeOf(err) != "key_destroyed" {
		return nil, err
	}
	out := make([]Agent, len(rows))
	for i, row := range rows {
		if out[i], err = row.open(key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// open is an agent with what the key opens; without one, what is left.
func (row agentRow) open(key *vault.Key) (Agent, error) {
	out := Agent{
		SubmissionID: row.SubmissionID, Basis: row.Basis, State: row.State, Media: row.Media, Size: row.Size, Gone: key == nil, At: row.CreatedAt.UTC(),
		DecidedAt: instant(row.DecidedAt),
	}
	if key == nil {
		return out, nil
	}
	for _, part := range []struct {
		name   string
		sealed []byte
		to     *models.Personal
	}{{"name", row.NameSealed, &out.Name}, {"email", row.EmailSealed, &out.Email}, {"reason", row.ReasonSealed, &out.Reason}} {
		text, err := openText(key, agentPlace(part.name, row.SubmissionID), part.sealed)
		if err != nil {
			return out, err
		}
		*part.to = text
	}
	return out, nil
}

// AgentProof opens the proof of an agent inside the scope; the ledger says who looked before anything is handed out. It fails with not_found or
// key_destroyed.
func (s *Store) AgentProof(ctx context.Context, scope models.Scope, requestID, submissionID models.ID, by models.Actor) (request.Proof, error) {
	var out request.Proof
	err := s.tx(ctx, func(tx *gorm.DB) error {
		r, err := findRequest(tx, scope, requestID)
		if err != nil {
			return err
		}
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return err
		}
		var row agentRow
		if err := tx.Where("submission_id = ? AND request_id = ?", submissionID, r.ID).Take(&row).Error; err != nil {
			return missing(err, "proof")
		}
		out.Media = row.Media
		if out.Content, err = key.Open(agentPlace("proof", submissionID), row.ProofSealed); err != nil {
			return err
		}
		return s.record(tx, r, by, "agent.proof_viewed", map[string]any{"submission_id": submissionID, "role": by.Role, "key_id": by.ID})
	})
	return out, err
}

// AgentDecision is what the DPO decides about the authority of an agent.
type AgentDecision struct {
	RequestID    models.ID
	SubmissionID models.ID
	Accept       bool
	Actor        models.Actor
	Reason       models.Personal
}

// DecideAgent records the DPO's decision about an authority. One that is accepted stands for the person's own confirmation, and the person's page is
// told to the person alone; after a refusal the request ends by itself unless the person confirms. It fails with not_found, decision_forbidden,
// reason_missing, already_decided or request_closed.
func (s *Store) DecideAgent(ctx context.Context, scope models.Scope, d AgentDecision) error {
	switch {
	case d.Actor.Role != models.RoleDPO:
		return models.Errorf(models.Forbidden, "decision_forbidden", "Your role may not take this decision.")
	case strings.TrimSpace(d.Reason.Reveal()) == "":
		return models.Errorf(models.Invalid, "reason_missing", "Give the reason in words.").At("/reason")
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, scope, d.RequestID)
		if err != nil {
			return err
		}
		row, ok, err := agentOf(tx, d.SubmissionID)
		if err != nil || !ok || row.RequestID != r.ID {
			return orMissing(err, "agent")
		}
		if err := row.State.Decidable(); err != nil {
			return err
		}
		if r.State == models.Closed {
			return models.Errorf(models.Conflict, "request_closed", "The request is closed.")
		}
		return s.decideAgent(tx, r, row, d)
	})
}

// orMissing is an error, or not_found when there is none.
func orMissing(err error, what string) error {
	if err != nil {
		return err
	}
	return missing(gorm.ErrRecordNotFound, what)
}

func (s *Store) decideAgent(tx *gorm.DB, r requestRow, row agentRow, d AgentDecision) error {
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return err
	}
	state, place := request.AgentRefused, agentPlace("reason", row.SubmissionID)
	if d.Accept {
		state = request.AgentAccepted
	}
	err = tx.Model(&agentRow{}).Where("submission_id = ?", row.SubmissionID).Update("reason_sealed", sealText(key, place, d.Reason)).Error
	if err != nil {
		return err
	}
	// Keyed, because a short reason could be guessed from a plain digest after it was erased.
	digest := hex.EncodeToString(key.Digest(place, []byte(d.Reason.Reveal())))
	if err := s.settleAgent(tx, r, row, state, d.Actor, map[string]any{"reason_digest": digest}); err != nil || !d.Accept {
		return err
	}
	sub, err := lockedSubmission(tx, row.SubmissionID)
	if err != nil {
		return err
	}
	page := vault.HashToken(s.vault.Token(pagePurpose, sub.ID))
	if err := tx.Model(&submissionRow{}).Where("id = ?", sub.ID).Updates(map[string]any{"verified_at": s.now(), "page_token_hash": page}).Error; err != nil {
		return err
	}
	return s.verified(tx, r, sub, d.Actor)
}

func lockedSubmission(tx *gorm.DB, id models.ID) (submissionRow, error) {
	var sub submissionRow
	err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", id).Take(&sub).Error
	return sub, missing(err, "submission")
}

// settleAgent writes how the authority of an agent stands now.
func (s *Store) settleAgent(tx *gorm.DB, r requestRow, row agentRow, state request.AgentState, by models.Actor, data map[string]any) error {
	err := tx.Model(&agentRow{}).Where("submission_id = ?", row.SubmissionID).Updates(map[string]any{
		"state": state, "decided_at": s.now(), "decided_role": by.Role, "decided_by": by.ID,
	}).Error
	if err != nil {
		return err
	}
	data["submission_id"], data["basis"] = row.SubmissionID, row.Basis
	return s.record(tx, r, by, "agent."+string(state), data)
}

// agreeToAgent notes that the person confirmed a submission which an agent made for them.
func (s *Store) agreeToAgent(tx *gorm.DB, r requestRow, submissionID models.ID) error {
	row, ok, err := agentOf(tx, submissionID)
	if err != nil || !ok {
		return err
	}
	return s.settleAgent(tx, r, row, request.AgentAgreed, models.Actor{Role: models.RoleSubject}, map[string]any{})
}

// ObjectToAgent takes the objection of a person in, by the link of the mail that asked them: the link is used up, nobody is asked again, and a request
// that rests on the agent alone is withdrawn as far as it still can be. It fails with not_found or link_used.
func (s *Store) ObjectToAgent(ctx context.Context, token string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, v, err := lockVerification(tx, token)
		if err != nil {
			return err
		}
		row, ok, err := agentOf(tx, v.SubmissionID)
		switch {
		case err != nil || !ok:
			return orMissing(err, "link")
		case row.State == request.AgentObjected:
			return nil
		case v.UsedAt != nil:
			return linkUsed()
		}
		return s.objectToAgent(tx, r, v, row)
	})
}

func (s *Store) objectToAgent(tx *gorm.DB, r requestRow, v verificationRow, row agentRow) error {
	if err := tx.Model(&verificationRow{}).Where("id = ?", v.ID).Update("used_at", s.now()).Error; err != nil {
		return err
	}
	subject := models.Actor{Role: models.RoleSubject}
	if err := s.settleAgent(tx, r, row, request.AgentObjected, subject, map[string]any{}); err != nil {
		return err
	}
	alone, err := restsOn(tx, r, row.SubmissionID)
	if err != nil || !alone {
		return err
	}
	_, err = s.decide(tx, r, request.Decision{Kind: request.Withdraw, Actor: subject})
	if models.KindOf(err) == models.Conflict { // it was decided already, and the ledger has the objection
		return nil
	}
	return err
}

// restsOn reports whether a request has nothing else to rest on than a submission: it was verified by it, or nobody else has sent one.
func restsOn(tx *gorm.DB, r requestRow, submissionID models.ID) (bool, error) {
	if r.VerifiedAt != nil {
		return r.SubmissionID == submissionID, nil
	}
	var others int64
	err := tx.Model(&submissionRow{}).Where("request_id = ? AND id <> ?", r.ID, submissionID).Count(&others).Error
	return others == 0, err
}

// addAgent adds who asks for the person.
func (s *Store) addAgent(tx *gorm.DB, view *VerificationView, r requestRow, sub submissionRow) error {
	row, ok, err := agentOf(tx, sub.ID)
	if err != nil || !ok {
		return err
	}
	if sub.PageTokenHash == nil {
		view.StatusToken = ""
	}
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil && models.CodeOf(err) != "key_destroyed" {
		return err
	}
	agent, err := row.open(key)
	view.Agent = &agent
	return err
}
