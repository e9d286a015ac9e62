package v1

import (
	"bytes"
	"context"
	"strings"

	"habeas/api/intake"
	"habeas/models"
	"habeas/models/store"
)

// SubmitForPerson takes a request in that somebody makes for another person.
func (s *Server) SubmitForPerson(ctx context.Context, in SubmitForPersonRequestObject) (SubmitForPersonResponseObject, error) {
	b := in.Body
	got, err := s.take(ctx, intake.Raw{
		Controller: b.Controller, Right: b.Right, Name: b.Name, Email: b.Email, Message: b.Message, Language: b.Language, Identities: identitiesOf(b.Identities),
		Agent: &intake.Agent{Name: b.AgentName, Email: b.AgentEmail, Basis: b.AgentBasis, Proof: b.Proof},
		Statement: intake.Statement{
			Ground: b.Ground, Purposes: b.Purposes, Situation: b.Situation, Wrong: b.Wrong, Correct: b.Correct, Corrections: saidOf(b.Corrections),
		},
	}, in.Params.IdempotencyKey, b)
	if err != nil {
		return nil, err
	}
	return SubmitForPerson202JSONResponse{Body: got, Headers: SubmitForPerson202ResponseHeaders{Location: got.StatusURL}}, nil
}

// GetAgents lists who asks for the person of a request, without their names.
func (s *Server) GetAgents(ctx context.Context, in GetAgentsRequestObject) (GetAgentsResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.store.Agents(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(list, in.Params.Cursor, in.Params.Limit, func(a store.Agent) string { return a.SubmissionID.String() })
	if err != nil {
		return nil, err
	}
	out := AgentList{Agents: make([]Agent, len(list)), Next: next}
	for i, a := range list {
		out.Agents[i] = agentOf(a)
	}
	return GetAgents200JSONResponse(out), nil
}

func agentOf(a store.Agent) Agent {
	return Agent{
		SubmissionID: a.SubmissionID.String(), Basis: string(a.Basis), State: string(a.State), Media: a.Media, Size: a.Size, Destroyed: a.Gone, At: a.At,
		DecidedAt: a.DecidedAt,
	}
}

// DecideAgent records what the data protection officer decides about an agent's authority.
func (s *Server) DecideAgent(ctx context.Context, in DecideAgentRequestObject) (DecideAgentResponseObject, error) {
	by := caller(ctx)
	id, submission, err := twoIDs(in.ID, in.SubmissionID)
	if err != nil {
		return nil, err
	}
	err = s.store.DecideAgent(ctx, by.Scope, store.AgentDecision{
		RequestID: id, SubmissionID: submission, Accept: in.Body.Accept, Actor: by.Actor, Reason: models.Personal(strings.TrimSpace(in.Body.Reason)),
	})
	if err != nil {
		return nil, err
	}
	list, err := s.store.Agents(ctx, by.Scope, id)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if a.SubmissionID == submission {
			return DecideAgent202JSONResponse(agentOf(a)), nil
		}
	}
	return nil, models.Errorf(models.NotFound, "not_found", "There is no such agent.")
}

// GetProof is the proof of an agent's authority, under a name of our own.
func (s *Server) GetProof(ctx context.Context, in GetProofRequestObject) (GetProofResponseObject, error) {
	by := caller(ctx)
	id, submission, err := twoIDs(in.ID, in.SubmissionID)
	if err != nil {
		return nil, err
	}
	proof, err := s.store.AgentProof(ctx, by.Scope, id, submission, by.Actor)
	if err != nil {
		return nil, err
	}
	return GetProof200ApplicationOctetStreamResponse{
		Body: bytes.NewReader(proof.Content), ContentLength: int64(len(proof.Content)),
		Headers: GetProof200ResponseHeaders{ContentDisposition: attachment("proof-" + submission.String()[:8] + proof.Extension())},
	}, nil
}

func twoIDs(first, second string) (a, b models.ID, err error) {
	if a, err = models.ParseID(first); err == nil {
		b, err = models.ParseID(second)
	}
	return a, b, err
}
