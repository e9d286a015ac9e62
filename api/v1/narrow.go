package v1

import (
	"context"

	"habeas/api/intake"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
)

// GetParts lists what an instruction about a request may leave out.
func (s *Server) GetParts(ctx context.Context, in GetPartsRequestObject) (GetPartsResponseObject, error) {
	r, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	c, err := s.store.ControllerByID(ctx, caller(ctx).Scope, r.ControllerID)
	if err != nil {
		return nil, err
	}
	parts, err := intake.Parts(s.Graph, c)
	if err != nil {
		return nil, err
	}
	out := GetParts200JSONResponse{Parts: make([]Part, len(parts))}
	for i, p := range parts {
		out.Parts[i] = Part{Collection: p.Collection, System: p.System, Dataset: p.Dataset, Description: p.Description, Categories: p.Categories, Held: p.Holds}
	}
	return out, nil
}

// narrowing reads what an instruction leaves out; it fails with bad_narrow, not_found, or as intake.Narrowing does.
func (s *Server) narrowing(ctx context.Context, id models.ID, in *Narrow) (request.Narrowing, error) {
	if in == nil {
		return request.Narrowing{}, nil
	}
	if (in.LeaveOut == nil) == (in.Only == nil) {
		return request.Narrowing{}, models.Errorf(models.Invalid, "bad_narrow", "Name either what is left out, or what is all that is instructed.").At("/narrow")
	}
	scope := caller(ctx).Scope
	r, err := s.store.Request(ctx, scope, id)
	if err != nil {
		return request.Narrowing{}, err
	}
	c, err := s.store.ControllerByID(ctx, scope, r.ControllerID)
	if err != nil {
		return request.Narrowing{}, err
	}
	named := in.LeaveOut
	if in.Only != nil {
		named = in.Only
	}
	return intake.Narrowing(s.Graph, c, request.Narrowing{
		Only: in.Only != nil, Categories: named.Categories, Systems: named.Systems, Collections: named.Collections,
	})
}

// narrowed states what a plan leaves out, with the reason as long as it can be read.
func (s *Server) narrowed(ctx context.Context, n *plan.Narrowed) (Narrowed, error) {
	if n == nil {
		return Narrowed{}, nil
	}
	names := &Named{Categories: n.Instruction.Categories, Systems: n.Instruction.Systems, Collections: n.Instruction.Collections}
	out := Narrowed{DecisionID: n.DecisionID.String(), Controller: n.Controller, At: n.At, Narrow: Narrow{LeaveOut: names}}
	if n.Instruction.Only {
		out.Narrow = Narrow{Only: names}
	}
	d, err := s.store.Decision(ctx, caller(ctx).Scope, n.DecisionID)
	if models.CodeOf(err) == "key_destroyed" {
		return out, nil
	}
	out.Reason = d.Reason.Reveal()
	return out, err
}
