package v1

import (
	"context"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// GetStatus says how the request stands; a masked status says nothing but its reference.
func (s *Server) GetStatus(ctx context.Context, in GetStatusRequestObject) (GetStatusResponseObject, error) {
	st, err := s.store.StatusByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return GetStatus200JSONResponse(s.status(st)), nil
}

// VerifyStatus confirms the address with the code from the mail.
func (s *Server) VerifyStatus(ctx context.Context, in VerifyStatusRequestObject) (VerifyStatusResponseObject, error) {
	if err := s.store.VerifyByCode(ctx, in.Token, in.Body.Code); err != nil {
		return nil, err
	}
	st, err := s.store.StatusByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return VerifyStatus200JSONResponse(s.status(st)), nil
}

// ResendStatus orders a new mail.
func (s *Server) ResendStatus(ctx context.Context, in ResendStatusRequestObject) (ResendStatusResponseObject, error) {
	_, err := s.store.DecideByStatusToken(ctx, in.Token, request.Resend, "")
	return ResendStatus202Response{}, err
}

// WithdrawStatus takes the request back.
func (s *Server) WithdrawStatus(ctx context.Context, in WithdrawStatusRequestObject) (WithdrawStatusResponseObject, error) {
	_, err := s.store.DecideByStatusToken(ctx, in.Token, request.Withdraw, "")
	return WithdrawStatus202Response{}, err
}

// AnswerStatus answers the open question.
func (s *Server) AnswerStatus(ctx context.Context, in AnswerStatusRequestObject) (AnswerStatusResponseObject, error) {
	_, err := s.store.DecideByStatusToken(ctx, in.Token, request.Answer, models.Personal(in.Body.Answer))
	return AnswerStatus202Response{}, err
}

// status shows the person their own request, which is why the question and the messages are revealed here.
func (s *Server) status(st store.Status) Status {
	if st.Masked {
		out := Status{Reference: st.Reference, Masked: true, State: string(models.Verifying)}
		if a := st.Agent; a != nil {
			out.Agent = AgentStatus{Authority: string(a.Authority.Told()), Verified: a.Verified}
			if a.Verified {
				out.Agent.State, out.Agent.Outcome, out.Agent.Clock = string(a.State), string(a.Outcome), s.clock(a.Clock, a.State != models.Closed)
			}
		}
		return out
	}
	out := Status{
		Reference: st.Reference, Right: string(st.Right), Controller: st.Controller, State: string(st.State), Outcome: string(st.Outcome),
		Clock: s.clock(st.Clock, st.State != models.Closed), Question: st.Question.Reveal(), PackageReady: st.PackageReady, CanWithdraw: st.CanWithdraw,
	}
	if len(st.Retained) > 0 {
		out.Kept = groups(st.Retained)
	}
	for _, e := range st.Timeline {
		out.Events = append(out.Events, Event{At: e.At, Kind: e.Kind})
	}
	for _, m := range st.Messages {
		out.Messages = append(out.Messages, Message{At: m.At, Kind: m.Kind, Body: m.Body.Reveal()})
	}
	return out
}
