package activities_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/brand"
	"habeas/models/breach"
	"habeas/models/breach/persons"
	"habeas/models/breach/register"
	"habeas/models/store"
	"habeas/templates"
)

// post is a mail server of which a test decides what it does with each message. It keeps a log, as a real one does.
type post struct {
	mu    sync.Mutex
	got   map[string]int  // by address
	log   map[string]bool // left halves of Message-IDs
	begun map[string]bool // of messages of which only the beginning is in the log
	calls int
	does  func(call int, to string) (taken, uncertain bool, err error)
}

func (p *post) Open(context.Context) (activities.MailSession, error) { return p, nil }

func (p *post) Close() error { return nil }

func (p *post) Send(_ context.Context, to models.Personal, _ templates.Mail, key string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	taken, uncertain, err := true, false, error(nil)
	if p.does != nil {
		taken, uncertain, err = p.does(p.calls, to.Reveal())
	}
	if taken {
		p.got[to.Reveal()]++
		p.log[string(store.MessageOf(key))] = true
	}
	return uncertain, err
}

func (p *post) Accepted(_ context.Context, messages [][]byte) (taken, begun map[string]bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken = map[string]bool{}
	for _, m := range messages {
		taken[string(m)] = p.log[string(m)]
	}
	return taken, p.begun, nil
}

// affecting is a breach of high risk with an approved letter to some persons.
func (w *world) affecting(n int) (models.ID, *post) {
	w.t.Helper()
	p := &post{got: map[string]int{}, log: map[string]bool{}}
	w.deps.Bulk = activities.BulkMail{Open: p.Open, Accepted: p.Accepted, Grace: time.Minute}
	w.rebuild()
	ctx, id := w.t.Context(), w.breach(false).ID
	w.noted(id, register.Event{Kind: register.Aware, Facts: register.Facts{AwareAt: w.now()}})
	w.noted(id, register.Event{Kind: register.Found, Words: register.Words{Contact: "the DPO", Consequences: "spam", Measures: "none yet"}})
	w.noted(id, register.Event{Kind: register.Decided, Facts: register.Facts{Risk: breach.RiskHigh}, Words: register.Words{Reason: "x"}})
	list, err := w.store.BreachPersonList(ctx, id)
	require.NoError(w.t, err)
	for i := range n {
		require.NoError(w.t, list.Add(ctx, persons.Person{Email: models.Personal(fmt.Sprintf("p%d.canary@person.example", i))}))
		require.NoError(w.t, list.Add(ctx, persons.Person{Email: models.Personal(fmt.Sprintf("P%d.Canary@person.example", i))}), "the same person")
	}
	require.NoError(w.t, list.Close(ctx, officer))
	letter := store.BreachLetter{BreachID: id, Subject: "Your data", Body: "It was copied.", Plain: true, PerMinute: 600_000}
	require.NoError(w.t, w.store.DraftBreachLetter(ctx, letter, officer))
	require.Equal(w.t, "same_person", models.CodeOf(w.store.ApproveBreachLetter(ctx, id, officer)))
	require.NoError(w.t, w.store.ApproveBreachLetter(ctx, id, models.Actor{Role: models.RoleDPO, ID: models.ID{6}}))
	return id, p
}

func (w *world) mailed(id models.ID) (activities.BreachMailed, error) {
	return try[activities.BreachMailed](w, w.acts.TellBreachPersons, activities.BreachRef{BreachID: id})
}

func (p *post) once(t *testing.T, n int) {
	t.Helper()
	require.Len(t, p.got, n)
	for _, times := range slices.Collect(maps.Values(p.got)) {
		require.Equal(t, 1, times, "nobody is told twice")
	}
}

