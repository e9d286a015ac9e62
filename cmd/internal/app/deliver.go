package app

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"habeas/activities/webhook"
	"habeas/api/drp"
	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/store"
)

// How messages to controllers are sent. An attempt takes ten seconds at most, so that its lease does not end before it.
const (
	deliverAtOnce  = 16
	deliverLease   = time.Minute
	deliverIdle    = 500 * time.Millisecond
	deliverFirst   = 5 * time.Second // doubled with each attempt
	deliverLongest = 6 * time.Hour
)

// Deliver sends what waits for controllers' webhooks and for the callbacks of OpenDSR and of the Data Rights Protocol, until ctx ends. It needs no Temporal. A message that was sent
// and not noted is sent again under the same identifier.
func (a *App) Deliver(ctx context.Context) error {
	sender := webhook.New(a.Config.Policy.PrivateWebhooks)
	slots := make(chan struct{}, deliverAtOnce)
	var group sync.WaitGroup
	defer group.Wait()
	for ctx.Err() == nil {
		messages, err := a.Store.ClaimDeliveries(ctx, deliverAtOnce-len(slots), deliverLease)
		if err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "Messages to controllers cannot be read", "code", codeOf(err))
		}
		for i := range messages {
			slots <- struct{}{}
			group.Go(func() {
				defer func() { <-slots }()
				a.deliver(ctx, sender, messages[i])
			})
		}
		if len(messages) == 0 {
			pause(ctx, deliverIdle)
		}
	}
	return nil
}

// deliver sends one message and notes the outcome.
func (a *App) deliver(ctx context.Context, sender *webhook.Sender, m store.Outgoing) {
	status, err := a.send(ctx, sender, m)
	if ctx.Err() != nil {
		return // the lease runs out and another takes it
	}
	if err == nil {
		err = a.Store.Delivered(ctx, m.ID, status)
	} else {
		err = a.Store.Missed(ctx, m.ID, a.now().Add(retryAfter(m.Attempts)), codeOf(err), status)
	}
	if err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "The outcome of a message was not noted", "message", m.ID.String(), "code", codeOf(err))
	}
}

// retryAfter is how long the next attempt waits after the n-th.
func retryAfter(n int) time.Duration {
	return min(deliverFirst<<min(n-1, 20), deliverLongest)
}

func (a *App) send(ctx context.Context, sender *webhook.Sender, m store.Outgoing) (int, error) {
	if m.DRP != nil {
		return a.tellAgent(ctx, sender, m)
	}
	if m.Callback == nil {
		return sender.Send(ctx, webhook.Message{Address: m.URL, Secrets: m.Secrets, ID: m.ID.String(), Body: m.Body}, a.now())
	}
	if a.processor == nil {
		return 0, models.Errorf(models.Unavailable, "opendsr_off", "The key of the OpenDSR processor is not configured.")
	}
	standing := m.Callback.Standing
	if m.Callback.Results {
		standing.ResultsURL = opendsr.ResultsURL(a.Config.BaseURL, standing.ID)
	}
	report, err := standing.Report(a.processor.Domain, opendsr.Version, m.URL.Reveal())
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(report)
	if err != nil {
		return 0, err
	}
	return sender.Callback(ctx, m.URL, a.processor, body)
}

// tellAgent tells an agent of the Data Rights Protocol how its request stands, unless it knows that.
func (a *App) tellAgent(ctx context.Context, sender *webhook.Sender, m store.Outgoing) (int, error) {
	report, mark, err := drp.New(a.drp, a.Store, strings.TrimSuffix(a.Config.BaseURL, "/"), a.now).Report(ctx, *m.DRP)
	if err != nil || mark == m.Told {
		return 0, err
	}
	body, err := json.Marshal(report)
	if err != nil {
		return 0, err
	}
	status, err := sender.Tell(ctx, m.URL, body)
	if err != nil {
		return status, err
	}
	return status, a.Store.DRPTold(ctx, m.DRP.ID, mark)
}
