package activities

import (
	"context"
	"fmt"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// letterContext is what every letter about a request needs.
type letterContext struct {
	req        request.Request
	controller request.Controller
	zone       *time.Location
	links      Links               // on the controller's own domain where it has one
	look       *templates.MailLook // of the controller; nil for none
	status     string              // link of the person's page, for letters to the verified address only
	sender     string              // in whose name they are written
}

func (a *Activities) letterContext(ctx context.Context, id models.ID) (letterContext, error) {
	req, controller, err := a.load(ctx, id)
	if err != nil {
		return letterContext{}, err
	}
	zone, err := a.deps.Law.Zone(controller.Timezone)
	if err != nil {
		return letterContext{}, err
	}
	token, err := a.deps.Store.StatusToken(ctx, id)
	if err != nil {
		return letterContext{}, err
	}
	l := letterContext{req: req, controller: controller, zone: zone, links: a.deps.Links, sender: controller.Name}
	if req.Right.EndsContract() { // the letters go to the controller itself
		l.sender = a.deps.Policy.OperatorName
	} else if l.links, l.look, err = a.branded(ctx, controller.ID); err != nil {
		return letterContext{}, err
	}
	l.status = l.links.Status(token)
	return l, nil
}

// branded is where letters to persons about a controller's requests lead, and how they look.
func (a *Activities) branded(ctx context.Context, controller models.ID) (Links, *templates.MailLook, error) {
	b, err := a.deps.Store.BrandByID(ctx, controller)
	if models.CodeOf(err) == "not_found" {
		return a.deps.Links, nil, nil
	}
	return a.deps.Links.On(b.Host), LookOf(b), err
}

// LookOf is a controller's look in a mail.
func LookOf(b store.Branded) *templates.MailLook {
	look := &templates.MailLook{Name: b.Name, Band: b.Band, Accent: b.Accent, Logo: b.Logo}
	if b.Band != "" {
		look.BandInk = b.BandInk()
	}
	return look
}

// head is the head of a letter to the person, in the controller's name, or to a customer whose contract ends, in the operator's.
func (l letterContext) head() templates.MailHead {
	return templates.MailHead{Language: l.req.Language, Sender: l.sender, Reference: l.req.Reference, Zone: l.zone, Look: l.look}
}

// internalHead is the head of a message to staff, customers and recipients, in the operator's name.
func (l letterContext) internalHead(operator string) templates.MailHead {
	return templates.MailHead{Language: "en", Sender: operator, Reference: l.req.Reference, Zone: l.zone}
}

// lang is the language in which the person is written to.
func (l letterContext) lang() string { return templates.Match(l.req.Language) }

func (l letterContext) day(t time.Time) calendar.Date { return calendar.DateOf(t.In(l.zone)) }

// letter is anything that renders to a mail.
type letter interface {
	Mail() (templates.Mail, error)
}

// send is deliver for a letter whose refusal is no reason to hold up the request: it is recorded for the DPO.
func (a *Activities) send(ctx context.Context, id models.ID, key string, to models.Personal, l letter) error {
	refusal, err := a.deliver(ctx, id, key, to, l)
	if refusal != nil {
		return a.deps.Store.Append(ctx, id, "mail.refused", map[string]any{"mail": key})
	}
	return err
}

// deliver renders and sends a letter once per key: after a crash between sending and noting it the message goes out again under the same
// Message-ID. refusal is why the mail server refused it for good.
func (a *Activities) deliver(ctx context.Context, id models.ID, key string, to models.Personal, l letter) (refusal, err error) {
	mailID, sent, err := a.deps.Store.OnceMail(ctx, id, key)
	if err != nil || sent {
		return nil, err
	}
	mail, err := write(l)
	if err != nil {
		return nil, err
	}
	err = a.deps.Mail.Send(ctx, to, mail, mailID.String())
	if models.KindOf(err) == models.Invalid {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, a.deps.Store.MailSent(ctx, mailID)
}

// tell keeps a letter for the person's status page and sends it to the verified address.
func (a *Activities) tell(ctx context.Context, id models.ID, kind, key string, l letter) error {
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), id)
	if err != nil {
		return err
	}
	mail, err := write(l)
	if err != nil {
		return err
	}
	if err := a.deps.Store.SaveMessage(ctx, id, key, kind, models.Personal(mail.Text)); err != nil {
		return err
	}
	return a.toPerson(ctx, id, key, subject, written(mail))
}

