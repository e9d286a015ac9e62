package deadline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/deadline"
)

func day(t testing.TB, s string) calendar.Date {
	t.Helper()
	if s == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(s)
	require.NoError(t, err)
	return d
}

func berlin(t testing.TB, received string) deadline.Request {
	t.Helper()
	req := request(t, place{"DE", "BE", "Europe/Berlin"})
	req.ReceivedOn = day(t, received)
	return req
}

func london(t testing.TB, received string) deadline.Request {
	t.Helper()
	req := request(t, place{"GB", "EAW", "Europe/London"})
	req.Regime, req.ReceivedOn = deadline.UKGDPR, day(t, received)
	return req
}

func pauses(t testing.TB, days ...string) []deadline.Pause {
	t.Helper()
	var list []deadline.Pause
	for _, d := range days {
		asked, answered, _ := strings.Cut(d, "/")
		list = append(list, deadline.Pause{AskedOn: day(t, asked), AnsweredOn: day(t, answered)})
	}
	return list
}

func codes(res deadline.Result) []string {
	var list []string
	for _, f := range res.Findings {
		list = append(list, f.Code)
	}
	return list
}

func TestPauses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		uk       bool
		received string
		pauses   []string
		days     int
		due      string
		paused   bool
		findings []string
	}{
		"one answered":                         {received: "2026-03-05", pauses: []string{"2026-03-06/2026-03-16"}, days: 10, due: "2026-04-15"},
		"overlapping days count once":          {received: "2026-03-05", pauses: []string{"2026-03-06/2026-03-16", "2026-03-10/2026-03-20"}, days: 14, due: "2026-04-20"},
		"one inside another":                   {received: "2026-03-05", pauses: []string{"2026-03-06/2026-03-20", "2026-03-08/2026-03-10"}, days: 14, due: "2026-04-20"},
		"two apart":                            {received: "2026-03-05", pauses: []string{"2026-03-06/2026-03-10", "2026-03-16/2026-03-18"}, days: 6, due: "2026-04-13"},
		"answered the same day":                {received: "2026-03-05", pauses: []string{"2026-03-06/2026-03-06"}, due: "2026-04-07"},
		"unanswered":                           {received: "2026-03-05", pauses: []string{"2026-03-06/"}, paused: true},
		"unanswered after an answered one":     {received: "2026-03-05", pauses: []string{"2026-03-06/2026-03-10", "2026-03-12/"}, days: 4, paused: true},
		"asked on the last prompt day":         {received: "2026-03-05", pauses: []string{"2026-03-19/2026-03-23"}, days: 4, due: "2026-04-09"},
		"asked too late":                       {received: "2026-03-05", pauses: []string{"2026-03-20/2026-03-23"}, due: "2026-04-07", findings: []string{"pause_too_late"}},
		"asked too late and unanswered":        {received: "2026-03-05", pauses: []string{"2026-04-01/"}, due: "2026-04-07", findings: []string{"pause_too_late"}},
		"a follow-up soon after the answer":    {received: "2026-03-05", pauses: []string{"2026-03-06/2026-03-20", "2026-03-24/2026-03-27"}, days: 17, due: "2026-04-22"},
		"after the period":                     {received: "2026-03-05", pauses: []string{"2026-04-08/2026-04-10"}, due: "2026-04-07", findings: []string{"pause_too_late"}},
		"UK counts both days":                  {uk: true, received: "2026-03-02", pauses: []string{"2026-03-09/2026-03-16"}, days: 8, due: "2026-04-10"},
		"UK, adjacent days once":               {uk: true, received: "2026-03-02", pauses: []string{"2026-03-09/2026-03-16", "2026-03-16/2026-03-18"}, days: 10, due: "2026-04-13"},
		"UK, one day":                          {uk: true, received: "2026-03-02", pauses: []string{"2026-03-09/2026-03-09"}, days: 1, due: "2026-04-07"},
		"UK has no limit of prompt days":       {uk: true, received: "2026-03-02", pauses: []string{"2026-03-30/2026-03-31"}, days: 2, due: "2026-04-07"},
		"UK, after the period":                 {uk: true, received: "2026-03-02", pauses: []string{"2026-04-03/2026-04-05"}, due: "2026-04-02", findings: []string{"pause_too_late"}},
		"UK before Art. 12A counts difference": {uk: true, received: "2026-02-04", pauses: []string{"2026-02-09/2026-02-16"}, days: 7, due: "2026-03-11"},
		"UK on the first day of Art. 12A":      {uk: true, received: "2026-02-05", pauses: []string{"2026-02-09/2026-02-16"}, days: 8, due: "2026-03-13"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := berlin(t, c.received)
			if c.uk {
				req = london(t, c.received)
			}
			req.Pauses = pauses(t, c.pauses...)
			res := compute(t, req)
			require.Equal(t, c.days, res.PausedDays)
			require.Equal(t, c.paused, res.Paused)
			require.Equal(t, c.due, res.DueOn.String())
			require.Equal(t, c.findings, codes(res))
			require.Equal(t, res.DueOn.IsZero(), res.DueBefore.IsZero())
		})
	}
}

