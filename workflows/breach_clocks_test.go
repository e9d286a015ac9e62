package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models/breach"
	"habeas/models/breach/register"
)

// incident is a breach that only an incident regime has reports for.
func incident(t *testing.T, regime register.Regime) *watched {
	t.Helper()
	w := watch(t, "Europe/Berlin", "2026-05-11T09:00:00+02:00")
	w.then(time.Minute, register.Event{Kind: register.Heard})
	w.then(10*time.Minute, register.Event{Kind: register.Aware})
	w.then(11*time.Minute, register.Event{Kind: register.Decided, Facts: register.Facts{Risk: breach.RiskUnlikely}, Words: register.Words{Reason: "x"}})
	w.made(12*time.Minute, regime, "")
	return w
}

// made notes a report at the instant at which it was made.
func (w *watched) made(after time.Duration, regime register.Regime, report string) {
	at := time.Date(2026, 5, 11, 7, 0, 0, 0, time.UTC).Add(after)
	w.then(after, register.Event{Kind: register.Incident, Facts: register.Facts{Regime: regime, Report: report, At: at}})
}

func TestTheReportsOfNIS2AreAlarmedBeforeTheirInstants(t *testing.T) {
	t.Parallel()
	w := incident(t, register.NIS2)
	for _, hours := range []int{12, 22, 36, 70} { // somebody hears each alarm
		w.heard(time.Duration(hours)*time.Hour + 11*time.Minute)
	}
	w.made(24*time.Hour, register.NIS2, "early_warning")
	w.made(72*time.Hour, register.NIS2, "notify")
	w.made(72*time.Hour+time.Minute, register.NIS2, "final_report")
	w.then(72*time.Hour+2*time.Minute, reason(register.Closed))
	w.toEnd()
	require.Equal(t, []string{
		"Mon 09:00 CEST triage +0h level 1", "Mon 21:10 CEST NIS2 early_warning +12h level 1", "Tue 07:10 CEST NIS2 early_warning +22h level 1",
		"Tue 21:10 CEST NIS2 notify +36h level 1", "Thu 07:10 CEST NIS2 notify +70h level 1",
	}, w.said)
}

func TestTheReportsOfDORAAreAlarmedBeforeTheirInstants(t *testing.T) {
	t.Parallel()
	w := incident(t, register.DORA)
	w.heard(2*time.Hour + 11*time.Minute)
	w.made(4*time.Hour, register.DORA, "initial_notification")
	w.made(5*time.Hour, register.DORA, "intermediate_report")
	w.made(6*time.Hour, register.DORA, "final_report")
	w.then(7*time.Hour, reason(register.Closed))
	w.toEnd()
	require.Equal(t, []string{"Mon 09:00 CEST triage +0h level 1", "Mon 11:10 CEST DORA initial_notification +2h level 1"}, w.said)
}

// heard lets somebody hear the alarms at some times.
func (w *watched) heard(after ...time.Duration) {
	for _, at := range after {
		w.then(at, register.Event{Kind: register.Heard})
	}
}

func TestAwarenessThatIsCorrectedDuringTheWaitMovesTheAlarms(t *testing.T) {
	t.Parallel()
	w := watch(t, "Europe/Berlin", "2026-05-11T09:00:00+02:00")
	w.then(10*time.Minute, register.Event{Kind: register.Aware})
	w.then(11*time.Minute, register.Event{Kind: register.Decided, Facts: register.Facts{Risk: breach.RiskLikely}, Words: register.Words{Reason: "x"}})
	early := time.Date(2026, 5, 10, 7, 30, 0, 0, time.UTC) // the 24 hours end at 09:30 today
	w.then(15*time.Minute, register.Event{Kind: register.Aware, Facts: register.Facts{AwareAt: early}, Words: register.Words{Reason: "the night shift knew"}})
	w.heard(31 * time.Minute)
	tooEarly := early.Add(-72 * time.Hour) // the clock is already over
	w.then(2*time.Hour, register.Event{Kind: register.Aware, Facts: register.Facts{AwareAt: tooEarly}, Words: register.Words{Reason: "so did the log"}})
	w.heard(2*time.Hour+31*time.Minute, 3*time.Hour+31*time.Minute)
	w.then(3*time.Hour+40*time.Minute, register.Event{Kind: register.Decided, Facts: register.Facts{Risk: breach.RiskUnlikely}, Words: register.Words{Reason: "x"}})
	w.then(3*time.Hour+41*time.Minute, reason(register.Closed))
	w.toEnd()
	require.Equal(t, []string{
		"Mon 09:00 CEST triage +0h level 1", "Mon 09:30 CEST authority +24h level 1", "Mon 11:30 CEST authority +98h level 1", "Mon 12:30 CEST authority +99h level 1",
	}, w.said)
}
