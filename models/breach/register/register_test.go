package register_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/register"
)

var (
	dpo     = models.Actor{Role: models.RoleDPO, ID: models.MustParseID("0f8e2a8c-1c7b-4d55-9f0e-6f2f3f0c9a11")}
	acme    = models.MustParseID("5b1d7f9e-8f0a-4b8e-8f60-3f3c0d0a7c22")
	subject = models.Actor{Role: models.RoleSubject}
)

// book is a breach with a clock that the test moves.
type book struct {
	t require.TestingT
	register.Record
	now time.Time
}

func open(t require.TestingT, at string) *book {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return &book{t: t, Record: register.Fold(models.ID{1}, zone, true, nil), now: instant(t, at)}
}

func instant(t require.TestingT, s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return at
}

func (b *book) try(e register.Event) error {
	if e.Actor.Role == "" {
		e.Actor = dpo
	}
	e, err := b.Note(e, b.now)
	if err != nil {
		return err
	}
	b.Record = register.Fold(b.ID, b.Zone, b.EU, append(b.Events, e))
	return nil
}

func (b *book) note(e register.Event) {
	require.NoError(b.t, b.try(e), e.Kind)
}

// refused notes an event that must fail with a code and leave the record as it was.
func (b *book) refused(code string, e register.Event) {
	before := b.Latest()
	err := b.try(e)
	require.Error(b.t, err, code)
	require.Equal(b.t, code, models.CodeOf(err), "%v", err)
	require.Equal(b.t, before, b.Latest())
}

func (b *book) clock(d register.Duty) *register.Clock {
	for _, c := range b.Clocks(b.now) {
		if c.Duty == d {
			return &c
		}
	}
	return nil
}

func report(what models.Personal) register.Event {
	return register.Event{Kind: register.Reported, Actor: subject, Facts: register.Facts{Source: register.FromEmployee}, Words: register.Words{What: what}}
}

func aware(at time.Time, reason models.Personal) register.Event {
	return register.Event{Kind: register.Aware, Facts: register.Facts{AwareAt: at}, Words: register.Words{Reason: reason}}
}

func decided(risk breach.Risk) register.Event {
	return register.Event{Kind: register.Decided, Facts: register.Facts{Risk: risk}, Words: register.Words{Reason: "because"}}
}

func found() register.Event {
	n := 40
	return register.Event{
		Kind: register.Found, Facts: register.Facts{Persons: &n, Records: &n, Categories: []string{"user.contact.email"}, PersonKinds: []string{"customers"}},
		Words: register.Words{Consequences: "spam", Measures: "passwords were reset", Contact: "the DPO"},
	}
}

// aware is a breach that somebody has been aware of since its report.
func confirmed(t require.TestingT, at string) *book {
	b := open(t, at)
	b.note(report("a laptop was left in a train"))
	b.note(aware(b.now, ""))
	return b
}

func TestTheSeventyTwoHoursStartWhenSomebodyIsAware(t *testing.T) {
	t.Parallel()
	b := open(t, "2026-03-27T10:00:00+01:00")
	b.note(report("a laptop was left in a train"))
	require.Equal(t, register.Suspected, b.State)
	require.Nil(t, b.clock(register.DutyAuthority), "a suspicion starts no clock")
	require.NotNil(t, b.clock(register.DutyTriage))
	b.now = b.now.Add(2 * time.Hour)
	b.note(aware(b.now, ""))
	c := b.clock(register.DutyAuthority)
	require.Equal(t, "2026-03-30T13:00:00+02:00", c.DueAt.Format(time.RFC3339), "across the change to summer time")
	require.False(t, c.Done)
	require.False(t, c.Late)
	b.now = c.DueAt.Add(time.Second)
	require.True(t, b.clock(register.DutyAuthority).Late)
}

