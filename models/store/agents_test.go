package store_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

var mandate = []byte("%PDF-1.7\nI authorise Robin Counsel.\n%%EOF\n")

// represented is a submission that Robin makes for a person.
func (b *bundle) represented(email string) store.Submission {
	b.t.Helper()
	sub := b.submission(email)
	proof, err := request.NewProof(mandate)
	require.NoError(b.t, err)
	sub.Agent = &request.Agent{Name: "Robin Counsel", Email: "robin@example.net", Basis: request.Mandate, Proof: proof}
	return sub
}

// agent is the one agent of a request.
func (b *bundle) agent(id models.ID) store.Agent {
	b.t.Helper()
	list, err := b.Agents(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	require.Len(b.t, list, 1)
	return list[0]
}

func (b *bundle) authority(id models.ID, accept bool) error {
	return b.DecideAgent(b.t.Context(), models.ScopeOperator(), store.AgentDecision{
		RequestID: id, SubmissionID: b.agent(id).SubmissionID, Accept: accept, Actor: models.Actor{Role: models.RoleDPO}, Reason: "It is signed.",
	})
}

func TestThePersonAgreesToAnAgentByTheLinkAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.represented("ada@example.org"))
	issued := b.issue(out.RequestID)
	require.Equal(t, b.agent(out.RequestID).SubmissionID, issued.Agent)
	require.EqualValues(t, "ada@example.org", issued.To, "the person is asked, not the agent")

	requireCode(t, "wrong_code", b.VerifyByCode(t.Context(), out.StatusToken, issued.Code))
	view, err := b.PeekVerification(t.Context(), issued.Token)
	require.NoError(t, err)
	require.Empty(t, view.StatusToken, "the agent's page is not the person's")
	require.EqualValues(t, "Robin Counsel", view.Agent.Name)

	before, err := b.StatusByToken(t.Context(), out.StatusToken)
	require.NoError(t, err)
	require.Equal(t, store.AgentStatus{Authority: request.AgentAsked}, *before.Agent)

	page, err := b.VerifyByToken(t.Context(), issued.Token)
	require.NoError(t, err)
	require.Equal(t, request.AgentAgreed, b.agent(out.RequestID).State)
	person, err := b.StatusByToken(t.Context(), page)
	require.NoError(t, err)
	require.False(t, person.Masked)
	agent, err := b.StatusByToken(t.Context(), out.StatusToken)
	require.NoError(t, err)
	require.True(t, agent.Masked, "the agent sees the state and nothing else")
	require.True(t, agent.Agent.Verified)
	require.Empty(t, agent.Messages)
	_, err = b.DecideByStatusToken(t.Context(), out.StatusToken, request.Withdraw, "")
	requireCode(t, "not_verified", err)
}

func TestTheDPOAcceptsAnAuthorityInThePersonsPlace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.represented("ada@example.org"))
	require.NoError(t, b.authority(out.RequestID, true))
	requireCode(t, "already_decided", b.authority(out.RequestID, false))
	r, err := b.Request(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Equal(t, b.now(), r.VerifiedAt)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM decisions WHERE request_id = $1 AND kind = 'verify' AND actor_role = 'dpo'`, out.RequestID))

	page, err := b.StatusToken(t.Context(), out.RequestID)
	require.NoError(t, err)
	require.NotEqual(t, out.StatusToken, page, "letters lead the person to a page of their own")
	agent, err := b.StatusByToken(t.Context(), out.StatusToken)
	require.NoError(t, err)
	require.True(t, agent.Masked)
	subject, err := b.Subject(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.EqualValues(t, "ada@example.org", subject.Email, "whoever asks, the person gets the answer")
}

func TestARefusedAuthorityLeavesTheRequestToThePerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.represented("ada@example.org"))
	issued := b.issue(out.RequestID)
	for role, code := range map[models.Role]string{models.RoleHandler: "decision_forbidden", models.RoleController: "decision_forbidden", models.RoleDPO: "reason_missing"} {
		requireCode(t, code, b.DecideAgent(t.Context(), models.ScopeOperator(), store.AgentDecision{
			RequestID: out.RequestID, SubmissionID: issued.Agent, Accept: true, Actor: models.Actor{Role: role},
		}))
	}
	require.NoError(t, b.authority(out.RequestID, false))
	r, err := b.Request(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Zero(t, r.VerifiedAt)
	_, err = b.VerifyByToken(t.Context(), issued.Token)
	require.NoError(t, err)
	require.Equal(t, request.AgentAgreed, b.agent(out.RequestID).State)
}

func TestAnObjectionStopsAnAgent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.represented("ada@example.org"))
	issued := b.issue(out.RequestID)
	require.NoError(t, b.ObjectToAgent(t.Context(), issued.Token))
	require.NoError(t, b.ObjectToAgent(t.Context(), issued.Token), "pressed twice")
	require.Equal(t, request.AgentObjected, b.agent(out.RequestID).State)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM decisions WHERE request_id = $1 AND kind = 'withdraw'`, out.RequestID))
	_, err := b.VerifyByToken(t.Context(), issued.Token)
	requireCode(t, "link_used", err)
	requireCode(t, "already_decided", b.authority(out.RequestID, true))
	b.pass(25 * time.Hour)
	again, err := b.IssueVerifications(t.Context(), out.RequestID)
	require.NoError(t, err)
	require.Empty(t, again, "nobody is asked again")
}

