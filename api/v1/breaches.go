package v1

import (
	"cmp"
	"context"
	"time"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/request"
	"habeas/models/store"
)

// ReportBreach takes a suspicion in.
func (s *Server) ReportBreach(ctx context.Context, in ReportBreachRequestObject) (ReportBreachResponseObject, error) {
	by := caller(ctx)
	facts := register.Facts{Source: register.Source(in.Body.Source), Drill: in.Body.Drill}
	switch {
	case by.Role == models.RoleController && facts.Drill:
		return nil, models.Errorf(models.Forbidden, "event_forbidden", "An exercise is the operator's own.")
	case by.Role == models.RoleController:
		facts.Source = register.FromCustomer
	case facts.Source == "":
		facts.Source = register.FromEmployee
	}
	key, err := idempotency(in.Params.IdempotencyKey, in.Body, by)
	if err != nil {
		return nil, err
	}
	b, err := s.store.ReportBreachOnce(ctx, register.Event{
		Actor: by.Actor, Facts: facts, Words: register.Words{What: models.Personal(in.Body.What), Contact: models.Personal(in.Body.Contact)},
	}, key)
	if err != nil {
		return nil, err
	}
	return ReportBreach202JSONResponse{ID: b.ID.String(), Reference: b.Reference, State: string(b.State)}, nil
}

// ListBreaches lists the breaches that the caller may know of.
func (s *Server) ListBreaches(ctx context.Context, in ListBreachesRequestObject) (ListBreachesResponseObject, error) {
	from, err := after(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit, next := cmp.Or(in.Params.Limit, usualPage), ""
	list, err := s.store.BreachesAfter(ctx, caller(ctx).Scope, from, limit+1)
	if err != nil {
		return nil, err
	}
	if len(list) > limit {
		list, next = list[:limit], cursorAt(list[limit-1].ID.String())
	}
	names, err := s.slugs(ctx)
	if err != nil {
		return nil, err
	}
	out := BreachList{Breaches: make([]Breach, len(list)), Next: next}
	for i := range list {
		out.Breaches[i] = s.breach(ctx, list[i], names)
	}
	return ListBreaches200JSONResponse(out), nil
}

// GetBreach is one breach.
func (s *Server) GetBreach(ctx context.Context, in GetBreachRequestObject) (GetBreachResponseObject, error) {
	b, err := s.findBreach(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	names, err := s.slugs(ctx)
	if err != nil {
		return nil, err
	}
	return GetBreach200JSONResponse(s.breach(ctx, b, names)), nil
}

func (s *Server) findBreach(ctx context.Context, id string) (store.Breach, error) {
	bid, err := models.ParseID(id)
	if err != nil {
		return store.Breach{}, err
	}
	return s.store.Breach(ctx, caller(ctx).Scope, bid)
}

// slugs are the slugs of controllers and of subprocessors, as far as the caller may know them.
func (s *Server) slugs(ctx context.Context) (map[models.ID]string, error) {
	out, err := s.controllerSlugs(ctx)
	if err != nil {
		return nil, err
	}
	if _, limited := caller(ctx).Scope.Controller(); limited {
		return out, nil
	}
	recipients, err := s.store.Recipients(ctx)
	for _, r := range recipients {
		out[r.ID] = r.Slug
	}
	return out, err
}

// breach is all of a breach for staff; a customer gets what it was told and its own duty.
func (s *Server) breach(ctx context.Context, b store.Breach, names map[models.ID]string) Breach {
	out := Breach{
		ID: b.ID.String(), Reference: b.Reference, State: string(b.State), Drill: b.Drill, ReportedAt: b.ReportedAt.UTC(), AwareAt: b.AwareAt.UTC(), ClosedAt: b.ClosedAt.UTC(),
		Latest: b.Latest(), Nature: b.Known.Nature.Reveal(), Consequences: b.Known.Consequences.Reveal(), Measures: b.Known.Measures.Reveal(), Contact: b.Known.Contact.Reveal(),
		Persons: b.Known.Persons, Records: b.Known.Records, Categories: b.Known.Categories, PersonKinds: b.Known.PersonKinds, Duties: []Duty{},
	}
	own, limited := caller(ctx).Scope.Controller()
	if !limited {
		out.Source, out.Risk, out.Recipient = string(b.Source), string(b.Risk), names[b.Recipient]
	}
	for _, c := range b.Clocks(s.now()) {
		if limited && c.Customer != own {
			continue
		}
		out.Duties = append(out.Duties, Duty{
			Duty: string(c.Duty), Controller: names[c.Customer], DueAt: c.DueAt.UTC(), Done: c.Done, DoneAt: c.DoneAt.UTC(), Late: c.Late, Missing: c.Missing, Citation: c.Citation,
		})
	}
	for _, t := range b.Times(s.now()) {
		if limited && t.Customer != own {
			continue
		}
		out.Times = append(out.Times, Span{
			Step: t.Step, Controller: names[t.Customer], From: t.From.UTC(), Done: t.Done, Seconds: int64(t.Took / time.Second), LimitHours: int(t.Limit / time.Hour), Over: t.Over,
		})
	}
	return out
}

// NoteBreach adds an event; the record's own rule says whether it may be added.
func (s *Server) NoteBreach(ctx context.Context, in NoteBreachRequestObject) (NoteBreachResponseObject, error) {
	by := caller(ctx)
	b, err := s.findBreach(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	controllers, err := s.store.Controllers(ctx, by.Scope)
	if err != nil {
		return nil, err
	}
	e, err := event(*in.Body, controllers)
	if err != nil {
		return nil, err
	}
	e.Actor = by.Actor
	if own, limited := by.Scope.Controller(); limited {
		e.Facts.Customer, e.Facts.At = own, s.now()
	}
	if b, err = s.store.NoteBreach(ctx, b.ID, in.Body.Seen, e); err != nil {
		return nil, err
	}
	names, err := s.slugs(ctx)
	if err != nil {
		return nil, err
	}
	return NoteBreach202JSONResponse(s.breach(ctx, b, names)), nil
}

// instant reads an instant with its offset; without one nobody knows which it is.
func instant(text, name string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, models.Errorf(models.Invalid, "bad_instant", "Write the instant with its offset, such as 2026-03-27T10:00:00+01:00.").At("/" + name)
	}
	return at, nil
}

// bySlug finds a controller among those that the caller may know.
func bySlug(all []request.Controller, slug, at string) (request.Controller, error) {
	for _, c := range all {
		if c.Slug == slug {
			return c, nil
		}
	}
	return request.Controller{}, models.Errorf(models.Invalid, "unknown_controller", "There is no such controller here.").At(at)
}