func TestEverybodyOfTheListIsToldOnceThoughTheServerFailsInBetween(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(700)
	down := models.Errorf(models.Unavailable, "mail_unavailable", "down")
	p.does = func(call int, to string) (bool, bool, error) {
		switch {
		case to == "p13.canary@person.example":
			return false, false, models.Errorf(models.Invalid, "mail_refused", "no such person")
		case call > 250 && call < 300:
			return false, false, down
		case call == 400:
			return true, true, down // taken, and the connection broke before it said so
		case call == 500:
			return false, true, down // not taken, and nobody can say
		}
		return true, false, nil
	}
	var out activities.BreachMailed
	for tries := 0; ; tries++ {
		require.Less(t, tries, 60)
		var err error
		if out, err = w.mailed(id); err == nil {
			break
		}
		w.pass(time.Minute)
	}
	p.once(t, 699)
	require.Equal(t, activities.BreachMailed{Sent: 699, Refused: 1}, out)
	b, err := w.store.Breach(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.True(t, b.Messaged)
	require.Equal(t, 699, b.Events[len(b.Events)-1].Facts.Count)
	again, err := w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, out, again, "there is nothing left to do")
	p.once(t, 699)
}

func TestWhatADeadWorkerHadInItsHandsIsSettledByTheServersLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(50)
	people, err := w.store.ClaimBreachPersons(t.Context(), id, 20)
	require.NoError(t, err)
	for _, one := range people[:8] { // it had sent eight of them when it died
		_, err := p.Send(t.Context(), one.Email, templates.Mail{}, one.ID.String())
		require.NoError(t, err)
	}
	w.pass(time.Minute)
	out, err := w.mailed(id)
	require.NoError(t, err)
	require.EqualValues(t, 50, out.Sent)
	p.once(t, 50)
}

func TestAMessageOfWhichTheServerHasReadOnlyTheBeginningIsLeftToPeople(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(10)
	people, err := w.store.ClaimBreachPersons(t.Context(), id, 3)
	require.NoError(t, err)
	p.begun = map[string]bool{string(people[0].Message): true}
	w.pass(time.Minute)
	out, err := w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, activities.BreachMailed{Sent: 9, Unclear: 1}, out)
	_, err = w.store.SettleUnclear(t.Context(), id, true, officer)
	require.NoError(t, err)
	out, err = w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, activities.BreachMailed{Sent: 10}, out)
	p.once(t, 10)
}

func TestWithoutALogPeopleDecideAboutWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(30)
	w.deps.Bulk.Accepted = nil
	w.rebuild()
	_, err := w.store.ClaimBreachPersons(t.Context(), id, 4)
	require.NoError(t, err)
	w.pass(time.Minute)
	out, err := w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, activities.BreachMailed{Sent: 26, Unclear: 4}, out)
	b, err := w.store.Breach(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.False(t, b.Messaged, "the duty is not done")
	n, err := w.store.SettleUnclear(t.Context(), id, true, officer)
	require.NoError(t, err)
	require.EqualValues(t, 4, n)
	out, err = w.mailed(id)
	require.NoError(t, err)
	require.EqualValues(t, 30, out.Sent)
	p.once(t, 30)
}

func TestALiveWorkersMessagesAreLeftToIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(10)
	held, err := w.store.ClaimBreachPersons(t.Context(), id, 3)
	require.NoError(t, err)
	_, err = w.mailed(id)
	require.ErrorContains(t, err, "in the hands of a worker")
	p.once(t, 7)
	outcomes := []store.PersonOutcome{}
	for _, one := range held {
		outcomes = append(outcomes, one.Outcome(store.PersonSent, ""))
	}
	require.NoError(t, w.store.MarkBreachPersons(t.Context(), id, outcomes))
	out, err := w.mailed(id)
	require.NoError(t, err)
	require.EqualValues(t, 10, out.Sent)
	found, err := w.store.BounceBreachPerson(t.Context(), held[0].Message, "5.1.1")
	require.NoError(t, err)
	require.True(t, found)
	counts, err := w.store.CountBreachPersons(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, map[store.PersonState]int64{store.PersonSent: 9, store.PersonBounced: 1}, counts)
	found, err = w.store.BounceBreachPerson(t.Context(), []byte(hex.EncodeToString([]byte("another mail"))), "5.1.1")
	require.NoError(t, err)
	require.False(t, found)
}