func TestAFindingOnUndueDelayOverridesTheNumberOfDays(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	req := berlin(t, "2026-03-05")
	req.Pauses = pauses(t, "2026-03-06/2026-03-16")
	req.Pauses[0].Undue = &yes
	require.Equal(t, "2026-04-07", compute(t, req).DueOn.String())
	req.Pauses = pauses(t, "2026-03-25/2026-03-27")
	req.Pauses[0].Undue = &no
	require.Equal(t, "2026-04-07", compute(t, req).UnrolledDueOn.String())
	require.Equal(t, 2, compute(t, req).PausedDays)
}

func TestAUKClockStartsOnTheLatestOfReceiptIdentityAndFee(t *testing.T) {
	t.Parallel()
	met := func(s string) deadline.Condition { return deadline.Condition{Required: true, MetOn: day(t, s)} }
	for name, c := range map[string]struct {
		identity, fee deadline.Condition
		start, due    string
	}{
		"nothing asked":           {start: "2026-03-02", due: "2026-04-02"},
		"identity later":          {identity: met("2026-03-10"), start: "2026-03-10", due: "2026-04-10"},
		"fee later than identity": {identity: met("2026-03-10"), fee: met("2026-03-12"), start: "2026-03-12", due: "2026-04-13"},
		"identity later than fee": {identity: met("2026-03-12"), fee: met("2026-03-10"), start: "2026-03-12", due: "2026-04-13"},
		"identity known before":   {identity: met("2026-02-20"), start: "2026-03-02", due: "2026-04-02"},
		"identity outstanding":    {identity: met("")},
		"fee outstanding":         {identity: met("2026-03-10"), fee: met("")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := london(t, "2026-03-02")
			req.Identity, req.Fee = c.identity, c.fee
			res := compute(t, req)
			require.Equal(t, c.start, res.ClockStartOn.String())
			require.Equal(t, c.due, res.DueOn.String())
			require.Equal(t, c.start == "", res.Paused)
		})
	}
}

func TestClarificationBeforeAUKClockStartsExcludesOnlyDaysOfThePeriod(t *testing.T) {
	t.Parallel()
	req := london(t, "2026-03-02")
	req.Identity = deadline.Condition{Required: true, MetOn: day(t, "2026-03-10")}
	req.Pauses = pauses(t, "2026-03-05/2026-03-12")
	res := compute(t, req)
	require.Equal(t, 3, res.PausedDays) // 10, 11 and 12 March
	require.Equal(t, "2026-04-13", res.DueOn.String())
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		received, told string
		noReasons      bool
		pauses         []string
		valid          bool
		extended       string
		findings       []string
	}{
		"counted from the start, not the rolled date":  {received: "2026-03-03", told: "2026-03-03", valid: true, extended: "2026-06-03"},
		"counted from the start, not the clamped date": {received: "2026-01-31", told: "2026-02-01", valid: true, extended: "2026-04-30"},
		"told on the rolled last day":                  {received: "2026-01-31", told: "2026-03-02", valid: true, extended: "2026-04-30"},
		"told a day after it":                          {received: "2026-01-31", told: "2026-03-03", findings: []string{"extension_after_due"}},
		"told without reasons":                         {received: "2026-01-31", told: "2026-02-03", noReasons: true, findings: []string{"extension_without_reasons"}},
		"a pause moves the first month too":            {received: "2026-03-05", told: "2026-04-15", pauses: []string{"2026-03-06/2026-03-16"}, valid: true, extended: "2026-06-15"},
		"while paused there is no date":                {received: "2026-03-05", told: "2026-05-15", pauses: []string{"2026-03-06/"}, valid: true},
		"the extended date rolls over":                 {received: "2026-02-01", told: "2026-02-01", valid: true, extended: "2026-05-04"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := berlin(t, c.received)
			req.Pauses = pauses(t, c.pauses...)
			req.Extension = &deadline.Extension{NotifiedOn: day(t, c.told), Reasons: !c.noReasons}
			res := compute(t, req)
			require.Equal(t, c.valid, res.Extension.Valid)
			require.Equal(t, c.extended, res.Extension.DueOn.String())
			require.Equal(t, c.findings, codes(res))
			if c.extended != "" {
				require.Equal(t, c.extended, res.Deadline().String())
				require.Equal(t, res.Extension.DueBefore, res.Before())
			} else {
				require.Equal(t, res.DueOn, res.Deadline())
				require.Equal(t, res.DueBefore, res.Before())
			}
		})
	}
}

