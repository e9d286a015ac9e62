package activities

import (
	"context"

	"habeas/models/store"
	"habeas/templates"
)

// Letters writes the letters that belong to no workflow.
type Letters struct{ a *Activities }

// NewLetters writes letters as the activities do.
func NewLetters(a *Activities) Letters { return Letters{a} }

// Complaint tells the DPO of a complaint, or the person of the answer, on their page and by mail. Writing twice sends the same message.
func (l Letters) Complaint(ctx context.Context, m store.ComplaintMail) error {
	c, err := l.a.letterContext(ctx, m.RequestID)
	if err != nil {
		return err
	}
	if !m.Answered {
		return l.a.send(ctx, m.RequestID, "complaint-heard-"+m.ID.String(), l.a.deps.Policy.DPOEmail, templates.ReminderMail{
			MailHead: c.internalHead(l.a.deps.Policy.OperatorName), Kind: templates.RemindComplaint, RequestID: m.RequestID,
			Link: l.a.deps.Links.Staff(m.RequestID) + "#complaints",
		})
	}
	return l.a.tell(ctx, m.RequestID, "complaint", "complaint-"+m.ID.String(), templates.ComplaintMail{
		MailHead: c.head(), Answer: m.Answer, Authority: c.controller.Authority, Link: c.status,
	})
}
