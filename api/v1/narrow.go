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

// narrowingOf reads what an instruction about a request leaves out; it fails with not_found, or as narrowing does.
func (s *Server) narrowingOf(ctx context.Context, id models.ID, in *Narrow) (request.Narrowing, error) {
	if in == nil {
		return request.Narrowing{}, nil
	}
	r, err := s.store.Request(ctx, caller(ctx).Scope, id)
	if err != nil {
		return request.Narrowing{}, err
	}
	return s.narrowing(ctx, r.ControllerID, in)
}

// narrowing reads what an instruction of a controller leaves out; it fails with bad_narrow, not_found, or as intake.Narrowing does.
func (s *Server) narrowing(ctx context.Context, controller models.ID, in *Narrow) (request.Narrowing, error) {
	if in == nil {
		return request.Narrowing{}, nil
	}
	if (in.LeaveOut == nil) == (in.Only == nil) {
		return request.Narrowing{}, models.Errorf(models.Invalid, "bad_narrow", "Name either what is left out, or what is all that is instructed.").At("/narrow")
	}
	c, err := s.store.ControllerByID(ctx, caller(ctx).Scope, controller)
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

// narrowOf is what an instruction leaves out as the document has it; nil for the whole.
func narrowOf(n request.Narrowing) *Narrow {
	names := &Named{Categories: n.Categories, Systems: n.Systems, Collections: n.Collections}
	switch {
	case n.IsZero():
		return nil
	case n.Only:
		return &Narrow{Only: names}
	}
	return &Narrow{LeaveOut: names}
}

// narrowed states what a plan leaves out, with the reason as long as it can be read.
func (s *Server) narrowed(ctx context.Context, n *plan.Narrowed) (Narrowed, error) {
	if n == nil {
		return Narrowed{}, nil
	}
	out := Narrowed{DecisionID: n.DecisionID.String(), Controller: n.Controller, At: n.At, Narrow: *narrowOf(n.Instruction)}
	d, err := s.store.Decision(ctx, caller(ctx).Scope, n.DecisionID)
	if models.CodeOf(err) == "key_destroyed" {
		return out, nil
	}
	out.Reason = d.Reason.Reveal()
	return out, err
}