func TestImpossibleFactsAreRefused(t *testing.T) {
	t.Parallel()
	for code, change := range map[string]func(*deadline.Request){
		"unknown_regime":          func(r *deadline.Request) { r.Regime = "XX_GDPR" },
		"not_in_force":            func(r *deadline.Request) { r.ReceivedOn = day(t, "2018-05-24") },
		"question_before_request": func(r *deadline.Request) { r.Pauses = pauses(t, "2026-03-04/2026-03-06") },
		"answer_before_question":  func(r *deadline.Request) { r.Pauses = pauses(t, "2026-03-07/2026-03-06") },
		"extension_before_request": func(r *deadline.Request) {
			r.Extension = &deadline.Extension{NotifiedOn: day(t, "2026-03-04"), Reasons: true}
		},
		"missing_field":     func(r *deadline.Request) { r.Calendar = nil },
		"date_out_of_range": func(r *deadline.Request) { r.ReceivedOn = day(t, "9999-12-20") },
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			req := berlin(t, "2026-03-05")
			change(&req)
			_, err := deadline.Compute(req)
			require.Error(t, err)
			require.Equal(t, code, models.CodeOf(err))
		})
	}
}

func TestTheStepsSayHowEachDateCameAbout(t *testing.T) {
	t.Parallel()
	req := berlin(t, "2026-01-31")
	req.Pauses = pauses(t, "2026-02-02/2026-02-05")
	req.Extension = &deadline.Extension{NotifiedOn: day(t, "2026-02-10"), Reasons: true}
	res := compute(t, req)
	require.Equal(t, []string{
		"Received on 31 January 2026 in the controller's time zone (GDPR Art. 12(3); Reg. (EEC, Euratom) 1182/71 Art. 3(1)).",
		"That day does not count; 1 month later is 28 February 2026, the last day of a month without a day 31 (Reg. (EEC, Euratom) 1182/71 Art. 3(2)(c); EDPB Guidelines 01/2022 §160).",
		"3 paused days added after the month: 3 March 2026 (GDPR Art. 12(6); EDPB Guidelines 01/2022 §159).",
		"Extended, told on 10 February 2026: 3 months from the clock's start is 30 April 2026, with 3 paused days 3 May 2026 (GDPR Art. 12(3)).",
		"3 May 2026 is a Sunday: the period ends with the following working day, 4 May 2026 (Reg. (EEC, Euratom) 1182/71 Art. 3(4); EDPB Guidelines 01/2022 §161).",
	}, res.Steps)
	require.Contains(t, res.RuleSet, deadline.Reviewed)
	require.Contains(t, res.RuleSet, calendar.Revision())
}

func TestLocalHolidaysMoveTheDate(t *testing.T) {
	t.Parallel()
	req := berlin(t, "2026-01-31")
	req.Holidays = []calendar.Date{day(t, "2026-03-02")}
	res := compute(t, req)
	require.Equal(t, "2026-03-03", res.DueOn.String())
	require.Contains(t, res.Steps[2], "2 March 2026 is a local holiday")
}

