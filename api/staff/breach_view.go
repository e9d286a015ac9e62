package staff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/authority"
	"habeas/models/breach/register"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// fieldTime is how a field of an instant writes it.
const fieldTime = "2006-01-02T15:04:05"

func (k *Console) breachRow(b store.Breach, who models.Principal, names map[models.ID]string) templates.BreachRow {
	row := templates.BreachRow{
		Path: "/staff/breaches/" + b.ID.String(), Reference: b.Reference, Drill: b.Drill, State: string(b.State), ReportedAt: b.ReportedAt.In(b.Zone), ClosedAt: b.ClosedAt.In(b.Zone),
	}
	if b.ClosedAt.IsZero() {
		row.ClosedAt = time.Time{}
	}
	for _, c := range k.clocks(b, who, names) {
		if !c.Done {
			row.Clocks = append(row.Clocks, c)
		}
	}
	return row
}

// clocks are the duties that the caller may know of: all of them for staff, its own for a customer; the most urgent first.
func (k *Console) clocks(b store.Breach, who models.Principal, names map[models.ID]string) []templates.BreachClock {
	now := k.Now()
	var out []templates.BreachClock
	for _, c := range b.Clocks(now) {
		if own, limited := who.Scope.Controller(); limited && c.Customer != own {
			continue
		}
		v := templates.BreachClock{
			Duty: templates.BreachDuty(c.Duty), Who: names[c.Customer], DueAt: in(c.DueAt, b.Zone), Lenient: in(c.Lenient, b.Zone), DoneAt: in(c.DoneAt, b.Zone), Done: c.Done,
			Late: c.Late, Timed: !c.DueAt.IsZero(), Citation: c.Citation,
		}
		if v.Timed && !c.Done {
			left := c.DueAt.Sub(now).Abs()
			v.Hours, v.Minutes = int(left/time.Hour), int(left%time.Hour/time.Minute)
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b templates.BreachClock) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.DueAt.Compare(b.DueAt))
	})
	return out
}

// rank puts what is open with a date first, then what is open without, then what is done.
func rank(c templates.BreachClock) int {
	switch {
	case c.Done:
		return 2
	case !c.Timed:
		return 1
	}
	return 0
}

// breachView is all of a breach for staff; a customer sees what it was told.
func (k *Console) breachView(b store.Breach, who models.Principal, all []request.Controller, recipients []store.Recipient) templates.BreachView {
	names := map[models.ID]string{}
	for _, c := range all {
		names[c.ID] = c.Name
	}
	for _, r := range recipients {
		names[r.ID] = r.Name
	}
	v := templates.BreachView{
		Path: "/staff/breaches/" + b.ID.String(), Reference: b.Reference, Drill: b.Drill, State: string(b.State), Source: string(b.Source), ReportedAt: b.ReportedAt.In(b.Zone),
		AwareAt: in(b.AwareAt, b.Zone), Corrected: b.Corrected, ClosedAt: in(b.ClosedAt, b.Zone), Zone: b.Zone.String(), Seen: b.Latest(), Clocks: k.clocks(b, who, names),
		Known: known(b), Now: k.Now().In(b.Zone).Format(fieldTime),
	}
	v.Customers = k.customerRows(b, who, names)
	v.Times = times(b, who, names, k.Now())
	if _, limited := who.Scope.Controller(); limited {
		v.Customer, v.MayList = true, b.State == register.Suspected || b.State == register.Open
		for _, c := range all {
			for _, a := range authority.For(c.Country, c.Subdivision) {
				v.Yours = append(v.Yours, templates.Authority{Name: a.English, Site: a.Site, Email: a.Email})
			}
		}
		return v
	}
	v.Recipient, v.EachAuthority = names[b.Recipient], !b.EU
	for _, r := range recipients {
		v.Recipients = append(v.Recipients, templates.Option{Value: r.ID.String(), Label: r.Name, Selected: r.ID == b.Recipient})
	}
	v.Assessment, v.Risk, v.Steps = b.Assessment, b.Risk, b.Duties.Steps
	for _, g := range breach.CheckAuthority(b.Notification(""), false) {
		v.Gaps = append(v.Gaps, g.Message)
	}
	for _, p := range b.Phases {
		v.Phases = append(v.Phases, templates.BreachPhase{Phase: p.Phase, Authority: authorityName(p.Authority), At: in(p.At, b.Zone), Final: p.Final, Reference: p.Reference, File: p.File})
	}
	for _, l := range b.Lessons {
		v.Lessons = append(v.Lessons, templates.BreachLesson{No: l.No, What: l.What, DueOn: l.DueOn, Done: l.Done})
	}
	for _, e := range b.Events {
		v.Events = append(v.Events, eventRow(e, b.Zone, names))
	}
	v.Offers = breachOffers(b, who)
	v.Authorities = authorities(all)
	for _, c := range all {
		if !c.Operator && !slices.ContainsFunc(b.Customers, func(d register.CustomerDuty) bool { return d.ID == c.ID }) {
			v.Concerned = append(v.Concerned, templates.Option{Value: c.ID.String(), Label: c.Name})
		}
	}
	v.Scales = scales(b.Inputs)
	return v
}

// times are the times reached; a customer sees how long it took until it was told.
func times(b store.Breach, who models.Principal, names map[models.ID]string, now time.Time) []templates.BreachTime {
	var out []templates.BreachTime
	for _, s := range b.Times(now) {
		if own, limited := who.Scope.Controller(); limited && s.Customer != own {
			continue
		}
		out = append(out, templates.BreachTime{
			Step: s.Step, Who: names[s.Customer], Hours: int(s.Took / time.Hour), Minutes: int(s.Took % time.Hour / time.Minute), Limit: int(s.Limit / time.Hour),
			Done: s.Done, Over: s.Over,
		})
	}
	return out
}

