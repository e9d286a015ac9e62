package register_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/register"
)

func TestTheTimesReachedAreThoseOfTheRecord(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, time.March, 27, 9, 0, 0, 0, time.UTC)
	at := func(hours int) time.Time { return begun.Add(time.Duration(hours) * time.Hour) }
	r := register.Fold(models.ID{1}, time.UTC, true, nil)
	note := func(hours int, e register.Event) {
		t.Helper()
		if e.Actor.Role == "" {
			e.Actor = models.Actor{Role: models.RoleDPO}
		}
		noted, err := r.Note(e, at(hours))
		require.NoError(t, err)
		r = register.Fold(r.ID, r.Zone, r.EU, append(r.Events, noted))
	}
	require.Empty(t, r.Times(begun))
	customer := models.ID{7}
	note(0, register.Event{Kind: register.Reported, Facts: register.Facts{Source: register.FromEmployee}, Words: register.Words{What: "x"}})
	require.Equal(t, []register.Span{
		{Step: "aware", From: at(0), Took: 2 * time.Hour}, {Step: "closed", From: at(0), Took: 2 * time.Hour},
	}, r.Times(at(2)))
	note(3, register.Event{Kind: register.Aware, Facts: register.Facts{AwareAt: at(2)}})
	note(4, register.Event{Kind: register.Found, Facts: register.Facts{Customers: []register.Customer{{ID: customer, Hours: 24}}}, Words: register.Words{Contact: "the DPO"}})
	note(10, register.Event{Kind: register.Decided, Facts: register.Facts{Risk: breach.RiskHigh}, Words: register.Words{Reason: "x"}})
	note(30, register.Event{Kind: register.Told, Actor: models.System(), Facts: register.Facts{Customer: customer, At: at(30)}})
	note(80, register.Event{Kind: register.Submitted, Facts: register.Facts{Authority: "FR", At: at(75)}, Words: register.Words{Delay: "x"}})
	require.Equal(t, []register.Span{
		{Step: "aware", From: at(0), Done: true, Took: 2 * time.Hour},
		{Step: "customer", Customer: customer, From: at(4), Done: true, Took: 26 * time.Hour, Limit: 24 * time.Hour, Over: true},
		{Step: "decided", From: at(2), Done: true, Took: 8 * time.Hour},
		{Step: "authority", From: at(2), Done: true, Took: 73 * time.Hour, Limit: 72 * time.Hour, Over: true},
		{Step: "persons", From: at(10), Took: 90 * time.Hour},
		{Step: "closed", From: at(0), Took: 100 * time.Hour},
	}, r.Times(at(100)))
}

func TestWhoWasAwareBeforeTheReportWasAwareAtOnce(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 27, 9, 0, 0, 0, time.UTC)
	r := register.Fold(models.ID{1}, time.UTC, true, []register.Event{
		{No: 1, Kind: register.Reported, At: at, Facts: register.Facts{Source: register.FromEmployee}},
		{No: 2, Kind: register.Aware, At: at, Facts: register.Facts{AwareAt: at.Add(-time.Hour)}},
	})
	require.Equal(t, register.Span{Step: "aware", From: at, Done: true}, r.Times(at)[0])
	r = register.Fold(models.ID{1}, time.UTC, true, append(r.Events[:1], register.Event{No: 2, Kind: register.Dismissed, At: at.Add(time.Hour)}))
	require.Equal(t, []register.Span{{Step: "closed", From: at, Done: true, Took: time.Hour}}, r.Times(at.Add(9*time.Hour)))
}
