package store

import (
	"context"
	"reflect"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/request"
)

// ClockFacts is what the legal clock of a request is computed from. Dates are in the controller's time zone.
type ClockFacts struct {
	Request             request.Request
	Controller          request.Controller
	Pauses              []Pause
	ExtendedAt          time.Time // when the extension was decided; zero without one
	ExtensionNotifiedAt time.Time // when the person was told of it; zero until then
}

// Pause is one question to the subject.
type Pause struct {
	AskedOn    calendar.Date
	AnsweredOn calendar.Date // zero while unanswered
	AskedAt    time.Time
	AnsweredAt time.Time // zero while unanswered
}

// ClockFacts gathers them; it fails with not_found.
func (s *Store) ClockFacts(ctx context.Context, requestID models.ID) (ClockFacts, error) {
	tx := s.read(ctx)
	r, err := findRequest(tx, models.ScopeOperator(), requestID)
	if err != nil {
		return ClockFacts{}, err
	}
	c, err := s.oneController(s.read(ctx).Where("id = ?", r.ControllerID))
	if err != nil {
		return ClockFacts{}, err
	}
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return ClockFacts{}, err
	}
	var rows []decisionRow
	err = tx.Where("request_id = ? AND kind IN ?", requestID, []request.DecisionKind{request.Clarify, request.Answer, request.Extend}).
		Order("seq").Find(&rows).Error
	facts := ClockFacts{Request: r.request(), Controller: c}
	for _, d := range rows {
		at := d.DecidedAt.UTC()
		switch d.Kind {
		case request.Clarify:
			facts.Pauses = append(facts.Pauses, Pause{AskedOn: calendar.DateOf(at.In(zone)), AskedAt: at})
		case request.Answer:
			if n := len(facts.Pauses); n > 0 {
				facts.Pauses[n-1].AnsweredOn, facts.Pauses[n-1].AnsweredAt = calendar.DateOf(at.In(zone)), at
			}
		case request.Extend:
			facts.ExtendedAt, facts.ExtensionNotifiedAt = at, instant(d.NotifiedAt)
		default: // no other kind was asked for
		}
	}
	return facts, unavailable(err)
}

// RecordClock keeps the clock as computed, with a ledger entry that has its dates, rule set and inputs digest, before anything sleeps on it.
// cause is a stable word such as "received" or "extended". The clock that is there already is not recorded again.
func (s *Store) RecordClock(ctx context.Context, requestID models.ID, clock request.Clock, cause string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		clock.DueBefore = clock.DueBefore.UTC()
		r.Clock.DueBefore = r.Clock.DueBefore.UTC()
		if reflect.DeepEqual(r.Clock, clock) {
			return nil
		}
		err = tx.Model(&requestRow{}).Where("id = ?", r.ID).Select("clock", "due_before", "updated_at").
			Updates(requestRow{Clock: clock, DueBefore: nullable(clock.DueBefore), UpdatedAt: s.now()}).Error
		if err != nil {
			return err
		}
		if err := s.record(tx, r, models.System(), "clock.recorded", clockData(clock, cause)); err != nil || r.Clock.ExtendedTo == clock.ExtendedTo {
			return err
		}
		return s.tellDRP(tx, r.ID)
	})
}

func clockData(c request.Clock, cause string) map[string]any {
	data := map[string]any{
		"cause": cause, "regime": c.Regime, "timezone": c.Timezone, "start_on": c.StartOn, "paused": c.Paused,
		"rule_set": c.RuleSet, "inputs_digest": c.InputsDigest,
	}
	for name, d := range map[string]calendar.Date{"due_on": c.DueOn, "unrolled_due_on": c.UnrolledDueOn, "extended_to": c.ExtendedTo} {
		if !d.IsZero() {
			data[name] = d
		}
	}
	if !c.DueBefore.IsZero() {
		data["due_before"] = c.DueBefore
	}
	return data
}
