package breach_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/breach"
)

func at(t testing.TB, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	v, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return v
}

func zone(t require.TestingT, name string) *time.Location {
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func facts(t testing.TB, aware, notified string) breach.Facts {
	t.Helper()
	return breach.Facts{Regime: "EU_GDPR", AwareAt: at(t, aware), NotifiedAt: at(t, notified), Zone: zone(t, "Europe/Berlin")}
}

func TestTheClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ aware, due, lenient string }{
		"an ordinary day":                     {"2026-03-06T10:15:00+01:00", "2026-03-09T10:15:00+01:00", "2026-03-09T11:00:00+01:00"},
		"on the hour the whole hour is out":   {"2026-03-06T10:00:00+01:00", "2026-03-09T10:00:00+01:00", "2026-03-09T11:00:00+01:00"},
		"a nanosecond before the hour":        {"2026-03-06T10:59:59.999999999+01:00", "2026-03-09T10:59:59.999999999+01:00", "2026-03-09T11:00:00+01:00"},
		"into summer time":                    {"2026-03-27T10:00:00+01:00", "2026-03-30T11:00:00+02:00", "2026-03-30T12:00:00+02:00"},
		"out of summer time":                  {"2026-10-23T10:00:00+02:00", "2026-10-26T09:00:00+01:00", "2026-10-26T10:00:00+01:00"},
		"in the hour that the change repeats": {"2026-10-25T02:30:00+02:00", "2026-10-28T01:30:00+01:00", "2026-10-28T02:00:00+01:00"},
		"over New Year":                       {"2026-12-31T22:00:00+01:00", "2027-01-03T22:00:00+01:00", "2027-01-03T23:00:00+01:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock, err := breach.Compute(facts(t, c.aware, ""))
			require.NoError(t, err)
			require.Equal(t, c.aware, clock.StartsAt.Format(time.RFC3339Nano))
			require.Equal(t, c.due, clock.DueAt.Format(time.RFC3339Nano))
			require.Equal(t, c.lenient, clock.LenientDueAt.Format(time.RFC3339Nano))
			require.False(t, clock.Notified)
			require.Len(t, clock.Steps, 3)
		})
	}
}

// euZones is at least one zone of each member state's time.
var euZones = []string{
	"Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Bratislava", "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest",
	"Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki", "Europe/Lisbon", "Europe/Ljubljana", "Europe/Luxembourg", "Europe/Madrid",
	"Europe/Malta", "Europe/Paris", "Europe/Prague", "Europe/Riga", "Europe/Rome", "Europe/Sofia", "Europe/Stockholm", "Europe/Tallinn",
	"Europe/Vienna", "Europe/Vilnius", "Europe/Warsaw", "Europe/Zagreb", "Asia/Nicosia", "Atlantic/Azores", "Atlantic/Canary",
	"Atlantic/Madeira", "Africa/Ceuta", "America/Cayenne", "America/Guadeloupe", "America/Martinique", "Indian/Mayotte", "Indian/Reunion",
}

func TestSeventyTwoHoursAreElapsedHoursAcrossEveryZoneChange(t *testing.T) {
	t.Parallel()
	for _, name := range euZones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := zone(t, name)
			last := time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)
			for now := time.Date(2020, 1, 1, 0, 0, 0, 0, z); ; {
				_, change := now.ZoneBounds()
				if change.IsZero() {
					change = now.AddDate(1, 0, 0) // no change: any instant will do
				}
				if change.After(last) {
					return
				}
				for hours := -75; hours <= 3; hours++ {
					aware := change.Add(time.Duration(hours)*time.Hour + 17*time.Minute)
					c, err := breach.Compute(breach.Facts{Regime: "EU_GDPR", AwareAt: aware, Zone: z})
					require.NoError(t, err)
					require.Equal(t, 72*time.Hour, c.DueAt.Sub(aware))
					require.Equal(t, 43*time.Minute, c.LenientDueAt.Sub(c.DueAt))
				}
				now = change.In(z)
			}
		})
	}
}

func TestTheLenientReadingIsLaterByAtMostAnHour(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(euZones).Draw(t, "zone"))
		aware := time.Unix(rapid.Int64Range(1577836800, 2082758400).Draw(t, "aware"), 0)
		c, err := breach.Compute(breach.Facts{Regime: "UK_GDPR", AwareAt: aware, Zone: z})
		require.NoError(t, err)
		gap := c.LenientDueAt.Sub(c.DueAt)
		require.Positive(t, gap)
		require.LessOrEqual(t, gap, time.Hour)
	})
}

func TestOneSecondLateIsLate(t *testing.T) {
	t.Parallel()
	for notified, timely := range map[string]bool{
		"2026-10-26T09:00:00+01:00":           true,
		"2026-10-26T09:00:00.000000001+01:00": false,
		"2026-10-26T09:00:01+01:00":           false,
		"2026-10-26T09:30:00+01:00":           false,
		"2026-10-26T08:00:00Z":                true,
	} {
		c, err := breach.Compute(facts(t, "2026-10-23T10:00:00+02:00", notified))
		require.NoError(t, err)
		require.True(t, c.Notified)
		require.Equal(t, timely, c.Timely, notified)
		require.Equal(t, !timely, c.ReasonsForDelay, notified)
	}
}