func TestTheMessageIsTriedOnTheDPOAndGoesOutAsApproved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, _ := w.affecting(1)
	test := activities.BreachTest{BreachID: id, OrderID: models.ID{9}}
	for range 2 {
		do[none](w, w.acts.SendBreachTest, test)
	}
	require.Equal(t, []string{"dpo@northwind.example"}, w.mails.to())
	require.Equal(t, "Test: Your data", w.mails.last(t).mail.Subject)
	late := store.BreachLetter{BreachID: id, Subject: "Another", Body: "x", Plain: true, PerMinute: 1}
	require.Equal(t, "letter_approved", models.CodeOf(w.store.DraftBreachLetter(t.Context(), late, officer)))
	_, err := w.store.BreachPersonList(t.Context(), id)
	require.Equal(t, "letter_approved", models.CodeOf(err))
}

func TestTheMessageIsInTheNameAndLookOfTheOneCustomerWhoseDataIsConcerned(t *testing.T) {
	t.Parallel()
	no := false
	for name, c := range map[string]struct {
		found  func(w *world) []register.Facts
		sender func(w *world) string
		looks  bool
	}{
		"data of nobody yet": {func(*world) []register.Facts { return nil }, func(w *world) string { return w.deps.Policy.OperatorName }, false},
		"data of a customer": {func(w *world) []register.Facts {
			return []register.Facts{{Own: &no, Customers: []register.Customer{{ID: w.acme.ID, Hours: 24}}}}
		}, func(w *world) string { return w.acme.Name }, true},
		"data of a customer and of the operator": {func(w *world) []register.Facts {
			return []register.Facts{{Customers: []register.Customer{{ID: w.acme.ID, Hours: 24}}}}
		}, func(w *world) string { return w.deps.Policy.OperatorName }, false},
		"data of two customers": {func(w *world) []register.Facts {
			return []register.Facts{{Own: &no, Customers: []register.Customer{{ID: w.acme.ID, Hours: 24}, {ID: w.controller("nordic", false, "Europe/Brussels").ID, Hours: 24}}}}
		}, func(w *world) string { return w.deps.Policy.OperatorName }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id, _ := w.affecting(1)
			require.NoError(t, w.store.PutBrand(t.Context(), w.acme.ID, brand.Brand{Band: "#ffe000", Accent: "#7a0019"}))
			for _, facts := range c.found(w) {
				w.noted(id, register.Event{Kind: register.Found, Facts: facts})
			}
			do[none](w, w.acts.SendBreachTest, activities.BreachTest{BreachID: id, OrderID: models.ID{9}})
			mail := w.mails.last(t).mail
			require.Contains(t, mail.HTML, "in the name of "+c.sender(w)+".")
			require.Equal(t, c.looks, strings.Contains(mail.HTML, "#7a0019"))
		})
	}
}

func TestAWorkerThatWasBelievedDeadCanUndoNothingThatWasSettledMeanwhile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(1)
	believed, err := w.store.ClaimBreachPersons(t.Context(), id, 1)
	require.NoError(t, err)
	w.pass(time.Minute)
	_, err = w.mailed(id)
	require.NoError(t, err)
	p.once(t, 1)
	require.NoError(t, w.store.MarkBreachPersons(t.Context(), id, []store.PersonOutcome{believed[0].Outcome(store.PersonWaiting, "")}))
	_, err = w.mailed(id)
	require.NoError(t, err)
	p.once(t, 1)
}

func TestAWorkerBeginsNoMessageWhenItsClaimIsOld(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, p := w.affecting(40)
	w.deps.Bulk.Grace = 3 * time.Minute
	w.rebuild()
	p.does = func(int, string) (bool, bool, error) {
		w.pass(40 * time.Second) // the second message of a batch would be begun in time, the third would not
		return true, false, nil
	}
	out, err := w.mailed(id)
	require.NoError(t, err)
	require.EqualValues(t, 40, out.Sent, "what was put back is claimed again")
	p.once(t, 40)
}
