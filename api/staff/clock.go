package staff

import (
	"context"
	"time"

	"habeas/models"
	"habeas/models/request"
	"habeas/templates"
)

// addClock adds what the legal clock was computed from: the questions that pause it, and the extension with the letter that makes it valid.
func (k *Console) addClock(ctx context.Context, _ models.Principal, r request.Request, zone *time.Location, v *templates.RequestView) error {
	v.Waits = string(r.Waits)
	if r.Clock.StartOn.IsZero() {
		return nil // nothing is computed yet
	}
	facts, err := k.Store.ClockFacts(ctx, r.ID)
	if err != nil {
		return err
	}
	c := &templates.ClockView{
		Regime: r.Clock.Regime, StartOn: r.Clock.StartOn, Target: r.Clock.UnrolledDueOn, DueOn: r.Clock.DueOn, ExtendedTo: r.Clock.ExtendedTo, Paused: r.Clock.Paused,
		ExtendedAt: in(facts.ExtendedAt, zone), LetterAt: in(facts.ExtensionNotifiedAt, zone), Steps: r.Clock.Steps, RuleSet: r.Clock.RuleSet,
	}
	for _, p := range facts.Pauses {
		c.Questions = append(c.Questions, templates.Question{AskedAt: p.AskedAt.In(zone), AnsweredAt: in(p.AnsweredAt, zone)})
	}
	v.Clock = c
	return nil
}

// addMessages lists what was written to the person by kind and time. The letters themselves name the person: they are read with the identity.
func (k *Console) addMessages(ctx context.Context, who models.Principal, r request.Request, zone *time.Location, v *templates.RequestView) error {
	messages, err := k.Store.Messages(ctx, who.Scope, r.ID)
	if models.CodeOf(err) == "key_destroyed" {
		return nil
	}
	for _, m := range messages {
		v.Messages = append(v.Messages, templates.MessageRow{At: m.At.In(zone), Kind: m.Kind})
	}
	return err
}

// letters are the texts of what was written to the person, in the order of addMessages.
func (k *Console) letters(ctx context.Context, who models.Principal, id models.ID) ([]string, error) {
	messages, err := k.Store.Messages(ctx, who.Scope, id)
	out := make([]string, len(messages))
	for i, m := range messages {
		out[i] = m.Body.Reveal()
	}
	return out, err
}
