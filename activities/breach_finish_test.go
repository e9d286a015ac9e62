package activities_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/register"
	"habeas/models/store"
)

// messaged counts the events of a breach by which its persons were told.
func (w *world) messaged(id models.ID) (n int) {
	w.t.Helper()
	b, err := w.store.Breach(w.t.Context(), models.ScopeOperator(), id)
	require.NoError(w.t, err)
	for _, e := range b.Events {
		if e.Kind == register.Messaged {
			n++
		}
	}
	return n
}

func TestALetterIsFinishedOnceAndOnlyWhenNobodyIsLeft(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, _ := w.affecting(4)
	ctx := t.Context()
	for _, state := range []store.PersonState{store.PersonSent, store.PersonDeferred, store.PersonUnclear, store.PersonRefused} {
		require.Equal(t, "persons_waiting", models.CodeOf(w.store.FinishBreachLetter(ctx, id)))
		people, err := w.store.ClaimBreachPersons(ctx, id, 1)
		require.NoError(t, err)
		require.Len(t, people, 1)
		require.Equal(t, "persons_waiting", models.CodeOf(w.store.FinishBreachLetter(ctx, id)))
		outcome := people[0].Outcome(state, "")
		if state == store.PersonDeferred {
			outcome = people[0].Deferred("mail_deferred", w.now().Add(time.Minute))
		}
		require.NoError(t, w.store.MarkBreachPersons(ctx, id, []store.PersonOutcome{outcome}))
	}
	require.Equal(t, "persons_waiting", models.CodeOf(w.store.FinishBreachLetter(ctx, id)), "one is put off, of one nobody knows")
	_, err := w.store.SettleUnclear(ctx, id, false, officer)
	require.NoError(t, err)
	require.Equal(t, "persons_waiting", models.CodeOf(w.store.FinishBreachLetter(ctx, id)), "one is put off")
	w.pass(time.Minute)
	people, err := w.store.ClaimBreachPersons(ctx, id, 2)
	require.NoError(t, err)
	require.Len(t, people, 1)
	require.Equal(t, 1, people[0].Tries)
	require.NoError(t, w.store.MarkBreachPersons(ctx, id, []store.PersonOutcome{people[0].Outcome(store.PersonUnreached, "mail_deferred")}))
	require.Zero(t, w.messaged(id))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := w.store.FinishBreachLetter(ctx, id); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
	group.Wait()
	require.Equal(t, 1, w.messaged(id))
}

func TestThoseWhoWereNotReachedAreTriedAgainWhenTheDPOSaysSo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(4)
	ctx := t.Context()
	people, err := w.store.ClaimBreachPersons(ctx, id, 3)
	require.NoError(t, err)
	require.NoError(t, w.store.MarkBreachPersons(ctx, id, []store.PersonOutcome{
		people[0].Outcome(store.PersonUnreached, "mail_deferred"), people[1].Outcome(store.PersonUnreached, "mail_deferred"), people[2].Outcome(store.PersonUnreached, "mail_broken"),
	}))
	out, err := w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, activities.BreachMailed{Sent: 1, Unreached: 3}, out)
	require.Equal(t, 1, w.messaged(id))
	causes, err := w.store.UnreachedCauses(ctx, id)
	require.NoError(t, err)
	require.Equal(t, []store.Count{{By: "cause", Key: "mail_deferred", N: 2}, {By: "cause", Key: "mail_broken", N: 1}}, causes)

	retry := func(cause string, by models.Actor, reason models.Personal) error {
		_, err := w.store.NoteBreach(ctx, id, 0, register.Event{Kind: register.Retried, Actor: by, Facts: register.Facts{Cause: cause, Count: 99}, Words: register.Words{Reason: reason}})
		return err
	}
	require.Equal(t, "event_forbidden", models.CodeOf(retry("", models.Actor{Role: models.RoleHandler}, "x")))
	require.Equal(t, "reason_missing", models.CodeOf(retry("", officer, " ")))
	require.Equal(t, "nobody_unreached", models.CodeOf(retry("mail_refused", officer, "x")))
	counts, err := w.store.CountBreachPersons(ctx, id)
	require.NoError(t, err)
	require.EqualValues(t, 3, counts[store.PersonUnreached], "what is refused changes nobody")

	require.NoError(t, retry("mail_deferred", officer, "Their server is up again."))
	require.Equal(t, "nobody_unreached", models.CodeOf(retry("mail_deferred", officer, "Twice.")))
	b, err := w.store.Breach(ctx, models.ScopeOperator(), id)
	require.NoError(t, err)
	last := b.Events[len(b.Events)-1]
	require.Equal(t, register.Facts{Cause: "mail_deferred", Count: 2}, last.Facts)
	require.EqualValues(t, "Their server is up again.", last.Words.Reason)
	letter, err := w.store.BreachLetter(ctx, id)
	require.NoError(t, err)
	require.True(t, letter.FinishedAt.IsZero())

	out, err = w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, activities.BreachMailed{Sent: 3, Unreached: 1}, out)
	p.once(t, 3)
	require.Equal(t, 2, w.messaged(id))
	require.NoError(t, retry("", officer, "All others."))
	out, err = w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, activities.BreachMailed{Sent: 4}, out)
	p.once(t, 4)
}

func TestALetterEndsThoughTheDecisionWasChangedMeanwhile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(3)
	w.noted(id, register.Event{Kind: register.Decided, Facts: register.Facts{Risk: breach.RiskLikely}, Words: register.Words{Reason: "the key was safe"}})
	out, err := w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, activities.BreachMailed{Sent: 3}, out)
	p.once(t, 3)
	require.Zero(t, w.messaged(id), "the record says what was owed")
	l, err := w.store.BreachLetter(t.Context(), id)
	require.NoError(t, err)
	require.False(t, l.FinishedAt.IsZero())
}

func TestThoseWhoWerePutOffComeAfterThoseWhoWereNotTriedYet(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, _ := w.affecting(3)
	ctx := t.Context()
	claim := func() store.BreachPerson {
		people, err := w.store.ClaimBreachPersons(ctx, id, 1)
		require.NoError(t, err)
		require.Len(t, people, 1)
		return people[0]
	}
	first := claim()
	require.Equal(t, models.Personal(person(0)), first.Email)
	require.NoError(t, w.store.MarkBreachPersons(ctx, id, []store.PersonOutcome{first.Deferred("mail_deferred", w.now().Add(time.Minute))}))
	next, err := w.store.NextBreachPerson(ctx, id)
	require.NoError(t, err)
	require.True(t, next.Equal(w.now().Add(time.Minute)))
	w.pass(time.Hour) // their time has come
	require.Equal(t, models.Personal(person(1)), claim().Email)
	require.Equal(t, models.Personal(person(2)), claim().Email)
	again := claim()
	require.Equal(t, first.ID, again.ID)
	require.NoError(t, w.store.MarkBreachPersons(ctx, id, []store.PersonOutcome{first.Deferred("mail_deferred", w.now())}), "of a worker that was believed dead")
	people, err := w.store.ClaimBreachPersons(ctx, id, 3)
	require.NoError(t, err)
	require.Empty(t, people, "what it says changes nothing")
}
