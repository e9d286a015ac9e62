package v1

import (
	"context"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// GetPerson says who asks and what was written; the ledger says who looked.
func (s *Server) GetPerson(ctx context.Context, in GetPersonRequestObject) (GetPersonResponseObject, error) {
	by := caller(ctx)
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	subject, err := s.store.ViewSubject(ctx, by, id)
	if err != nil {
		return nil, err
	}
	out := personOf(subject)
	decisions, err := s.store.Decisions(ctx, by.Scope, id)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		if d.Kind == request.Answer && d.Reason != "" {
			out.Answers = append(out.Answers, d.Reason.Reveal())
		}
	}
	messages, err := s.store.Messages(ctx, by.Scope, id)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		out.Messages = append(out.Messages, Message{At: m.At, Kind: m.Kind, Body: m.Body.Reveal()})
	}
	agents, err := s.store.Agents(ctx, by.Scope, id)
	if err != nil {
		return nil, err
	}
	for _, a := range agents {
		out.Agents = append(out.Agents, AgentName{SubmissionID: a.SubmissionID.String(), Name: a.Name.Reveal(), Email: a.Email.Reveal()})
	}
	return GetPerson200JSONResponse(out), nil
}

func personOf(s request.Subject) Person {
	said := s.Statement
	out := Person{
		Name: s.Name.Reveal(), Email: s.Email.Reveal(), Identities: identities(s.Identities), Claimed: identities(s.Claimed), Message: s.Message.Reveal(),
		Ground: string(said.Ground), Situation: said.Situation.Reveal(), Wrong: said.Wrong.Reveal(), Correct: said.Correct.Reveal(),
	}
	for _, p := range said.Purposes {
		out.Purposes = append(out.Purposes, string(p))
	}
	for _, c := range said.Corrections {
		out.Corrections = append(out.Corrections, SaidCorrection{Field: c.Field.Reveal(), Value: c.Value.Reveal()})
	}
	return out
}

func identities(in []request.Identity) []Identity {
	out := make([]Identity, len(in))
	for i, one := range in {
		out[i] = Identity{Kind: one.Kind, Value: one.Value.Reveal()}
	}
	return out
}

// SearchRequests finds the requests of a person by their address, which has no place in an address of the interface.
func (s *Server) SearchRequests(ctx context.Context, in SearchRequestsRequestObject) (SearchRequestsResponseObject, error) {
	rows, _, err := s.store.Requests(ctx, caller(ctx).Scope, store.Filter{Find: models.Personal(in.Body.Email)}, "", usualPage)
	if err != nil {
		return nil, err
	}
	slugs, err := s.controllerSlugs(ctx)
	if err != nil {
		return nil, err
	}
	out := RequestList{Requests: make([]Request, len(rows))}
	for i, r := range rows {
		out.Requests[i] = s.request(r, slugs[r.ControllerID])
	}
	return SearchRequests200JSONResponse(out), nil
}