func TestAwarenessIsCorrectedWithAReasonAndBothAreKept(t *testing.T) {
	t.Parallel()
	b := confirmed(t, "2026-05-10T12:00:00+02:00")
	first := b.AwareAt
	b.now = b.now.Add(time.Hour)
	b.refused("reason_missing", aware(first.Add(-100*time.Hour), ""))
	b.note(aware(first.Add(-100*time.Hour), "the log shows that the night shift knew"))
	require.Equal(t, 1, b.Corrected)
	require.True(t, b.clock(register.DutyAuthority).Late, "the clock is already over")
	require.Equal(t, first, b.Events[1].Facts.AwareAt)
	alarms := b.NextAlarms(b.now)
	require.NotEmpty(t, alarms)
	require.LessOrEqual(t, alarms[0].At.Sub(b.now), time.Hour, "and the next alarm comes within the hour")
	b.refused("aware_in_future", aware(b.now.Add(time.Second), "a slip"))
	b.refused("aware_missing", aware(time.Time{}, "a slip"))
	b.refused("aware_unchanged", aware(b.AwareAt, "again"))
}

func TestAlarmsComeAtExactHoursAcrossBothChangesOfTheClocks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		aware string
		want  []string
	}{
		"into summer time":   {"2026-03-27T10:00:00+01:00", []string{"2026-03-28T10:00:00+01:00", "2026-03-29T11:00:00+02:00", "2026-03-29T23:00:00+02:00", "2026-03-30T09:00:00+02:00", "2026-03-30T10:00:00+02:00", "2026-03-30T11:00:00+02:00", "2026-03-30T12:00:00+02:00"}},
		"out of summer time": {"2026-10-23T10:00:00+02:00", []string{"2026-10-24T10:00:00+02:00", "2026-10-25T09:00:00+01:00", "2026-10-25T21:00:00+01:00", "2026-10-26T07:00:00+01:00", "2026-10-26T08:00:00+01:00", "2026-10-26T09:00:00+01:00", "2026-10-26T10:00:00+01:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := confirmed(t, c.aware)
			b.note(decided(breach.RiskLikely))
			var got []string
			for after := b.now; len(got) < len(c.want); {
				alarms := b.NextAlarms(after)
				require.Len(t, alarms, 1)
				after = alarms[0].At
				b.HeardAt = after // somebody hears each at once
				require.Equal(t, 1, alarms[0].Level)
				got = append(got, after.Format(time.RFC3339))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestAnAlarmThatNobodyHearsGoesHigherUntilTheNext(t *testing.T) {
	t.Parallel()
	b := confirmed(t, "2026-05-10T12:00:00+02:00")
	b.note(decided(breach.RiskLikely))
	after := b.now.Add(70*time.Hour - time.Second)
	var levels []int
	var minutes []float64
	for range 5 {
		a := b.NextAlarms(after)[0]
		levels, minutes = append(levels, a.Level), append(minutes, a.At.Sub(b.AwareAt).Minutes()-70*60)
		after = a.At
	}
	require.Equal(t, []int{1, 2, 3, 1, 2}, levels)
	require.Equal(t, []float64{0, 15, 30, 60, 75}, minutes)
	b.now = after.Add(time.Minute)
	b.note(register.Event{Kind: register.Heard})
	require.Equal(t, 72, b.NextAlarms(b.now)[0].Hours, "heard: the next one is the next hour's")
}

func TestADutyThatIsDoneOrNotOwedIsSilent(t *testing.T) {
	t.Parallel()
	b := confirmed(t, "2026-05-10T12:00:00+02:00")
	require.NotNil(t, b.clock(register.DutyAuthority), "nothing is decided: the clock runs")
	b.note(decided(breach.RiskUnlikely))
	require.Nil(t, b.clock(register.DutyAuthority))
	require.Empty(t, b.NextAlarms(b.now))
	b.note(register.Event{Kind: register.Closed, Words: register.Words{Reason: "the disk is encrypted"}})
	require.Equal(t, register.Ended, b.State)
	require.Empty(t, b.Clocks(b.now))
	b.refused("event_not_open", decided(breach.RiskHigh))
	b.note(register.Event{Kind: register.Reopened, Words: register.Words{Reason: "the key was beside it"}})
	b.note(decided(breach.RiskHigh))
	require.NotNil(t, b.clock(register.DutyPersons))
}

func TestNotificationsGoOutInPhasesAndNeverWithoutAContactPoint(t *testing.T) {
	t.Parallel()
	b := confirmed(t, "2026-05-10T12:00:00+02:00")
	b.note(decided(breach.RiskLikely))
	b.now = b.now.Add(time.Hour)
	submit := register.Event{Kind: register.Submitted, Facts: register.Facts{Authority: "DE-BE", At: b.now}}
	b.refused("contact_point_missing", submit)
	b.note(register.Event{Kind: register.Found, Words: register.Words{Contact: "the DPO"}})
	b.note(submit)
	require.True(t, b.clock(register.DutyAuthority).Done)
	require.False(t, b.clock(register.DutyFollowUp).Done, "the numbers follow")
	b.refused("duty_open", register.Event{Kind: register.Closed, Words: register.Words{Reason: "done"}})
	submit.Facts.Final = true
	b.refused("person_categories_missing", submit)
	b.note(found())
	b.note(submit)
	require.Equal(t, 2, b.Phases[1].Phase)
	require.True(t, b.clock(register.DutyFollowUp).Done)
	b.note(register.Event{Kind: register.Closed, Words: register.Words{Reason: "done"}})
}

func TestALateNotificationGivesItsReasons(t *testing.T) {
	t.Parallel()
	b := confirmed(t, "2026-05-10T12:00:00+02:00")
	b.note(decided(breach.RiskLikely))
	b.note(found())
	b.now = b.AwareAt.Add(72*time.Hour + time.Second)
	submit := register.Event{Kind: register.Submitted, Facts: register.Facts{Authority: "DE-BE", At: b.now, Final: true}}
	b.refused("reasons_for_delay_missing", submit)
	submit.Facts.At = b.now.Add(time.Second)
	b.refused("instant_in_future", submit)
	submit.Facts.At, submit.Words.Delay = b.now, "the extent was unclear"
	b.note(submit)
	require.True(t, b.clock(register.DutyAuthority).Late)
}

func TestCustomersAreToldBeforeAnythingIsAssessed(t *testing.T) {
	t.Parallel()
	b := open(t, "2026-05-10T12:00:00+02:00")
	b.note(report("a backup was copied"))
	no := false
	b.note(register.Event{Kind: register.Found, Facts: register.Facts{Own: &no, Customers: []register.Customer{{ID: acme, Hours: 24}}}})
	c := b.clock(register.DutyCustomer)
	require.Equal(t, b.now.Add(24*time.Hour).Unix(), c.DueAt.Unix())
	told := register.Event{Kind: register.Told, Actor: models.System(), Facts: register.Facts{Customer: acme, At: b.now}}
	b.refused("not_told", register.Event{Kind: register.Answered, Facts: register.Facts{Customer: acme, At: b.now}})
	b.note(told)
	require.False(t, b.clock(register.DutyCustomer).Done, "told, not acknowledged")
	b.note(told)
	require.Equal(t, 2, b.Events[len(b.Events)-1].Facts.Update, "told again as more is known")
	customer := models.Actor{Role: models.RoleController, ID: acme}
	b.note(register.Event{Kind: register.Answered, Actor: customer, Facts: register.Facts{Customer: acme, At: b.now}})
	b.refused("already_answered", register.Event{Kind: register.Answered, Actor: customer, Facts: register.Facts{Customer: acme, At: b.now}})
	require.True(t, b.clock(register.DutyCustomer).Done)
	b.refused("not_concerned", register.Event{Kind: register.Told, Facts: register.Facts{Customer: models.ID{9}, At: b.now}})
	b.note(aware(b.now, ""))
	require.Nil(t, b.clock(register.DutyAuthority), "only the customer's data: the authority is the customer's duty")
}

func TestAlarmsOfACustomerFollowItsContract(t *testing.T) {
	t.Parallel()
	b := confirmed(t, "2026-05-10T12:00:00+02:00")
	no := false
	b.note(register.Event{Kind: register.Found, Facts: register.Facts{Own: &no, Customers: []register.Customer{{ID: acme, Hours: 24}}}})
	var hours []int
	for after := b.now; len(hours) < 5; {
		a := b.NextAlarms(after)[0]
		b.HeardAt, after = a.At, a.At
		hours = append(hours, a.Hours)
	}
	require.Equal(t, []int{12, 22, 24, 25, 26}, hours)
}

func TestIncidentRegimesRunBesideIt(t *testing.T) {
	t.Parallel()
	b := confirmed(t, "2026-05-10T12:00:00+02:00")
	b.note(decided(breach.RiskUnlikely))
	b.refused("not_owed", register.Event{Kind: register.Incident, Facts: register.Facts{Regime: register.NIS2, Report: "notify", At: b.now}})
	b.note(register.Event{Kind: register.Incident, Facts: register.Facts{Regime: register.NIS2, At: b.now}})
	require.Equal(t, "2026-05-11T12:00:00+02:00", b.clock("NIS2 early_warning").DueAt.Format(time.RFC3339))
	require.Equal(t, "2026-05-13T12:00:00+02:00", b.clock("NIS2 notify").DueAt.Format(time.RFC3339))
	require.Equal(t, "2026-06-13T23:59:59+02:00", b.clock("NIS2 final_report").DueAt.Format(time.RFC3339))
	b.note(register.Event{Kind: register.Incident, Facts: register.Facts{Regime: register.NIS2, Report: "early_warning", At: b.now}})
	require.True(t, b.clock("NIS2 early_warning").Done)
	b.refused("unknown_report", register.Event{Kind: register.Incident, Facts: register.Facts{Regime: register.NIS2, Report: "intermediate_report", At: b.now}})
	b.note(register.Event{Kind: register.Incident, Facts: register.Facts{Regime: register.DORA, At: b.now}})
	require.Equal(t, "2026-05-10T16:00:00+02:00", b.clock("DORA initial_notification").DueAt.Format(time.RFC3339))
}

func TestWhoMayNoteWhat(t *testing.T) {
	t.Parallel()
	for _, kind := range register.Kinds() {
		require.True(t, kind.Valid())
		for _, role := range []models.Role{models.RoleAuditor, models.RoleSubject, models.RoleRecipient, models.RoleController} {
			if kind == register.Reported || kind == register.Answered && role == models.RoleController {
				continue
			}
			for _, s := range []register.State{"", register.Suspected, register.Open, register.Ended, register.NoBreach} {
				require.Equal(t, "event_forbidden", models.CodeOf(register.Allowed(kind, role, s)), "%s by %s", kind, role)
			}
		}
	}
	require.Equal(t, "unknown_event", models.CodeOf(register.Allowed("burned", models.RoleDPO, register.Open)))
	b := open(t, "2026-05-10T12:00:00+02:00")
	b.refused("event_not_open", aware(b.now, ""))
	b.refused("text_missing", report(" "))
	b.note(report("something"))
	b.refused("event_not_open", report("again"))
	b.refused("reason_missing", register.Event{Kind: register.Dismissed})
	b.note(register.Event{Kind: register.Dismissed, Words: register.Words{Reason: "it was a test"}})
	require.Empty(t, b.Clocks(b.now))
}

// Alarms come in order, each later than the one before, whatever was noted in between, and stop when nothing is open.
func TestAlarmsAlwaysGoForward(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := confirmed(t, "2026-03-27T10:00:00+01:00")
		b.note(found())
		after := b.now
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			alarms := b.NextAlarms(after)
			if len(alarms) == 0 {
				require.NoError(t, b.try(register.Event{Kind: register.Closed, Words: register.Words{Reason: "nothing is open"}}))
				return
			}
			for _, a := range alarms {
				require.True(t, a.At.After(after))
				require.True(t, a.At.Equal(alarms[0].At))
				require.LessOrEqual(t, a.Level, register.Levels)
			}
			after, b.now = alarms[0].At, alarms[0].At
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				b.note(register.Event{Kind: register.Heard})
			case 1:
				b.note(decided(rapid.SampledFrom([]breach.Risk{breach.RiskUnlikely, breach.RiskLikely, breach.RiskHigh}).Draw(t, "risk")))
			case 2:
				if b.Duties.Persons == breach.TellEach {
					b.note(register.Event{Kind: register.Messaged, Facts: register.Facts{At: b.now, Count: 40}})
				}
			case 3:
				b.note(register.Event{Kind: register.Submitted, Facts: register.Facts{Authority: "DE-BE", At: b.now, Final: true}, Words: register.Words{Delay: "late"}})
			}
		}
	})
}
