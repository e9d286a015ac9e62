package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/request"
)

func date(y int, m time.Month, d int) calendar.Date { return calendar.Date{Year: y, Month: m, Day: d} }

func TestTheClockIsRecordedBeforeARequestIsOpened(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.received(models.Erasure)
	first, second := twice[activities.Opened](w, id, w.acts.Open, activities.RequestRef{RequestID: id})
	require.Equal(t, first, second)
	require.Equal(t, models.Erasure, first.Right)
	require.False(t, first.Verified)
	require.False(t, first.Instruction, "the operator's own data needs nobody's instruction")
	require.Equal(t, start.Add(30*day), first.LapseAt)
	require.Equal(t, activities.Pace{InstructionEvery: 5 * day, ReviewEvery: 3 * day, OverdueEvery: day}, first.Pace)

	// A month after 2 March is 2 April 2026, a Thursday; the day ends at midnight in Brussels, which is 22:00 UTC in summer.
	require.Equal(t, time.Date(2026, 4, 2, 22, 0, 0, 0, time.UTC), first.Clock.DueBefore)
	require.Equal(t, []time.Time{
		time.Date(2026, 3, 25, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 22, 0, 0, 0, time.UTC),
	}, first.Clock.Reminders, "at the beginnings of days, across the change to summer time")
	clock := w.request(id).Clock
	require.Equal(t, date(2026, 4, 2), clock.DueOn)
	require.Equal(t, first.Clock.DueBefore, clock.DueBefore.UTC())
	require.NotEmpty(t, clock.RuleSet)
	require.Len(t, clock.InputsDigest, 64)
	require.Contains(t, w.kinds(id), "clock.recorded")
}

func TestTheDayOfReceiptIsTheControllersOwn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.at(time.Date(2026, 3, 31, 23, 30, 0, 0, time.UTC)) // 1 April in Brussels, still 31 March in New York
	here := w.received(models.Erasure)
	there := w.submit(models.Erasure, w.acme, request.ChannelPortal)
	do[activities.Opened](w, w.acts.Open, activities.RequestRef{RequestID: here})
	opened := do[activities.Opened](w, w.acts.Open, activities.RequestRef{RequestID: there})
	require.True(t, opened.Instruction, "a customer's data waits for its instruction")
	require.Equal(t, date(2026, 5, 4), w.request(here).Clock.DueOn, "1 May is Labour Day, then comes the weekend")
	require.Equal(t, date(2026, 4, 30), w.request(there).Clock.DueOn)
}

func TestACustomerThatFilesARequestHasInstructedIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.submit(models.Erasure, w.acme, request.ChannelController)
	opened := do[activities.Opened](w, w.acts.Open, activities.RequestRef{RequestID: id})
	require.True(t, opened.Verified, "it vouches for the identity")
	require.False(t, opened.Instruction)
}

func TestAQuestionPausesTheClockAndAnAnswerSetsItGoing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	w.pass(2 * day)
	w.decide(id, request.Clarify, models.RoleDPO)
	paused, _ := twice[activities.Clock](w, id, w.acts.RecordClock, activities.ClockChange{RequestID: id, Cause: activities.CauseClarified})
	require.True(t, paused.Paused)
	require.Zero(t, paused.DueBefore)
	require.Empty(t, paused.Reminders)
	require.True(t, w.request(id).Clock.Paused)

	w.pass(10 * day)
	w.decide(id, request.Answer, models.RoleSubject)
	running := do[activities.Clock](w, w.acts.RecordClock, activities.ClockChange{RequestID: id, Cause: activities.CauseAnswered})
	require.False(t, running.Paused)
	require.Equal(t, date(2026, 4, 13), w.request(id).Clock.DueOn, "2 April and ten days is a Sunday")
}

func TestAnExtensionCountsFromTheStart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	w.pass(20 * day)
	w.decide(id, request.Extend, models.RoleDPO)
	twice[activities.Clock](w, id, w.acts.RecordClock, activities.ClockChange{RequestID: id, Cause: activities.CauseExtended})
	clock := w.request(id).Clock
	require.Equal(t, date(2026, 6, 2), clock.DueOn)
	require.Equal(t, date(2026, 6, 2), clock.ExtendedTo)
}

func TestAnExtensionThatCameTooLateMovesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	w.pass(45 * day)
	w.decide(id, request.Extend, models.RoleDPO)
	do[activities.Clock](w, w.acts.RecordClock, activities.ClockChange{RequestID: id, Cause: activities.CauseExtended})
	clock := w.request(id).Clock
	require.Equal(t, date(2026, 4, 2), clock.DueOn)
	require.Zero(t, clock.ExtendedTo)
}

func TestAdvancingTwiceIsAdvancingOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.received(models.Erasure)
	twice[none](w, id, w.acts.Advance, activities.Advance{RequestID: id, To: models.Verifying})
	require.Equal(t, models.Verifying, w.request(id).State)
	_, err := try[none](w, w.acts.Advance, activities.Advance{RequestID: id, To: models.Executing})
	requireFailure(t, err, "bad_transition", false)
}