func TestAControllerIsAwareWhenItsProcessorTellsIt(t *testing.T) {
	t.Parallel()
	f := breach.Facts{
		Regime: "EU_GDPR", Zone: zone(t, "Europe/Berlin"), ContractHours: 24,
		ProcessorAwareAt: at(t, "2026-05-11T09:00:00+02:00"), ControllerToldAt: at(t, "2026-05-12T16:45:00+02:00"),
	}
	c, err := breach.Compute(f)
	require.NoError(t, err)
	require.Equal(t, "2026-05-15T16:45:00+02:00", c.DueAt.Format(time.RFC3339))
	require.Equal(t, "2026-05-12T09:00:00+02:00", c.ProcessorDueAt.Format(time.RFC3339))
	require.False(t, c.ProcessorTimely)

	f.AwareAt = at(t, "2026-05-12T08:00:00+02:00") // it noticed by itself before it was told
	c, err = breach.Compute(f)
	require.NoError(t, err)
	require.Equal(t, f.AwareAt.Unix(), c.StartsAt.Unix())

	f.AwareAt, f.ControllerToldAt = time.Time{}, time.Time{}
	c, err = breach.Compute(f)
	require.NoError(t, err)
	require.True(t, c.StartsAt.IsZero(), "the processor's knowledge alone starts no clock")
	require.True(t, c.DueAt.IsZero())
}

func TestImpossibleFactsAreRefused(t *testing.T) {
	t.Parallel()
	for code, change := range map[string]func(*breach.Facts){
		"unknown_regime":        func(f *breach.Facts) { f.Regime = "CH_FADP" },
		"missing_field":         func(f *breach.Facts) { f.AwareAt = time.Time{} },
		"notified_before_aware": func(f *breach.Facts) { f.NotifiedAt = f.AwareAt.Add(-time.Second) },
		"bad_contract_hours":    func(f *breach.Facts) { f.ContractHours = -1 },
		"told_before_aware": func(f *breach.Facts) {
			f.ProcessorAwareAt, f.ControllerToldAt = f.AwareAt, f.AwareAt.Add(-time.Second)
		},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			f := facts(t, "2026-10-23T10:00:00+02:00", "")
			change(&f)
			_, err := breach.Compute(f)
			require.Error(t, err)
			require.Equal(t, code, models.CodeOf(err))
		})
	}
}

func gapCodes(gaps []breach.Gap) []string {
	var list []string
	for _, g := range gaps {
		list = append(list, g.Code)
	}
	return list
}

func TestANotificationToTheAuthorityNamesWhatItLacks(t *testing.T) {
	t.Parallel()
	full := breach.Authority{
		Nature: "n", PersonCategories: "c", PersonCountKnown: true, RecordCategories: "r", RecordCount: 9, RecordCountKnown: true,
		Contact: "dpo", Consequences: "q", Measures: "m", ReasonsForDelay: "d",
	}
	require.Empty(t, breach.CheckAuthority(full, true))
	require.Len(t, breach.CheckAuthority(breach.Authority{}, false), 8)
	require.Len(t, breach.CheckAuthority(breach.Authority{}, true), 9)

	phase := full
	phase.PersonCountKnown, phase.Measures = false, " \n\t"
	gaps := breach.CheckAuthority(phase, false)
	require.Equal(t, []string{"person_count_missing", "measures_missing"}, gapCodes(gaps))
	require.True(t, breach.MayGoOut(gaps), "numbers may follow")

	phase.Contact = ""
	require.False(t, breach.MayGoOut(breach.CheckAuthority(phase, false)), "the contact point may not")
	late := full
	late.ReasonsForDelay = ""
	require.False(t, breach.MayGoOut(breach.CheckAuthority(late, true)))
	require.Empty(t, breach.CheckAuthority(late, false))
}

