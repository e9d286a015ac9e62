package v1

import (
	"context"

	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
)

// GetCorrections lists what was entered to be corrected. Values are not given out.
func (s *Server) GetCorrections(ctx context.Context, in GetCorrectionsRequestObject) (GetCorrectionsResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.store.Corrections(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(list, in.Params.Cursor, in.Params.Limit, func(c request.Correction) string { return c.ID.String() })
	if err != nil {
		return nil, err
	}
	out := CorrectionList{Corrections: make([]Correction, len(list)), Next: next}
	for i, c := range list {
		out.Corrections[i] = correction(c)
	}
	return GetCorrections200JSONResponse(out), nil
}

// EnterCorrection enters what a field is to become.
func (s *Server) EnterCorrection(ctx context.Context, in EnterCorrectionRequestObject) (EnterCorrectionResponseObject, error) {
	by := caller(ctx)
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	c, err := s.store.EnterCorrection(ctx, by.Scope, by.Actor, in.Body.PlanDigest, request.Correction{
		RequestID: id, Group: in.Body.Group, Row: in.Body.Row, Field: in.Body.Field, Value: models.Personal(in.Body.Value),
	})
	if err != nil {
		return nil, err
	}
	return EnterCorrection201JSONResponse(correction(c)), nil
}

func correction(c request.Correction) Correction {
	return Correction{
		ID: c.ID.String(), Group: c.Group, Row: c.Row, Dataset: c.Dataset, Collection: c.Collection, Field: c.Field, Status: string(c.Status),
		Code: c.Code, Rows: c.Rows,
	}
}

// CheckSuppressions tells a company's own system whether people may be written to. The list is that of one controller, the caller's own unless the
// operator's staff asks; what was asked is kept nowhere.
func (s *Server) CheckSuppressions(ctx context.Context, in CheckSuppressionsRequestObject) (CheckSuppressionsResponseObject, error) {
	by := caller(ctx)
	purpose, err := request.ParsePurpose(in.Body.Purpose)
	if err != nil {
		return nil, models.Errorf(models.Invalid, "unknown_purpose", "The purpose must be one of direct_marketing, profiling, legitimate_interests, research.").At("/purpose")
	}
	controller, err := s.controllerOf(ctx, by, in.Body.Controller)
	if err != nil {
		return nil, err
	}
	identities := make([]request.Identity, len(in.Body.Identities))
	for i, one := range in.Body.Identities {
		identities[i] = request.Identity{Kind: one.Kind, Value: models.Personal(one.Value)}
	}
	found, err := s.store.Suppressed(ctx, by.Scope, controller, identities, purpose)
	if err != nil {
		return nil, err
	}
	return CheckSuppressions200JSONResponse(SuppressionAnswer{Suppressed: found}), nil
}

// controllerOf is the controller that a caller asks about: a customer's own, whatever is named; a name that is not the caller's own is unknown, whether
// or not there is such a controller.
func (s *Server) controllerOf(ctx context.Context, by models.Principal, slug string) (models.ID, error) {
	controllers, err := s.store.Controllers(ctx, by.Scope)
	if err != nil {
		return models.ID{}, err
	}
	for _, c := range controllers {
		if c.Slug == slug || slug == "" && len(controllers) == 1 {
			return c.ID, nil
		}
	}
	if slug == "" {
		return models.ID{}, models.Errorf(models.Invalid, "missing_controller", "Name the controller whose list is asked.").At("/controller")
	}
	return models.ID{}, models.Errorf(models.Invalid, "unknown_controller", "There is no such controller here.").At("/controller")
}

// fields are the fields of a group among which somebody may choose.
func fields(in []plan.Field) []GroupField {
	var out []GroupField
	for _, f := range in {
		out = append(out, GroupField{Name: f.Name, Personal: f.Personal, Identity: f.Identity, Fixed: f.Fixed})
	}
	return out
}
