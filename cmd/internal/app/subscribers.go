package app

import (
	"context"
	"time"

	"habeas/activities"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// How mails to public subscribers are sent.
const (
	subscribersAtOnce = 8
	subscribersLease  = 5 * time.Minute
	subscribersIdle   = 2 * time.Second
	subscribersFirst  = 5 * time.Second // doubled with each attempt
	subscribersWait   = time.Hour
)

// TellSubscribers sends what waits for public subscribers until ctx ends. It needs no Temporal. A mail that was sent and not noted is sent again under
// the same Message-ID.
func (a *App) TellSubscribers(ctx context.Context) error {
	claim := func(ctx context.Context) ([]store.SubscriberMail, error) {
		return a.Store.ClaimSubscriberMails(ctx, subscribersAtOnce, subscribersLease)
	}
	failed := func(err error) { a.log.WarnContext(ctx, "Mails to subscribers cannot be read", "code", codeOf(err)) }
	return eachClaimed(ctx, subscribersIdle, claim, failed, func(ctx context.Context, m store.SubscriberMail) {
		a.tellSubscriber(ctx, &m)
	})
}

// tellSubscriber sends one mail and notes the outcome.
func (a *App) tellSubscriber(ctx context.Context, m *store.SubscriberMail) {
	err := a.mailSubscriber(ctx, m)
	if ctx.Err() != nil && err != nil {
		return // the lease runs out and another takes it
	}
	ctx = context.WithoutCancel(ctx) // what was sent is noted, so that it is not sent again
	switch {
	case err == nil:
		err = a.Store.SubscriberMailSent(ctx, m.ID)
	case models.KindOf(err) == models.Invalid:
		err = a.Store.SubscriberMailRefused(ctx, m.ID, codeOf(err))
	default:
		err = a.Store.DelaySubscriberMail(ctx, m.ID, a.now().Add(min(subscribersFirst<<min(m.Attempts-1, 20), subscribersWait)))
	}
	if err != nil {
		a.log.WarnContext(ctx, "The outcome of a mail to a subscriber was not noted", "mail", m.ID.String(), "code", codeOf(err))
	}
}

func (a *App) mailSubscriber(ctx context.Context, m *store.SubscriberMail) error {
	mail, err := a.subscriberMail(m)
	if err != nil {
		return err
	}
	return a.mail.Send(ctx, m.Address, mail, "subscriber-"+m.ID.String())
}

func (a *App) subscriberMail(m *store.SubscriberMail) (templates.Mail, error) {
	links := activities.Links{Base: a.Config.BaseURL}
	head := templates.MailHead{Language: "en", Sender: a.Config.OperatorName, Reference: m.Reference}
	p := m.Change
	if p == nil {
		return templates.SubscriptionMail{MailHead: head, Link: links.Subscribe(m.Confirm), ExpiresAt: m.ExpiresAt}.Mail()
	}
	return templates.SubscriberChangeMail{
		MailHead: head, Sort: p.Sort, Emergency: p.Emergency, Old: m.Old, Name: p.Name, LegalName: p.LegalName, Country: templates.CountryWords(p.Country),
		Transfer: p.Transfer, Safeguard: p.Safeguard, Purposes: p.Purposes, Categories: templates.CategoriesInWords(p.Categories), Link: links.Trust(),
		Unsubscribe: links.Unsubscribe(m.Leave),
	}.Mail()
}