// toPerson sends a letter to the person. One whom a controller vouched for without an address hears from that controller, which is told of each
// status itself.
func (a *Activities) toPerson(ctx context.Context, id models.ID, key string, subject request.Subject, l letter) error {
	if subject.Email == "" {
		req, err := a.deps.Store.Request(ctx, models.ScopeOperator(), id)
		if err != nil || req.Channel == request.ChannelController {
			return err
		}
	}
	return a.send(ctx, id, key, subject.Email, l)
}

// write renders a letter.
func write(l letter) (templates.Mail, error) {
	mail, err := l.Mail()
	if err != nil {
		return mail, models.Errorf(models.Invalid, "letter_failed", "A letter could not be written.").Because(err)
	}
	return mail, nil
}

// written is a letter that was rendered already.
type written templates.Mail

// Mail is the letter as it was rendered.
func (w written) Mail() (templates.Mail, error) { return templates.Mail(w), nil }

// SendVerification sends a one-time link and code to each address that has to be confirmed.
func (a *Activities) SendVerification(ctx context.Context, in RequestRef) error {
	return a.failure(ctx, a.sendVerification(ctx, in))
}

func (a *Activities) sendVerification(ctx context.Context, in RequestRef) error {
	l, err := a.letterContext(ctx, in.RequestID)
	if err != nil {
		return err
	}
	issued, err := a.deps.Store.IssueVerifications(ctx, in.RequestID)
	if err != nil {
		return err
	}
	for _, v := range issued {
		mail := templates.VerificationMail{
			MailHead: l.head(), Right: v.Right, Link: l.links.Verify(v.Token), Code: v.Code, ExpiresAt: v.ExpiresAt,
			Agent: !v.Agent.IsZero(),
		}
		if err := a.send(ctx, in.RequestID, "verification-"+v.ID.String(), v.To, mail); err != nil {
			return err
		}
		if err := a.remindOfProof(ctx, l, v); err != nil {
			return err
		}
		if err := a.deps.Store.VerificationSent(ctx, v.ID); err != nil {
			return err
		}
	}
	return nil
}

// remindOfProof tells the DPO once of a proof of authority, which counts where the person does not answer.
func (a *Activities) remindOfProof(ctx context.Context, l letterContext, v store.Issued) error {
	if v.Agent.IsZero() {
		return nil
	}
	return a.send(ctx, l.req.ID, "proof-"+v.Agent.String(), a.deps.Policy.DPOEmail, templates.ReminderMail{
		MailHead: l.internalHead(a.deps.Policy.OperatorName), Kind: templates.RemindProof, RequestID: l.req.ID, Link: a.deps.Links.Staff(l.req.ID),
	})
}

// SendConfirmation tells the person that the request was received and by when it is answered.
func (a *Activities) SendConfirmation(ctx context.Context, in RequestRef) error {
	return a.failure(ctx, a.sendConfirmation(ctx, in))
}

func (a *Activities) sendConfirmation(ctx context.Context, in RequestRef) error {
	l, err := a.letterContext(ctx, in.RequestID)
	if err != nil || l.req.Right.EndsContract() { // the customer knows: it ordered it
		return err
	}
	return a.tell(ctx, in.RequestID, "confirmed", "confirmed", templates.ConfirmedMail{
		MailHead: l.head(), Right: l.req.Right, ReceivedOn: l.day(l.req.ReceivedAt), DueOn: l.req.Clock.DueOn, Link: l.status,
	})
}

// Remind reminds the customer or the DPO, once per count.
func (a *Activities) Remind(ctx context.Context, in Reminder) error {
	return a.failure(ctx, a.remind(ctx, in))
}