func known(b store.Breach) templates.BreachKnown {
	return templates.BreachKnown{
		Nature: b.Known.Nature, Consequences: b.Known.Consequences, Measures: b.Known.Measures, Contact: b.Known.Contact, Persons: b.Known.Persons, Records: b.Known.Records,
		Categories: b.Known.Categories, PersonKinds: b.Known.PersonKinds, Own: b.Own,
	}
}

func (k *Console) customerRows(b store.Breach, who models.Principal, names map[models.ID]string) []templates.BreachCustomerRow {
	var out []templates.BreachCustomerRow
	for _, c := range b.Customers {
		if own, limited := who.Scope.Controller(); limited && c.ID != own {
			continue
		}
		row := templates.BreachCustomerRow{
			ID: c.ID.String(), Name: names[c.ID], Hours: c.Hours, ToldAt: in(c.ToldAt, b.Zone), Updates: c.Updates, AnsweredAt: in(c.AnsweredAt, b.Zone),
		}
		if c.Hours > 0 {
			row.DueAt = c.Since.Add(time.Duration(c.Hours) * time.Hour).In(b.Zone)
		}
		out = append(out, row)
	}
	return out
}

// breachOffers are the kinds of events that the caller may add by a form now.
func breachOffers(b store.Breach, who models.Principal) []string {
	var out []string
	for _, kind := range register.Kinds() {
		if kind == register.Told || kind == register.Answered || kind == register.Retried || register.Allowed(kind, who.Role, b.State) != nil {
			continue
		}
		told := b.Duties.Persons == breach.TellEach || b.Duties.Persons == breach.PublicNotice
		if kind == register.Messaged && !told || kind == register.Submitted && b.Risk != "" && b.Duties.Authorities == breach.NoAuthority {
			continue
		}
		out = append(out, string(kind))
	}
	return out
}

func authorityName(code string) string {
	if a, ok := authority.ByCode(code); ok {
		return a.Name
	}
	return code
}

// authorities are those that may be competent by the operator's establishment; every one of the register when it has none in the Union.
func authorities(all []request.Controller) []templates.Option {
	var list []authority.Authority
	for _, c := range all {
		if c.Operator {
			list = authority.For(c.Country, c.Subdivision)
		}
	}
	if len(list) == 0 {
		list = authority.All()
	}
	var out []templates.Option
	for _, a := range list {
		out = append(out, templates.Option{Value: a.Code, Label: a.Code + ": " + a.English})
	}
	return out
}

func scales(inputs *breach.Circumstances) []templates.BreachScale {
	chosen := map[string][]string{}
	if inputs != nil {
		for _, d := range inputs.Data {
			chosen["context"] = append(chosen["context"], string(d.Context))
		}
		chosen["identification"] = []string{string(inputs.Identification)}
		chosen["confidentiality"], chosen["integrity"], chosen["availability"] = []string{string(inputs.Confidentiality)}, []string{string(inputs.Integrity)}, []string{string(inputs.Availability)}
	}
	losses := []string{string(breach.NoLoss), string(breach.SomeLoss), string(breach.FullLoss)}
	var out []templates.BreachScale
	for _, s := range []struct {
		field  string
		values []string
	}{
		{"context", []string{string(breach.Simple), string(breach.Behavioral), string(breach.Financial), string(breach.Sensitive)}},
		{"identification", []string{string(breach.Negligible), string(breach.Limited), string(breach.Significant), string(breach.Maximum)}},
		{"confidentiality", losses},
		{"integrity", losses},
		{"availability", losses},
	} {
		scale := templates.BreachScale{Field: s.field}
		for _, value := range s.values {
			scale.Options = append(scale.Options, templates.Option{Value: value, Selected: slices.Contains(chosen[s.field], value)})
		}
		out = append(out, scale)
	}
	return out
}

// eventRow is one entry of the record, with its facts as lines.
func eventRow(e register.Event, zone *time.Location, names map[models.ID]string) templates.BreachEventRow {
	row := templates.BreachEventRow{No: e.No, At: e.At.In(zone), Kind: string(e.Kind), By: string(e.Actor.Role)}
	f := e.Facts
	line := func(format string, args ...any) { row.Lines = append(row.Lines, fmt.Sprintf(format, args...)) }
	for _, at := range []time.Time{f.AwareAt, f.At} {
		if !at.IsZero() {
			line("%s", at.In(zone).Format("2 January 2006, 15:04:05 -07:00"))
		}
	}
	for _, c := range f.Customers {
		line("%s", names[c.ID])
	}
	if !f.Recipient.IsZero() {
		line("%s", names[f.Recipient])
	}
	for _, code := range f.Authorities {
		line("%s", authorityName(code))
	}
	if !f.Customer.IsZero() {
		line("%s", names[f.Customer])
	}
	if f.Authority != "" {
		line("%s, phase %d", authorityName(f.Authority), f.Phase)
	}
	if f.Assessment != nil {
		line("%.2f, %s", f.Assessment.Score, f.Assessment.Level)
	}
	if f.Risk != "" {
		line("%s", f.Risk)
	}
	if f.Regime != "" {
		line("%s", strings.TrimSpace(string(f.Regime)+" "+f.Report))
	}
	if f.Persons != nil {
		line("persons: about %d", *f.Persons)
	}
	if f.Records != nil {
		line("records: about %d", *f.Records)
	}
	if f.Count > 0 {
		line("%d persons", f.Count)
	}
	w := e.Words
	for _, text := range []models.Personal{w.What, w.Reason, w.Consequences, w.Measures, w.Contact, w.Delay, w.Reference, w.By} {
		if text != "" {
			row.Words = append(row.Words, text)
		}
	}
	return row
}
