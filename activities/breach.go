package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/store"
	"habeas/templates"
)

// NextBreachStep reads the record of a breach and says what comes next.
func (a *Activities) NextBreachStep(ctx context.Context, in BreachRef) (BreachNext, error) {
	out, err := a.nextBreachStep(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) nextBreachStep(ctx context.Context, in BreachRef) (BreachNext, error) {
	b, err := a.deps.Store.Breach(ctx, models.ScopeOperator(), in.BreachID)
	if err != nil {
		return BreachNext{}, err
	}
	next := BreachNext{Over: b.State == register.Ended || b.State == register.NoBreach, Tell: b.Untold()}
	if next.Over {
		return next, nil
	}
	after := in.After
	if after.IsZero() {
		after = b.ReportedAt.Add(-time.Nanosecond)
	}
	for _, alarm := range b.NextAlarms(latest(after, a.deps.Now().Add(-alarmsMissed))) {
		next.At = alarm.At.UTC()
		next.Alarms = append(next.Alarms, BreachAlarm{
			BreachID: in.BreachID, At: alarm.At.UTC(), Duty: alarm.Duty, ControllerID: alarm.Customer, Hours: alarm.Hours, Level: alarm.Level,
		})
	}
	return next, nil
}

// alarmsMissed is how far back alarms are made up for that nobody could sound: a worker that was down for a week sounds those of the last hour.
const alarmsMissed = time.Hour

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// SoundBreachAlarm mails an alarm to those of its level, once; an alarm whose duty was done meanwhile is not sounded.
func (a *Activities) SoundBreachAlarm(ctx context.Context, in BreachAlarm) error {
	return a.failure(ctx, a.soundBreachAlarm(ctx, in))
}

func (a *Activities) soundBreachAlarm(ctx context.Context, in BreachAlarm) error {
	b, err := a.deps.Store.Breach(ctx, models.ScopeOperator(), in.BreachID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(b.Clocks(a.deps.Now()), func(c register.Clock) bool { return c.Duty == in.Duty && c.Customer == in.ControllerID && !c.Done })
	if i < 0 {
		return nil
	}
	clock := b.Clocks(a.deps.Now())[i]
	mail := templates.BreachAlarmMail{
		MailHead: a.breachHead(b), Drill: b.Drill, Duty: templates.BreachDuty(in.Duty), Hours: in.Hours, Level: in.Level, DueAt: clock.DueAt, Late: clock.Late,
		AwareAt: b.AwareAt, Link: a.deps.Links.Breach(in.BreachID),
	}
	for n, to := range a.onCall(in.Level) {
		key := fmt.Sprintf("alarm/%s/%s/%d/%d/%d", in.Duty, in.At.UTC().Format(time.RFC3339), in.Level, controllerNo(b, in.ControllerID), n)
		if err := a.mailBreach(ctx, in.BreachID, key, to, mail); err != nil {
			return err
		}
	}
	return nil
}

// controllerNo is the place of a customer in the record, from 1; 0 for none.
func controllerNo(b store.Breach, id models.ID) int {
	return 1 + slices.IndexFunc(b.Customers, func(c register.CustomerDuty) bool { return c.ID == id })
}

// onCall are the addresses of a level: whoever is on call, then the DPO too, then management too. Without anybody on call it is the DPO.
func (a *Activities) onCall(level int) []models.Personal {
	p := a.deps.Policy
	list := slices.Clone(p.BreachOnCall)
	if level > 1 || len(list) == 0 {
		list = append(list, p.DPOEmail)
	}
	if level > 2 {
		list = append(list, p.BreachManagement...)
	}
	var out []models.Personal
	for _, to := range list {
		if to != "" && !slices.Contains(out, to) {
			out = append(out, to)
		}
	}
	return out
}

func (a *Activities) breachHead(b store.Breach) templates.MailHead {
	return templates.MailHead{Language: "en", Sender: a.deps.Policy.OperatorName, Reference: b.Reference, Zone: b.Zone}
}

// mailBreach sends a mail about a breach once per key. A mail that the server refuses for good is noted in the ledger and holds nothing up.
func (a *Activities) mailBreach(ctx context.Context, id models.ID, key string, to models.Personal, l letter) error {
	mailID, sent, err := a.deps.Store.OnceBreachMail(ctx, id, key)
	if err != nil || sent {
		return err
	}
	mail, err := write(l)
	if err != nil {
		return err
	}
	err = a.deps.Mail.Send(ctx, to, mail, mailID.String())
	if models.KindOf(err) == models.Invalid {
		return a.deps.Store.BreachMailRefused(ctx, mailID, models.CodeOf(err))
	}
	if err != nil {
		return err
	}
	return a.deps.Store.BreachMailSent(ctx, mailID)
}

// TellBreachCustomer tells a customer of a breach of its data, with what is known, Art. 33(2), and notes it. A customer that was told what there
// is to tell is not told again.
func (a *Activities) TellBreachCustomer(ctx context.Context, in BreachCustomer) error {
	return a.failure(ctx, a.tellBreachCustomer(ctx, in))
}

func (a *Activities) tellBreachCustomer(ctx context.Context, in BreachCustomer) error {
	b, err := a.deps.Store.Breach(ctx, models.ScopeOperator(), in.BreachID)
	if err != nil || !slices.Contains(b.Untold(), in.ControllerID) {
		return err
	}
	c, err := a.deps.Store.ControllerByID(ctx, models.ScopeOperator(), in.ControllerID)
	if err != nil {
		return err
	}
	token, err := a.deps.Store.BreachToken(ctx, in.BreachID, in.ControllerID)
	if err != nil {
		return err
	}
	no := controllerNo(b, in.ControllerID)
	update := b.Customers[no-1].Updates + 1
	mail := templates.BreachCustomerMail{
		MailHead: a.breachHead(b), Drill: b.Drill, Customer: c.Name, Update: update, Nature: b.Known.Nature, Consequences: b.Known.Consequences,
		Measures: b.Known.Measures, Contact: b.Known.Contact, Persons: b.Known.Persons, Records: b.Known.Records,
		Categories: templates.CategoriesInWords(b.Known.Categories), PersonKinds: b.Known.PersonKinds, AwareAt: b.AwareAt, ReportedAt: b.ReportedAt,
		Link: a.deps.Links.BreachAnswer(token),
	}
	to := c.ContactEmail
	if b.Drill { // an exercise never leaves the house
		to = a.deps.Policy.DPOEmail
	}
	if err := a.mailBreach(ctx, in.BreachID, fmt.Sprintf("customer/%d/%d", no, update), to, mail); err != nil {
		return err
	}
	_, err = a.deps.Store.NoteBreach(ctx, in.BreachID, 0, register.Event{
		Kind: register.Told, Actor: models.System(), Facts: register.Facts{Customer: in.ControllerID, At: a.deps.Now()},
	})
	return err
}
