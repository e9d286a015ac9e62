package activities

import (
	"context"
	"fmt"
	"time"

	"habeas/models"
	"habeas/models/store"
	"habeas/models/subprocessor"
	"habeas/templates"
)

// tellAtOnce is how many customers are told before it is noted in the record.
const tellAtOnce = 50

// remindersMissed is how far back a reminder is made up for that nobody could send.
const remindersMissed = 7 * 24 * time.Hour

// NextChangeStep reads the record of a change and says what comes next.
func (a *Activities) NextChangeStep(ctx context.Context, in ChangeRef) (ChangeNext, error) {
	c, err := a.deps.Store.Change(ctx, models.ScopeOperator(), in.ChangeID)
	if err != nil {
		return ChangeNext{}, a.failure(ctx, err)
	}
	next := c.Next(latest(in.After, a.deps.Now().Add(-remindersMissed)))
	return ChangeNext{Over: c.Over(), Tell: len(c.Untold()) > 0, At: next.At.UTC(), Effect: next.Effect}, nil
}

// TellChangeCustomers tells each customer concerned of a change, Art. 28(2), and notes it. A customer that was told is not told again, also when
// a worker died before it could note it.
func (a *Activities) TellChangeCustomers(ctx context.Context, in ChangeRef) (ChangeTold, error) {
	out, err := a.tellChangeCustomers(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) tellChangeCustomers(ctx context.Context, in ChangeRef) (ChangeTold, error) {
	c, err := a.deps.Store.Change(ctx, models.ScopeOperator(), in.ChangeID)
	if err != nil {
		return ChangeTold{}, err
	}
	left := c.Untold()
	for len(left) > 0 {
		batch := left[:min(tellAtOnce, len(left))]
		left = left[len(batch):]
		if c, err = a.tellSome(ctx, c, batch); err != nil {
			return ChangeTold{}, err
		}
		if c.State != subprocessor.Open { // withdrawn meanwhile: nobody else need be told
			break
		}
	}
	out := ChangeTold{Told: c.Count().Told}
	for _, s := range c.Customers {
		if s.Unreached {
			out.Unreached++
		}
	}
	return out, nil
}

// tellSome tells some customers and notes them as one event, with the instants at which their mails were handed over.
func (a *Activities) tellSome(ctx context.Context, c store.Change, batch []models.ID) (store.Change, error) {
	told := subprocessor.Event{Kind: subprocessor.Told, Actor: models.System()}
	var unreached []models.ID
	var failed error
	for _, id := range batch {
		at, err := a.tellChangeCustomer(ctx, c, id)
		if err != nil {
			failed = err // those who were told are noted all the same
			break
		}
		if at.IsZero() {
			unreached = append(unreached, id)
			continue
		}
		told.Facts.Told = append(told.Facts.Told, subprocessor.Telling{Customer: id, At: at})
	}
	events := []subprocessor.Event{}
	if len(told.Facts.Told) > 0 {
		events = append(events, told)
	}
	for _, id := range unreached {
		events = append(events, subprocessor.Event{Kind: subprocessor.Unreached, Actor: models.System(), Facts: subprocessor.Facts{Customer: id}})
	}
	for _, e := range events {
		noted, err := a.deps.Store.NoteChange(ctx, c.ID, 0, e)
		switch {
		case models.CodeOf(err) == "event_not_open":
			return a.deps.Store.Change(ctx, models.ScopeOperator(), c.ID)
		case err != nil:
			return c, err
		}
		c = noted
	}
	return c, failed
}

func (a *Activities) tellChangeCustomer(ctx context.Context, c store.Change, id models.ID) (time.Time, error) {
	alive(ctx)
	customer, err := a.deps.Store.ControllerByID(ctx, models.ScopeOperator(), id)
	if err != nil {
		return time.Time{}, err
	}
	token, err := a.deps.Store.ChangeToken(ctx, c.ID, id)
	if err != nil {
		return time.Time{}, err
	}
	s := c.Standing(id)
	zone, err := a.deps.Law.Zone(s.Zone)
	if err != nil {
		return time.Time{}, err
	}
	p := c.Proposal
	mail := templates.ChangeMail{
		MailHead: templates.MailHead{Language: "en", Sender: a.deps.Policy.OperatorName, Reference: c.Reference, Zone: zone}, Customer: customer.Name,
		Sort: p.Sort, Emergency: p.Emergency, Slug: p.Slug, Old: p.Old, Name: p.Name, LegalName: p.LegalName, Country: p.Country, Transfer: p.Transfer, Safeguard: p.Safeguard,
		Purposes: p.Purposes, Categories: templates.CategoriesInWords(p.Categories), Why: c.Why, Days: s.Days,
		Until: subprocessor.WindowOf(a.deps.Now(), s.Days, zone).Last, Link: a.deps.Links.Change(token),
	}
	return a.mailOnce(ctx, fmt.Sprintf("change/%s/told/%s", c.ID, id), customer.ContactEmail, mail)
}

// RemindChange reminds the DPO that a change waits for them, once for each instant; After is that instant. A change that waits no more is passed
// over.
func (a *Activities) RemindChange(ctx context.Context, in ChangeRef) error {
	return a.failure(ctx, a.remindChange(ctx, in))
}

func (a *Activities) remindChange(ctx context.Context, in ChangeRef) error {
	c, err := a.deps.Store.Change(ctx, models.ScopeOperator(), in.ChangeID)
	if err != nil || c.State != subprocessor.Open {
		return err
	}
	n, waiting := c.Count(), len(c.Unanswered())
	mail := templates.RegisterMail{
		MailHead: templates.MailHead{Language: "en", Sender: a.deps.Policy.OperatorName, Reference: c.Reference, Zone: c.Zone}, Kind: templates.RegisterChange,
		Name: c.Proposal.Name, Concerned: n.Concerned, Told: n.Told, Objected: n.Objected + n.Late, Unanswered: waiting, Link: a.deps.Links.StaffChange(in.ChangeID),
	}
	if mail.Name == "" {
		mail.Name = c.Proposal.Slug
	}
	_, err = a.mailOnce(ctx, fmt.Sprintf("change/%s/remind/%s", c.ID, in.After.UTC().Format(time.RFC3339)), a.deps.Policy.DPOEmail, mail)
	return err
}

// PutChangeInForce notes that the day of a decided change has come; the register follows. One that is over, or was withdrawn, is left as it is.
func (a *Activities) PutChangeInForce(ctx context.Context, in ChangeRef) error {
	_, err := a.deps.Store.NoteChange(ctx, in.ChangeID, 0, subprocessor.Event{Kind: subprocessor.InForce, Actor: models.System()})
	if models.CodeOf(err) == "event_not_open" {
		return nil
	}
	return a.failure(ctx, err)
}