func TestAMessageToThePersonsIsPlainAndSeparate(t *testing.T) {
	t.Parallel()
	full := breach.Persons{Nature: "n", Contact: "dpo", Consequences: "q", Measures: "m", PlainLanguage: true, Separate: true}
	require.Empty(t, breach.CheckPersons(full))
	full.PlainLanguage, full.Separate = false, false
	gaps := breach.CheckPersons(full)
	require.Equal(t, []string{"plain_language_unconfirmed", "not_separate"}, gapCodes(gaps))
	require.False(t, breach.MayGoOut(gaps))
	require.Len(t, breach.CheckPersons(breach.Persons{}), 6)
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	data := func(d ...breach.Data) []breach.Data { return d }
	for name, c := range map[string]struct {
		in                 breach.Circumstances
		score              float64
		level              breach.Level
		authority, persons bool
	}{
		"a customer list, known recipients": {
			breach.Circumstances{Data: data(breach.Data{Context: breach.Simple}), Identification: breach.Maximum, Confidentiality: breach.SomeLoss},
			1.25, breach.Low, false, false,
		},
		"exactly two is medium": {
			breach.Circumstances{Data: data(breach.Data{Context: breach.Behavioral}), Identification: breach.Significant, Confidentiality: breach.FullLoss},
			2, breach.Medium, true, false,
		},
		"exactly three is high": {
			breach.Circumstances{Data: data(breach.Data{Context: breach.Financial}), Identification: breach.Maximum},
			3, breach.High, true, true,
		},
		"health data stolen": {
			breach.Circumstances{Data: data(breach.Data{Context: breach.Simple}, breach.Data{Context: breach.Sensitive}), Identification: breach.Maximum, Confidentiality: breach.FullLoss, Malicious: true},
			5, breach.VeryHigh, true, true,
		},
		"the same, encrypted": {
			breach.Circumstances{Data: data(breach.Data{Context: breach.Sensitive}), Identification: breach.Maximum, Malicious: true, Unintelligible: true},
			4.5, breach.VeryHigh, true, false,
		},
		"adjusted and capped": {
			breach.Circumstances{Data: data(breach.Data{Context: breach.Financial, Adjust: 3, Reason: "a year of statements"}), Identification: breach.Negligible},
			1, breach.Low, false, false,
		},
		"adjusted down to one": {
			breach.Circumstances{Data: data(breach.Data{Context: breach.Financial, Adjust: -3, Reason: "cards that expired"}), Identification: breach.Limited, Availability: breach.SomeLoss, Integrity: breach.NoLoss},
			0.75, breach.Low, false, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := breach.Assess(c.in)
			require.NoError(t, err)
			require.InDelta(t, c.score, a.Score, 0)
			require.InDelta(t, a.Score, a.DPC*a.EI+a.CB, 0)
			require.Equal(t, c.level, a.Level)
			require.Equal(t, c.authority, a.AdviseAuthority)
			require.Equal(t, c.persons, a.AdvisePersons)
			require.Contains(t, a.Steps[len(a.Steps)-1], "The DPO decides.")
		})
	}
}

func TestSeverityRefusesWhatIsIncomplete(t *testing.T) {
	t.Parallel()
	good := func() breach.Circumstances {
		return breach.Circumstances{Data: []breach.Data{{Context: breach.Simple}}, Identification: breach.Limited, Persons: 101}
	}
	a, err := breach.Assess(good())
	require.NoError(t, err)
	require.Equal(t, []string{"many_persons"}, a.Flags)
	for code, change := range map[string]func(*breach.Circumstances){
		"missing_field":             func(c *breach.Circumstances) { c.Data = nil },
		"bad_value":                 func(c *breach.Circumstances) { c.Integrity = "very" },
		"adjustment_without_reason": func(c *breach.Circumstances) { c.Data[0].Adjust = 1 },
	} {
		in := good()
		change(&in)
		_, err := breach.Assess(in)
		require.Equal(t, code, models.CodeOf(err))
	}
	in := good()
	in.Identification = ""
	_, err = breach.Assess(in)
	require.Equal(t, "missing_field", models.CodeOf(err))
}

func TestDutiesFollowTheDPOsFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		risk        breach.Risk
		ex          breach.Exceptions
		outside     bool
		authorities breach.Authorities
		persons     breach.Telling
	}{
		"unlikely risk is documented only":    {risk: breach.RiskUnlikely, persons: breach.TellNobody},
		"a risk goes to the lead authority":   {risk: breach.RiskLikely, authorities: breach.LeadAuthority, persons: breach.TellNobody},
		"or to every authority":               {risk: breach.RiskLikely, outside: true, authorities: breach.EveryAuthority, persons: breach.TellNobody},
		"a high risk is told to the persons":  {risk: breach.RiskHigh, authorities: breach.LeadAuthority, persons: breach.TellEach},
		"unless the data is unintelligible":   {risk: breach.RiskHigh, ex: breach.Exceptions{Unintelligible: true}, authorities: breach.LeadAuthority, persons: breach.TellNobody},
		"or measures were taken":              {risk: breach.RiskHigh, ex: breach.Exceptions{LaterMeasures: true}, authorities: breach.LeadAuthority, persons: breach.TellNobody},
		"or by public notice where too many":  {risk: breach.RiskHigh, ex: breach.Exceptions{Disproportionate: true}, authorities: breach.LeadAuthority, persons: breach.PublicNotice},
		"exceptions do not lower the risk":    {risk: breach.RiskLikely, ex: breach.Exceptions{Unintelligible: true}, authorities: breach.LeadAuthority, persons: breach.TellNobody},
		"unintelligible outweighs the effort": {risk: breach.RiskHigh, ex: breach.Exceptions{Unintelligible: true, Disproportionate: true}, authorities: breach.LeadAuthority, persons: breach.TellNobody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := breach.DutiesFor(c.risk, c.ex, !c.outside)
			require.NoError(t, err)
			require.Equal(t, c.authorities, d.Authorities)
			require.Equal(t, c.persons, d.Persons)
			require.Contains(t, d.Steps[0], "documented")
		})
	}
	_, err := breach.DutiesFor("some", breach.Exceptions{}, true)
	require.Equal(t, "bad_value", models.CodeOf(err))
}
