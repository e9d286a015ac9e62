package register

import (
	"fmt"
	"time"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/calendar"
	"habeas/models/deadline"
)

// Duty is something that is owed because of a breach.
type Duty string

// The duties. A report of NIS2 or DORA is the regime's code and the report: "NIS2 notify".
const (
	DutyTriage    Duty = "triage"    // judge the suspicion
	DutyAssess    Duty = "assess"    // decide on the risk, with reasons
	DutyAuthority Duty = "authority" // Art. 33(1)
	DutyFollowUp  Duty = "follow_up" // what was left out of the first phase, Art. 33(4)
	DutyCustomer  Duty = "customer"  // Art. 33(2)
	DutyPersons   Duty = "persons"   // Art. 34
)

// Clock is one duty with its time.
type Clock struct {
	Duty     Duty
	Customer models.ID // DutyCustomer only
	From     time.Time // from when alarms are counted
	DueAt    time.Time // zero: without undue delay, with no hour set
	Lenient  time.Time // DutyAuthority only: breach.Clock.LenientDueAt
	Done     bool
	DoneAt   time.Time
	Late     bool   // done or still open after DueAt
	Missing  string // what is missing, in words; empty when done
	Citation string
}

// Clocks are the duties as they stand, those with a date first by date. A duty that is not owed is not among them.
func (r *Record) Clocks(now time.Time) []Clock {
	var list []Clock
	switch r.State {
	case Suspected:
		list = append(list, Clock{Duty: DutyTriage, From: r.ReportedAt, Missing: "somebody has to judge the suspicion", Citation: "GDPR Art. 33(1); EDPB Guidelines 9/2022 §33"})
	case Open:
		list = append(list, r.own(now)...)
		list = append(list, r.incidents(now)...)
	case Ended, NoBreach, "":
		return nil
	}
	for i := range r.Customers {
		list = append(list, r.customerClock(&r.Customers[i], now))
	}
	return list
}

// own are the duties as the controller of one's own data.
func (r *Record) own(now time.Time) []Clock {
	if !r.Own {
		return nil
	}
	list := []Clock{{
		Duty: DutyAssess, From: r.AwareAt, Done: r.Risk != "", Missing: missing(r.Risk == "", "the risk has not been decided on"), Citation: "GDPR Art. 33(1), 34(1)",
	}}
	if r.Risk == "" || r.Duties.Authorities != breach.NoAuthority {
		list = append(list, r.authority(now)...)
	}
	if r.Duties.Persons == breach.TellEach || r.Duties.Persons == breach.PublicNotice {
		list = append(list, Clock{
			Duty: DutyPersons, From: r.decidedAt(), Done: r.Messaged, DoneAt: r.MessagedAt, Citation: "GDPR Art. 34",
			Missing: missing(!r.Messaged, "the persons concerned have not been told"),
		})
	}
	return list
}

func (r *Record) decidedAt() time.Time {
	at := r.AwareAt
	for _, e := range r.Events {
		if e.Kind == Decided {
			at = e.At
		}
	}
	return at
}

// authority is the 72 hours, and what is still to follow after the first phase.
func (r *Record) authority(now time.Time) []Clock {
	facts := breach.Facts{Regime: "EU_GDPR", AwareAt: r.AwareAt, Zone: r.Zone}
	c := Clock{Duty: DutyAuthority, From: r.AwareAt, Citation: "GDPR Art. 33(1)", Missing: "the authority has not been notified"}
	clock, err := breach.Compute(facts)
	if err != nil {
		panic(err) // the record holds an instant and a zone
	}
	c.DueAt, c.Lenient = clock.DueAt, clock.LenientDueAt
	at, left := r.notified()
	if left > 0 {
		c.Late = now.After(c.DueAt)
		if len(r.Concerned) > 1 {
			c.Missing = fmt.Sprintf("%d of %d authorities concerned have not been notified", left, len(r.Concerned))
		}
		return []Clock{c}
	}
	c.Done, c.DoneAt, c.Missing = true, at, ""
	c.Late = c.DoneAt.After(c.DueAt)
	last, complete := r.complete()
	return []Clock{c, {
		Duty: DutyFollowUp, From: last, Done: complete, DoneAt: last, Citation: "GDPR Art. 33(4)",
		Missing: missing(!complete, "the notification is not yet complete"),
	}}
}