func (a *Activities) remind(ctx context.Context, in Reminder) error {
	l, err := a.letterContext(ctx, in.RequestID)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("remind-%s-%d-%s", in.Kind, in.Count, in.NoticeID)
	if !in.DeferralID.IsZero() {
		key += "-" + in.DeferralID.String()
	}
	if in.Kind == RemindDueSoon {
		if err := a.deps.Store.NoteDueSoon(ctx, in.RequestID, in.Count); err != nil {
			return err
		}
	}
	head := l.internalHead(a.deps.Policy.OperatorName)
	if in.Kind == RemindInstruction {
		instructed, err := a.instructed(ctx, in.RequestID)
		if err != nil || instructed {
			return err
		}
		return a.send(ctx, in.RequestID, key, l.controller.ContactEmail, templates.InstructionMail{
			MailHead: head, Customer: l.controller.Name, Right: l.req.Right, DueOn: l.req.Clock.DueOn,
			Link: a.deps.Links.Instruct(in.RequestID), Reminder: in.Count,
		})
	}
	return a.send(ctx, in.RequestID, key, a.deps.Policy.DPOEmail, templates.ReminderMail{
		MailHead: head, Kind: templates.ReminderKind(in.Kind), RequestID: in.RequestID, NoticeID: in.NoticeID,
		DueOn: l.req.Clock.DueOn, Link: a.deps.Links.Staff(in.RequestID), Count: in.Count,
	})
}

// instructed reports whether the customer has decided already: a standing instruction is followed at once, and nobody is asked for another.
func (a *Activities) instructed(ctx context.Context, id models.ID) (bool, error) {
	decisions, err := a.deps.Store.Decisions(ctx, models.ScopeOperator(), id)
	for _, d := range decisions {
		if d.Kind == request.Instruct || d.Kind == request.Decline {
			return true, nil
		}
	}
	return false, err
}

// SendExtension tells the person of two further months and why, Art. 12(3), and notes when, because an extension counts only from then.
func (a *Activities) SendExtension(ctx context.Context, in DecisionRef) error {
	err := a.decisionLetter(ctx, in, "extension", func(l letterContext, d request.Decision) letter {
		return templates.ExtensionMail{
			MailHead: l.head(), ReceivedOn: l.day(l.req.ReceivedAt), DueOn: l.req.Clock.UnrolledDueOn, ExtendedTo: l.req.Clock.DueOn,
			Reason: d.Reason, Authority: l.controller.Authority, Link: l.status,
		}
	})
	if err == nil {
		err = a.deps.Store.NotifiedOf(ctx, in.DecisionID)
	}
	return a.failure(ctx, err)
}

// SendQuestion asks the person for what is missing.
func (a *Activities) SendQuestion(ctx context.Context, in DecisionRef) error {
	return a.failure(ctx, a.decisionLetter(ctx, in, "question", func(l letterContext, d request.Decision) letter {
		return templates.ClarificationMail{MailHead: l.head(), Question: d.Reason, Paused: l.req.Clock.Paused, DueOn: l.req.Clock.DueOn, Link: l.status}
	}))
}

// SendRefusal writes the negative answer with its reasons and remedies, Art. 12(4).
func (a *Activities) SendRefusal(ctx context.Context, in DecisionRef) error {
	return a.failure(ctx, a.decisionLetter(ctx, in, "refusal", func(l letterContext, d request.Decision) letter {
		return templates.RefusalMail{
			MailHead: l.head(), Right: l.req.Right, ReceivedOn: l.day(l.req.ReceivedAt), Reason: d.Reason, Authority: l.controller.Authority,
		}
	}))
}

// decisionLetter sends the person the letter of one decision.
func (a *Activities) decisionLetter(ctx context.Context, in DecisionRef, kind string, write func(letterContext, request.Decision) letter) error {
	l, err := a.letterContext(ctx, in.RequestID)
	if err != nil {
		return err
	}
	decision, err := a.deps.Store.Decision(ctx, models.ScopeOperator(), in.DecisionID)
	if err != nil {
		return err
	}
	return a.tell(ctx, in.RequestID, kind, kind+"-"+in.DecisionID.String(), write(l, decision))
}
