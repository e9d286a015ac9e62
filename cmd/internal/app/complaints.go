package app

import (
	"context"
	"time"

	"habeas/activities"
	"habeas/models/store"
)

// How mails about complaints are sent.
const (
	complaintsAtOnce = 8
	complaintsLease  = 5 * time.Minute
	complaintsIdle   = 2 * time.Second
	complaintsFirst  = 5 * time.Second // doubled with each attempt
	complaintsWait   = time.Hour
)

// TellOfComplaints tells the data protection officer of complaints, and persons of the answers, until ctx ends. It needs no Temporal: most come when
// a request is closed. A mail that was sent and not noted is sent again under the same Message-ID.
func (a *App) TellOfComplaints(ctx context.Context) error {
	letters := activities.NewLetters(a.activities())
	claim := func(ctx context.Context) ([]store.ComplaintMail, error) {
		return a.Store.ClaimComplaintMails(ctx, complaintsAtOnce, complaintsLease)
	}
	failed := func(err error) { a.log.WarnContext(ctx, "Complaints cannot be read", "code", codeOf(err)) }
	return eachClaimed(ctx, complaintsIdle, claim, failed, func(ctx context.Context, m store.ComplaintMail) {
		a.tellOfComplaint(ctx, letters, m)
	})
}

// tellOfComplaint sends one mail and notes the outcome.
func (a *App) tellOfComplaint(ctx context.Context, letters activities.Letters, m store.ComplaintMail) {
	err := letters.Complaint(ctx, m)
	if ctx.Err() != nil && err != nil {
		return // the lease runs out and another takes it
	}
	ctx = context.WithoutCancel(ctx) // what was sent is noted, so that it is not sent again
	if err == nil {
		err = a.Store.ComplaintMailSent(ctx, m)
	} else {
		a.log.WarnContext(ctx, "A mail about a complaint was not sent", "complaint", m.ID.String(), "code", codeOf(err))
		err = a.Store.DelayComplaintMail(ctx, m.ID, a.now().Add(min(complaintsFirst<<min(m.Attempts-1, 20), complaintsWait)))
	}
	if err != nil {
		a.log.WarnContext(ctx, "The outcome of a mail about a complaint was not noted", "complaint", m.ID.String(), "code", codeOf(err))
	}
}