// notified is when the last authority that had to be was first notified, and how many of them have not been.
func (r *Record) notified() (at time.Time, left int) {
	first := map[string]time.Time{}
	for _, p := range r.Phases {
		if p.Phase == 1 {
			first[p.Authority] = p.At
		}
	}
	if len(r.Concerned) == 0 { // the lead authority, whichever the DPO took for it
		if len(r.Phases) == 0 {
			return at, 1
		}
		return r.Phases[0].At, 0
	}
	for _, code := range r.Concerned {
		switch when, ok := first[code]; {
		case !ok:
			left++
		case when.After(at):
			at = when
		}
	}
	return at, left
}

// complete reports whether the last phase to each authority said that nothing is to follow, and when the last of all was sent.
func (r *Record) complete() (last time.Time, complete bool) {
	final := map[string]bool{}
	for _, p := range r.Phases {
		final[p.Authority], last = p.Final, p.At
	}
	for _, ok := range final {
		if !ok {
			return last, false
		}
	}
	return last, true
}

func (r *Record) customerClock(d *CustomerDuty, now time.Time) Clock {
	c := Clock{Duty: DutyCustomer, Customer: d.ID, From: d.Since, Done: !d.ToldAt.IsZero(), DoneAt: d.ToldAt, Citation: "GDPR Art. 33(2)"}
	if d.Hours > 0 {
		c.DueAt = d.Since.Add(time.Duration(d.Hours) * time.Hour).In(r.Zone)
		c.Late = c.Done && c.DoneAt.After(c.DueAt) || !c.Done && now.After(c.DueAt)
	}
	switch {
	case !c.Done:
		c.Missing = "a customer has not been told"
	case d.AnsweredAt.IsZero():
		c.Done, c.Missing = false, "a customer has not acknowledged it"
		c.Late = c.DoneAt.After(c.DueAt) && !c.DueAt.IsZero()
	}
	return c
}

// Reports are the reports that a regime wants, in order.
func Reports(g Regime) []string {
	if g == NIS2 {
		return []string{"early_warning", "notify", "final_report"}
	}
	return []string{"initial_notification", "intermediate_report", "final_report"}
}

// reportFacts names what package deadline counts the next report from, by the report that was made.
var reportFacts = map[string]string{"notify": "notified_at", "initial_notification": "initial_notified_at", "intermediate_report": "intermediate_reported_at"}

func (r *Record) incidents(now time.Time) []Clock {
	var list []Clock
	for _, i := range r.Incidents {
		if i.Facts.Report == "" {
			list = append(list, r.incident(i, now)...)
		}
	}
	return list
}

// incident are a regime's reports with their dates, by package deadline.
func (r *Record) incident(applies Event, now time.Time) []Clock {
	facts := deadline.Facts{Zone: r.Zone, Calendar: calendar.Weekends(), Instants: map[string]time.Time{"aware_at": r.AwareAt, "classified_at": applies.Facts.At}}
	made := map[string]time.Time{}
	for _, e := range r.Incidents {
		if e.Facts.Regime == applies.Facts.Regime && e.Facts.Report != "" {
			made[e.Facts.Report] = e.Facts.At
			if name := reportFacts[e.Facts.Report]; name != "" {
				facts.Instants[name] = e.Facts.At
			}
		}
	}
	regime, err := deadline.Lookup(string(applies.Facts.Regime))
	if err != nil {
		panic(err) // both regimes are built in
	}
	result, err := regime.Compute(facts)
	if err != nil {
		return nil // an instant so far away that no date follows from it
	}
	due := map[string]deadline.Due{}
	for _, d := range result.Due {
		due[d.Field] = d
	}
	var list []Clock
	for _, report := range Reports(applies.Facts.Regime) {
		d := due[report+"_by"]
		c := Clock{Duty: Duty(string(applies.Facts.Regime) + " " + report), From: r.AwareAt, DueAt: r.instantOf(d), Citation: d.Citation}
		c.DoneAt, c.Done = made[report], !made[report].IsZero()
		c.Missing = missing(!c.Done, fmt.Sprintf("%s: the report %s has not been made", applies.Facts.Regime, report))
		c.Late = c.Done && c.DoneAt.After(c.DueAt) || !c.Done && now.After(c.DueAt)
		list = append(list, c)
	}
	return list
}

// instantOf is the last instant of a day, or the instant itself.
func (r *Record) instantOf(d deadline.Due) time.Time {
	if !d.At.IsZero() {
		return d.At.In(r.Zone)
	}
	next := time.Date(d.On.Year, d.On.Month, d.On.Day+1, 0, 0, 0, 0, r.Zone)
	return next.Add(-time.Second)
}

func missing(open bool, what string) string {
	if open {
		return what
	}
	return ""
}
