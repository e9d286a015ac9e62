package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/store"
)

var officer = models.Actor{Role: models.RoleDPO, ID: models.ID{5}}

func (w *world) breach(drill bool) store.Breach {
	w.t.Helper()
	b, err := w.store.ReportBreach(w.t.Context(), register.Event{
		Actor: models.Actor{Role: models.RoleSubject}, Facts: register.Facts{Source: register.FromEmployee, Drill: drill},
		Words: register.Words{What: "A backup with the data of " + adaName + " was copied."},
	})
	require.NoError(w.t, err)
	return b
}

func (w *world) noted(id models.ID, e register.Event) store.Breach {
	w.t.Helper()
	if e.Actor.Role == "" {
		e.Actor = officer
	}
	b, err := w.store.NoteBreach(w.t.Context(), id, 0, e)
	require.NoError(w.t, err)
	return b
}

func (w *world) next(id models.ID, after time.Time) activities.BreachNext {
	w.t.Helper()
	return do[activities.BreachNext](w, w.acts.NextBreachStep, activities.BreachRef{BreachID: id, After: after})
}

func (w *world) concerns(id models.ID, words register.Words) {
	w.t.Helper()
	w.noted(id, register.Event{Kind: register.Found, Facts: register.Facts{Customers: []register.Customer{{ID: w.acme.ID, Hours: 24}}}, Words: words})
}

func TestAReportIsHeardAtOnceByThoseOnCallAndHigherUntilSomebodySaysSo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.deps.Policy.BreachOnCall = []models.Personal{"oncall@northwind.example"}
	w.deps.Policy.BreachManagement = []models.Personal{"board@northwind.example"}
	w.rebuild()
	id := w.breach(false).ID
	var after time.Time
	for _, want := range [][]string{
		{"oncall@northwind.example"},
		{"oncall@northwind.example", "dpo@northwind.example"},
		{"oncall@northwind.example", "dpo@northwind.example", "board@northwind.example"},
	} {
		next := w.next(id, after)
		require.Len(t, next.Alarms, 1)
		w.at(next.At)
		before := w.mails.count()
		for range 2 { // a worker that died before it could report
			do[none](w, w.acts.SoundBreachAlarm, next.Alarms[0])
		}
		require.Equal(t, want, w.mails.to()[before:])
		after = next.At
	}
	w.pass(time.Minute)
	w.noted(id, register.Event{Kind: register.Heard})
	next := w.next(id, after)
	require.Equal(t, 1, next.Alarms[0].Level, "somebody has heard")
	w.noted(id, register.Event{Kind: register.Dismissed, Words: register.Words{Reason: "a test"}})
	before := w.mails.count()
	do[none](w, w.acts.SoundBreachAlarm, next.Alarms[0])
	require.Equal(t, before, w.mails.count(), "there is nothing left to sound")
	require.True(t, w.next(id, after).Over)
}

func TestACustomerIsToldOnceOfWhatThereIsToTell(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.breach(false).ID
	w.concerns(id, register.Words{})
	require.Equal(t, []models.ID{w.acme.ID}, w.next(id, time.Time{}).Tell)
	tell := activities.BreachCustomer{BreachID: id, ControllerID: w.acme.ID}
	for range 2 {
		do[none](w, w.acts.TellBreachCustomer, tell)
	}
	require.Equal(t, []string{"privacy@acme.example"}, w.mails.to())
	require.Empty(t, w.next(id, time.Time{}).Tell)

	w.concerns(id, register.Words{Measures: "The key was changed."})
	do[none](w, w.acts.TellBreachCustomer, tell)
	require.Len(t, w.mails.to(), 2, "more is known")

	token, err := w.store.BreachToken(t.Context(), id, w.acme.ID)
	require.NoError(t, err)
	require.NoError(t, w.store.AnswerBreach(t.Context(), token))
	require.Equal(t, "already_answered", models.CodeOf(w.store.AnswerBreach(t.Context(), token)))
	require.Equal(t, "not_found", models.CodeOf(w.store.AnswerBreach(t.Context(), token+"x")))
	b, err := w.store.Breach(t.Context(), models.ScopeOf(w.acme.ID), id)
	require.NoError(t, err)
	require.Equal(t, w.now(), b.Customers[0].AnsweredAt)
}

func TestAnExerciseStaysInTheHouse(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.breach(true).ID
	w.concerns(id, register.Words{})
	do[none](w, w.acts.TellBreachCustomer, activities.BreachCustomer{BreachID: id, ControllerID: w.acme.ID})
	do[none](w, w.acts.SoundBreachAlarm, w.next(id, time.Time{}).Alarms[0])
	require.Equal(t, []string{"dpo@northwind.example", "dpo@northwind.example"}, w.mails.to())
	for _, subject := range w.mails.subjects() {
		require.Contains(t, subject, "Exercise: ")
	}
}

func TestAlarmsThatNobodyCouldSoundAreNotAllMadeUpFor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.breach(false).ID
	w.noted(id, register.Event{Kind: register.Aware, Facts: register.Facts{AwareAt: w.now()}})
	after := w.next(id, time.Time{}).At
	w.pass(10 * day) // no worker ran
	next := w.next(id, after)
	require.False(t, next.At.Before(w.now().Add(-time.Hour)))
	require.False(t, next.At.After(w.now().Add(time.Hour)))
}

// to are the addresses of all mails so far, in order.
func (m *mailbox) to() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, one := range m.sent {
		out = append(out, one.to)
	}
	return out
}

func (m *mailbox) subjects() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, one := range m.sent {
		out = append(out, one.mail.Subject)
	}
	return out
}
