package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/deadline"
	"habeas/models/request"
	"habeas/models/store"
)

// RecordClock computes the legal clock from the recorded facts and records it, before any workflow sleeps on it.
func (a *Activities) RecordClock(ctx context.Context, in ClockChange) (Clock, error) {
	out, err := a.recordClock(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) recordClock(ctx context.Context, in ClockChange) (Clock, error) {
	facts, err := a.deps.Store.ClockFacts(ctx, in.RequestID)
	if err != nil {
		return Clock{}, err
	}
	c := facts.Controller
	cal, err := a.deps.Law.Calendar(c.Country, c.Subdivision)
	if err != nil {
		return Clock{}, err
	}
	zone, err := a.deps.Law.Zone(c.Timezone)
	if err != nil {
		return Clock{}, err
	}
	question := deadlineQuestion(facts, zone)
	digest, err := digestOf(question)
	if err != nil {
		return Clock{}, err
	}
	question.Calendar, question.Zone = cal, zone
	answer, err := deadline.Compute(question)
	if err != nil {
		return Clock{}, err
	}
	clock := recordedClock(c, answer, digest)
	if err := a.deps.Store.RecordClock(ctx, in.RequestID, clock, string(in.Cause)); err != nil {
		return Clock{}, err
	}
	return Clock{
		Paused: clock.Paused, DueBefore: clock.DueBefore,
		Reminders: reminders(answer.Deadline(), clock.DueBefore, zone, a.deps.Policy.RemindBefore),
	}, nil
}

// deadlineQuestion turns instants into the controller's calendar days.
func deadlineQuestion(f store.ClockFacts, zone *time.Location) deadline.Request {
	day := func(t time.Time) calendar.Date { return calendar.DateOf(t.In(zone)) }
	q := deadline.Request{Regime: f.Controller.Regime, ReceivedOn: day(f.Request.ReceivedAt)}
	for _, p := range f.Pauses {
		pause := deadline.Pause{AskedOn: day(p.AskedAt)}
		if !p.AnsweredAt.IsZero() {
			pause.AnsweredOn = day(p.AnsweredAt)
		}
		q.Pauses = append(q.Pauses, pause)
	}
	if told := cmp.Or(f.ExtensionNotifiedAt, f.ExtendedAt); !told.IsZero() { // until the letter is out, as if it were on its way
		q.Extension = &deadline.Extension{NotifiedOn: day(told), Reasons: true}
	}
	return q
}

func recordedClock(c request.Controller, r deadline.Result, digest string) request.Clock {
	clock := request.Clock{
		Regime: c.Regime, Timezone: c.Timezone, Country: c.Country, Subdivision: c.Subdivision,
		StartOn: r.ClockStartOn, UnrolledDueOn: r.UnrolledDueOn, DueOn: r.Deadline(), DueBefore: r.Before(),
		Paused: r.Paused, RuleSet: r.RuleSet, InputsDigest: digest, Steps: r.Steps,
	}
	if r.Extension != nil && r.Extension.Valid {
		clock.ExtendedTo = r.Extension.DueOn
	}
	return clock
}

// reminders are the beginnings of the days that lie the given numbers of days before the due date.
func reminders(due calendar.Date, before time.Time, zone *time.Location, days []int) []time.Time {
	if before.IsZero() {
		return nil
	}
	out := make([]time.Time, 0, len(days))
	for _, n := range days {
		if at := due.AddDays(-n - 1).EndIn(zone); at.Before(before) {
			out = append(out, at.UTC())
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.Compact(out)
}

func digestOf(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", models.Errorf(models.Invalid, "bad_inputs", "The inputs cannot be recorded.").Because(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