func TestOtherRegimes(t *testing.T) {
	t.Parallel()
	type answers map[string]string
	for name, c := range map[string]struct {
		regime   string
		facts    map[string]string
		holidays []string
		want     answers
	}{
		"California":           {"US_CA_CCPA", map[string]string{"received_on": "2026-01-02"}, []string{"2026-01-19"}, answers{"acknowledge_by": "2026-01-16", "respond_by": "2026-02-16", "extended_by": "2026-04-02"}},
		"California, opt-out":  {"US_CA_CCPA_OPT_OUT", map[string]string{"received_on": "2026-01-02"}, []string{"2026-01-19"}, answers{"comply_by": "2026-01-26"}},
		"Virginia with appeal": {"US_VA_VCDPA", map[string]string{"received_on": "2026-01-02", "appeal_received_on": "2026-03-01"}, nil, answers{"respond_by": "2026-02-16", "extended_by": "2026-04-02", "appeal_decision_by": "2026-04-30"}},
		"Colorado, the appeal": {"US_CO_CPA", map[string]string{"appeal_received_on": "2026-03-01"}, nil, answers{"appeal_decision_by": "2026-04-15", "appeal_extended_by": "2026-06-14"}},
		"Brazil":               {"BR_LGPD", map[string]string{"received_on": "2026-03-10"}, nil, answers{"respond_by": "2026-03-25"}},
		"Brazil, breach":       {"BR_LGPD_BREACH", map[string]string{"aware_on": "2026-04-17"}, []string{"2026-04-21"}, answers{"notify_by": "2026-04-23"}},
		"Switzerland":          {"CH_FADP", map[string]string{"received_on": "2026-03-10"}, nil, answers{"respond_by": "2026-04-09"}},
		"Québec":               {"CA_QC_LAW25", map[string]string{"received_on": "2026-03-10"}, nil, answers{"respond_by": "2026-04-09"}},
		"India":                {"IN_DPDP", map[string]string{"received_on": "2027-06-01"}, nil, answers{"respond_by": "2027-08-30"}},
		"UK complaint":         {"UK_COMPLAINT_164A", map[string]string{"received_on": "2026-07-01"}, nil, answers{"acknowledge_by": "2026-07-30"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := deadline.Lookup(c.regime)
			require.NoError(t, err)
			f := deadline.Facts{Days: map[string]calendar.Date{}, Calendar: calendar.Weekends()}
			for k, v := range c.facts {
				f.Days[k] = day(t, v)
			}
			for _, h := range c.holidays {
				f.Holidays = append(f.Holidays, day(t, h))
			}
			res, err := r.Compute(f)
			require.NoError(t, err)
			got := answers{}
			for _, d := range res.Due {
				got[d.Field] = d.On.String()
				require.Contains(t, d.Step, d.Field)
			}
			require.Equal(t, c.want, got)
			require.True(t, res.InForce)
		})
	}
}

func TestIncidentRegimesCountHoursAndFollowTheReportsThatWereSent(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return v
	}
	run := func(code string, instants map[string]time.Time) map[string]string {
		r, err := deadline.Lookup(code)
		require.NoError(t, err)
		res, err := r.Compute(deadline.Facts{Instants: instants, Zone: zone})
		require.NoError(t, err)
		got := map[string]string{}
		for _, d := range res.Due {
			if got[d.Field] = d.On.String(); !d.At.IsZero() {
				got[d.Field] = d.At.Format(time.RFC3339)
			}
		}
		return got
	}
	require.Equal(t, map[string]string{
		"early_warning_by": "2026-10-25T09:00:00+01:00", "notify_by": "2026-10-27T09:00:00+01:00", "final_report_by": "2026-11-27",
	}, run("NIS2", map[string]time.Time{"aware_at": at("2026-10-24T10:00:00+02:00")}))
	require.Equal(t, "2026-11-25", run("NIS2", map[string]time.Time{
		"aware_at": at("2026-10-24T10:00:00+02:00"), "notified_at": at("2026-10-25T10:00:00+01:00"),
	})["final_report_by"])
	require.Equal(t, map[string]string{
		"initial_notification_by": "2026-11-03T12:00:00+01:00", "intermediate_report_by": "2026-11-06T12:00:00+01:00", "final_report_by": "2026-12-06",
	}, run("DORA", map[string]time.Time{"aware_at": at("2026-11-03T06:00:00+01:00"), "classified_at": at("2026-11-03T08:00:00+01:00")}))
	require.Equal(t, "2026-11-04T06:00:00+01:00", run("DORA", map[string]time.Time{
		"aware_at": at("2026-11-03T06:00:00+01:00"), "classified_at": at("2026-11-04T05:00:00+01:00"),
	})["initial_notification_by"], "24 hours from awareness are the limit of the four from classification")
}

func TestRegimesRefuseWhatTheyCannotCount(t *testing.T) {
	t.Parallel()
	_, err := deadline.Lookup("XX")
	require.Equal(t, "unknown_regime", models.CodeOf(err))
	r, err := deadline.Lookup("US_VA_VCDPA")
	require.NoError(t, err)
	_, err = r.Compute(deadline.Facts{})
	require.Equal(t, "missing_field", models.CodeOf(err))
	_, err = r.Compute(deadline.Facts{Days: map[string]calendar.Date{"received_on": day(t, "2026-02-01"), "appeal_received_on": day(t, "2026-01-01")}})
	require.Equal(t, "appeal_before_request", models.CodeOf(err))
	res, err := r.Compute(deadline.Facts{Days: map[string]calendar.Date{"received_on": day(t, "2022-12-31")}})
	require.NoError(t, err)
	require.False(t, res.InForce)
}
