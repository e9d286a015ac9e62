package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/store"
	"habeas/templates"
)

// RemindRecipientReviews reminds the DPO of each recipient whose review is due by today in the operator's zone, once, and again each week.
func (a *Activities) RemindRecipientReviews(ctx context.Context, _ struct{}) (ReviewsReminded, error) {
	out, err := a.remindRecipientReviews(ctx)
	return out, a.failure(ctx, err)
}

func (a *Activities) remindRecipientReviews(ctx context.Context) (ReviewsReminded, error) {
	operator, err := a.deps.Store.Operator(ctx)
	if err != nil {
		return ReviewsReminded{}, err
	}
	zone, err := a.deps.Law.Zone(operator.Timezone)
	if err != nil {
		return ReviewsReminded{}, err
	}
	all, err := a.deps.Store.Recipients(ctx)
	if err != nil {
		return ReviewsReminded{}, err
	}
	today, out := calendar.DateOf(a.deps.Now().In(zone)), ReviewsReminded{}
	for _, r := range all {
		if !r.Facts.ReviewDue(today) {
			continue
		}
		out.Due++
		weeks := r.Facts.NextReviewOn.DaysUntil(today) / 7
		mail := templates.RegisterMail{
			MailHead: templates.MailHead{Language: "en", Sender: a.deps.Policy.OperatorName, Zone: zone}, Kind: templates.RegisterReview, Name: r.Name,
			DueOn: r.Facts.NextReviewOn, Count: weeks, Link: a.deps.Links.Recipient(r.ID),
		}
		key := fmt.Sprintf("review/%s/%s/%d", r.ID, r.Facts.NextReviewOn, weeks)
		if _, err := a.mailOnce(ctx, key, a.deps.Policy.DPOEmail, mail); err != nil {
			return out, err
		}
	}
	return out, nil
}

// recipientsOf are the recipients that may hold data of a request's controller.
func (a *Activities) recipientsOf(ctx context.Context, request models.ID) ([]store.Recipient, error) {
	_, controller, err := a.load(ctx, request)
	if err != nil {
		return nil, err
	}
	all, err := a.deps.Store.Recipients(ctx)
	return slices.DeleteFunc(all, func(r store.Recipient) bool { return !r.Facts.Holds(controller.Slug) }), err
}

// mailOnce sends a mail about the register once per key and returns when it was handed over; the zero time when the server refuses it for good.
func (a *Activities) mailOnce(ctx context.Context, key string, to models.Personal, l letter) (time.Time, error) {
	noted, err := a.deps.Store.OnceRegisterMail(ctx, key)
	if err != nil || !noted.SentAt.IsZero() || noted.Refused != "" {
		return noted.SentAt, err
	}
	mail, err := write(l)
	if err != nil {
		return time.Time{}, err
	}
	err = a.deps.Mail.Send(ctx, to, mail, noted.ID.String())
	if models.KindOf(err) == models.Invalid {
		return time.Time{}, a.deps.Store.RegisterMailRefused(ctx, noted.ID, models.CodeOf(err))
	}
	if err != nil {
		return time.Time{}, err
	}
	return a.deps.Store.RegisterMailSent(ctx, noted.ID)
}
