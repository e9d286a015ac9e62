package v1

import (
	"context"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// ListInstructions lists what customers have instructed once and for all: a customer's own.
func (s *Server) ListInstructions(ctx context.Context, in ListInstructionsRequestObject) (ListInstructionsResponseObject, error) {
	list, err := s.store.StandingInstructions(ctx, caller(ctx).Scope)
	if err != nil {
		return nil, err
	}
	slugs, err := s.controllerSlugs(ctx)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(list, in.Params.Cursor, in.Params.Limit, func(i store.Standing) string { return i.ID.String() })
	if err != nil {
		return nil, err
	}
	out := InstructionList{Instructions: make([]Instruction, len(list)), Next: next}
	for i, one := range list {
		out.Instructions[i] = instructionOf(one, slugs)
	}
	return ListInstructions200JSONResponse(out), nil
}

// GiveInstruction instructs every request for a right that comes to wait from now on.
func (s *Server) GiveInstruction(ctx context.Context, in GiveInstructionRequestObject) (GiveInstructionResponseObject, error) {
	right, err := models.ParseRight(in.Body.Right)
	if err != nil {
		return nil, err
	}
	by := caller(ctx)
	standing := store.Standing{Right: right, Reason: in.Body.Reason}
	for _, c := range in.Body.Channels {
		standing.Channels = append(standing.Channels, request.Channel(c))
	}
	if own, limited := by.Scope.Controller(); limited { // nobody else instructs, as the store says
		if standing.Narrowing, err = s.narrowing(ctx, own, in.Body.Narrow); err != nil {
			return nil, err
		}
	}
	id, err := s.store.InstructStanding(ctx, by, standing)
	if err != nil {
		return nil, err
	}
	out, err := s.instruction(ctx, id)
	return GiveInstruction201JSONResponse(out), err
}

// EndInstruction ends one.
func (s *Server) EndInstruction(ctx context.Context, in EndInstructionRequestObject) (EndInstructionResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.store.EndStanding(ctx, caller(ctx), id); err != nil {
		return nil, err
	}
	out, err := s.instruction(ctx, id)
	return EndInstruction200JSONResponse(out), err
}

func (s *Server) instruction(ctx context.Context, id models.ID) (Instruction, error) {
	one, err := s.store.StandingInstruction(ctx, caller(ctx).Scope, id)
	if err != nil {
		return Instruction{}, err
	}
	slugs, err := s.controllerSlugs(ctx)
	return instructionOf(one, slugs), err
}

func instructionOf(i store.Standing, slugs map[models.ID]string) Instruction {
	out := Instruction{
		ID: i.ID.String(), Controller: slugs[i.ControllerID], Right: string(i.Right), Narrow: narrowOf(i.Narrowing), Reason: i.Reason, MadeAt: i.MadeAt, EndedAt: i.EndedAt,
	}
	for _, c := range i.Channels {
		out.Channels = append(out.Channels, string(c))
	}
	return out
}