func TestAnObjectionLeavesThePersonsOwnRequestAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.represented("ada@example.org"))
	own := b.submit(b.submission("Ada@example.org"))
	require.Equal(t, out.RequestID, own.RequestID)
	issued, err := b.IssueVerifications(t.Context(), out.RequestID)
	require.NoError(t, err)
	require.Len(t, issued, 2)
	for _, one := range issued {
		if !one.Agent.IsZero() {
			require.NoError(t, b.ObjectToAgent(t.Context(), one.Token))
			continue
		}
		requireCode(t, "not_found", b.ObjectToAgent(t.Context(), one.Token))
		require.NoError(t, b.VerifyByCode(t.Context(), own.StatusToken, one.Code))
	}
	require.Zero(t, b.count(`SELECT count(*) FROM decisions WHERE request_id = $1 AND kind = 'withdraw'`, out.RequestID))
}

func TestAProofIsSealedScopedLoggedAndGoesWithTheKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.represented("ada@example.org")
	sub.Controller = b.acme
	out := b.submit(sub)
	id := b.agent(out.RequestID).SubmissionID
	require.Zero(t, b.count(`SELECT count(*) FROM agents WHERE position('Robin'::bytea IN proof_sealed || name_sealed) > 0`))
	dpo := models.Actor{Role: models.RoleDPO}

	_, err := b.AgentProof(t.Context(), models.ScopeOf(b.globex.ID), out.RequestID, id, dpo)
	requireCode(t, "not_found", err)
	other := b.submit(b.represented("grace@example.org"))
	_, err = b.AgentProof(t.Context(), models.ScopeOperator(), other.RequestID, id, dpo)
	requireCode(t, "not_found", err)

	got, err := b.AgentProof(t.Context(), models.ScopeOperator(), out.RequestID, id, dpo)
	require.NoError(t, err)
	require.Equal(t, request.Proof{Media: "application/pdf", Content: mandate}, got)
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Equal(t, "mandate", entries[0].Data["agent_basis"])
	require.Equal(t, "agent.proof_viewed", entries[len(entries)-1].Kind)

	b.advance(out.RequestID, models.Verifying)
	require.NoError(t, b.Advance(t.Context(), out.RequestID, models.Closed, models.Lapsed))
	require.NoError(t, b.DestroyKey(t.Context(), out.RequestID))
	_, err = b.AgentProof(t.Context(), models.ScopeOperator(), out.RequestID, id, dpo)
	requireCode(t, "key_destroyed", err)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM agents WHERE request_id = $1 AND num_nulls(proof_sealed, name_sealed, email_sealed) = 3`, out.RequestID))
	left := b.agent(out.RequestID)
	require.True(t, left.Gone)
	require.Empty(t, left.Name)
}

func TestAProofIsWhatItHolds(t *testing.T) {
	t.Parallel()
	for code, content := range map[string][]byte{
		"missing_proof":   {},
		"bad_proof":       []byte("<!doctype html><script>alert(1)</script>"),
		"proof_too_large": append(bytes.Repeat([]byte("%PDF-"), request.MaxProof/5), '%'),
	} {
		_, err := request.NewProof(content)
		requireCode(t, code, err)
	}
	_, err := request.NewProof([]byte("plain words"))
	requireCode(t, "bad_proof", err)
	_, err = request.NewProof([]byte("%PDF-1.7 cut off"))
	requireCode(t, "bad_proof", err)
}
