package v1

import (
	"cmp"
	"context"

	"habeas/models"
	"habeas/models/store"
)

// ListRecipients lists the register. Addresses, secrets and contacts stay inside.
func (s *Server) ListRecipients(ctx context.Context, in ListRecipientsRequestObject) (ListRecipientsResponseObject, error) {
	list, err := s.store.Recipients(ctx)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(list, in.Params.Cursor, in.Params.Limit, func(r store.Recipient) string { return r.Slug })
	if err != nil {
		return nil, err
	}
	out := RecipientList{Recipients: make([]Recipient, len(list)), Next: next}
	for i, r := range list {
		out.Recipients[i] = recipientOf(r)
	}
	return ListRecipients200JSONResponse(out), nil
}

// GetRecipient is one recipient.
func (s *Server) GetRecipient(ctx context.Context, in GetRecipientRequestObject) (GetRecipientResponseObject, error) {
	r, err := s.store.RecipientBySlug(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	return GetRecipient200JSONResponse(recipientOf(r)), nil
}

func recipientOf(r store.Recipient) Recipient {
	return Recipient{
		Slug: r.Slug, Name: r.Name, LegalName: r.Facts.LegalName, Channel: string(r.Channel), Country: r.Country, Transfer: string(r.Facts.Transfer), Safeguard: r.Safeguard,
		Subprocessor: r.Facts.Subprocessor, Categories: append([]string{}, r.Categories...), Purposes: r.Facts.Purposes, Controllers: r.Facts.Controllers,
		EndedOn: r.Facts.EndedOn.String(),
	}
}

// ListChanges lists changes of subprocessors: all of them for staff, for a customer those that concern its data.
func (s *Server) ListChanges(ctx context.Context, in ListChangesRequestObject) (ListChangesResponseObject, error) {
	from, err := after(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(in.Params.Limit, usualPage)
	list, err := s.store.ChangesAfter(ctx, caller(ctx).Scope, from, limit+1)
	if err != nil {
		return nil, err
	}
	out := ChangeList{Changes: []Change{}}
	if len(list) > limit {
		list, out.Next = list[:limit], cursorAt(list[limit-1].ID.String())
	}
	for i := range list {
		out.Changes = append(out.Changes, changeOf(&list[i]))
	}
	return ListChanges200JSONResponse(out), nil
}

// GetChange is one change.
func (s *Server) GetChange(ctx context.Context, in GetChangeRequestObject) (GetChangeResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	c, err := s.store.Change(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	return GetChange200JSONResponse(changeOf(&c)), nil
}

// ObjectToChange records a customer's objection.
func (s *Server) ObjectToChange(ctx context.Context, in ObjectToChangeRequestObject) (ObjectToChangeResponseObject, error) {
	by := caller(ctx)
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.store.Object(ctx, by.Scope, id, by.Actor, models.Personal(in.Body.Reason)); err != nil {
		return nil, err
	}
	c, err := s.store.Change(ctx, by.Scope, id)
	if err != nil {
		return nil, err
	}
	return ObjectToChange202JSONResponse(changeOf(&c)), nil
}

// changeOf is a change with the parts of the customers that its record still has: for a customer its own. What people wrote stays in the console.
func changeOf(c *store.Change) Change {
	out := Change{
		ID: c.ID.String(), Reference: c.Reference, Kind: string(c.Proposal.Sort), Slug: c.Proposal.Slug, Replaces: c.Proposal.Old, Name: c.Proposal.Name,
		Country: c.Proposal.Country, Purposes: c.Proposal.Purposes, Categories: c.Proposal.Categories, State: string(c.State), DraftedAt: c.DraftedAt.UTC(),
		AnnouncedAt: c.AnnouncedAt.UTC(), EffectiveOn: c.EffectiveOn.String(), ClosedAt: c.ClosedAt.UTC(),
	}
	for _, s := range c.Customers {
		part := ChangeCustomer{Controller: s.Slug, ToldAt: s.ToldAt.UTC(), ObjectUntil: s.Window.Last.String(), Objected: s.Objection != nil}
		if o := s.Objection; o != nil {
			part.ObjectedAt, part.Late, part.Answer = o.At.UTC(), o.Late, string(o.Answer)
		}
		out.Customers = append(out.Customers, part)
	}
	return out
}

// ListDeferrals lists what is erased later, in all of the caller's requests.
func (s *Server) ListDeferrals(ctx context.Context, in ListDeferralsRequestObject) (ListDeferralsResponseObject, error) {
	from, err := after(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(in.Params.Limit, usualPage)
	list, err := s.store.AllDeferrals(ctx, caller(ctx).Scope, store.DeferralState(in.Params.State), from, limit+1)
	if err != nil {
		return nil, err
	}
	out := DeferralList{Deferrals: []Deferral{}}
	if len(list) > limit {
		list, out.Next = list[:limit], cursorAt(list[limit-1].ID.String())
	}
	for _, d := range list {
		out.Deferrals = append(out.Deferrals, deferralOf(d))
	}
	return ListDeferrals200JSONResponse(out), nil
}

func deferralOf(d store.Deferral) Deferral {
	return Deferral{
		ID: d.ID.String(), RequestID: d.RequestID.String(), Dataset: d.Group.Dataset, Collection: d.Group.Collection, Rows: d.Group.Rows, Rule: d.Group.Rule,
		Citation: d.Group.Citation, DueOn: d.DueOn.String(), State: string(d.State),
	}
}
