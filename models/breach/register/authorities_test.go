package register_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/register"
)

func TestWithoutAnEstablishmentInTheUnionEveryAuthorityConcernedIsNotified(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 27, 9, 0, 0, 0, time.UTC)
	note := func(r register.Record, e register.Event) register.Record {
		e.Actor = models.Actor{Role: models.RoleDPO}
		noted, err := r.Note(e, at)
		require.NoError(t, err)
		return register.Fold(r.ID, r.Zone, r.EU, append(r.Events, noted))
	}
	r := register.Fold(models.ID{1}, time.UTC, false, nil)
	r = note(r, register.Event{Kind: register.Reported, Facts: register.Facts{Source: register.FromEmployee}, Words: register.Words{What: "x"}})
	r = note(r, register.Event{Kind: register.Aware, Facts: register.Facts{AwareAt: at}})
	r = note(r, register.Event{Kind: register.Found, Words: register.Words{Contact: "the DPO"}})
	decided := register.Event{Kind: register.Decided, Actor: models.Actor{Role: models.RoleDPO}, Facts: register.Facts{Risk: breach.RiskLikely}, Words: register.Words{Reason: "x"}}
	_, err := r.Note(decided, at)
	require.Equal(t, "authorities_missing", models.CodeOf(err))
	decided.Facts.Authorities = []string{"FR", "NL"}
	r = note(r, decided)
	r = note(r, register.Event{Kind: register.Submitted, Facts: register.Facts{Authority: "FR", At: at}})
	require.Equal(t, "1 of 2 authorities concerned have not been notified", clockOf(t, r, register.DutyAuthority).Missing)
	r = note(r, register.Event{Kind: register.Submitted, Facts: register.Facts{Authority: "NL", At: at}})
	require.True(t, clockOf(t, r, register.DutyAuthority).Done)
	require.False(t, clockOf(t, r, register.DutyFollowUp).Done)
}

func clockOf(t *testing.T, r register.Record, duty register.Duty) register.Clock {
	t.Helper()
	for _, c := range r.Clocks(r.AwareAt) {
		if c.Duty == duty {
			return c
		}
	}
	require.Fail(t, "no such duty")
	return register.Clock{}
}
