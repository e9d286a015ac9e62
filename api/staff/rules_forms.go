package staff

import (
	"slices"
	"strconv"
	"strings"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/deadline"
	"habeas/models/request"
	"habeas/templates"
)

// one is a list whose choices are named by the catalogue.
func one(values ...string) []templates.RuleGroup {
	var g templates.RuleGroup
	for _, v := range values {
		g.Options = append(g.Options, templates.Option{Value: v})
	}
	return []templates.RuleGroup{g}
}

func labelled(options ...templates.Option) []templates.RuleGroup {
	return []templates.RuleGroup{{Options: options}}
}

// requestForm asks for the facts of a request under the EU or UK GDPR.
func requestForm(s *sheet, own request.Controller) {
	s.part("request")
	regime := s.choice("regime", orElse(own.Regime, deadline.EUGDPR), one(deadline.EUGDPR, deadline.UKGDPR))
	s.set("regime", "regime", regime)
	s.codes = []string{regime}
	day := s.date("received_on", "received_on", "")
	s.where(own)
	s.folded("time")
	s.set("received_at", "received_on", s.receivedAt(day))
	s.folded("pauses")
	s.set("pauses", "asked1", s.pauses(regime))
	s.folded("extension")
	told, reasons := s.date("told_on", "told_on", ""), s.check("reasons")
	switch {
	case told != "":
		x := members{{"notified_at", told}}
		if reasons {
			x = append(x, member{"reason", "given to the person"}) // which ones is nobody's business here
		}
		s.set("extension", "told_on", x)
	case reasons:
		s.fail("told_on", models.Errorf(models.Invalid, "missing_field", "The day on which the person was told is needed."))
	}
}

// where asks where the controller is: its zone and its holidays.
func (s *sheet) where(own request.Controller) {
	s.part("place")
	s.zoneChoice(orElse(own.Timezone, "Europe/Brussels"))
	var countries []templates.Option
	var parts []calendar.Subdivision
	country := s.typedText("country")
	if !s.q.Has("country") {
		country = own.Country
	}
	for _, c := range calendar.Countries() {
		countries = append(countries, templates.Option{Value: c.Code, Label: c.Name})
		if c.Code == country {
			parts = c.Subdivisions
		}
	}
	slices.SortFunc(countries, func(a, b templates.Option) int { return strings.Compare(a.Label, b.Label) })
	s.set("country", "country", s.choice("country", own.Country, labelled(countries...)))
	s.choose("rules.choose.country")
	if len(parts) == 0 && !strings.HasPrefix(s.typedText("subdivision"), country+"-") {
		s.fields["subdivision"] = "country"
		return
	}
	whole := labelled(templates.Option{Label: "–"})
	for _, p := range parts {
		whole[0].Options = append(whole[0].Options, templates.Option{Value: country + "-" + p.Code, Label: p.Name})
	}
	slices.SortFunc(whole[0].Options[1:], func(a, b templates.Option) int { return strings.Compare(a.Label, b.Label) })
	usual := ""
	if country == own.Country && own.Subdivision != "" {
		usual = country + "-" + own.Subdivision
	}
	if !strings.HasPrefix(s.typedText("subdivision"), country+"-") && s.typedText("subdivision") != "" {
		s.q.Set("subdivision", "") // it was a part of the country that was chosen before
	}
	s.set("subdivision", "subdivision", s.choice("subdivision", usual, whole))
}

// receivedAt is the day of receipt, or the instant when a time is given: in another zone it may be another day.
func (s *sheet) receivedAt(day string) string {
	clock := s.typedText("received_time")
	f := templates.RuleField{ID: "received_time", Key: "received_time", Type: "time", Value: clock}
	wall, ok := parseLocal(day + "T" + clock)
	if clock != "" && day != "" && !ok && len(s.errors) == 0 {
		f.Type = "text"
		s.fail("received_time", models.Errorf(models.Invalid, "bad_instant", "The time does not exist; write it as 22:30."))
	}
	s.add(f)
	zone := s.choice("received_zone", "UTC", zoneGroups(""))
	if clock == "" || !ok || len(s.errors) > 0 {
		return day
	}
	loc, err := loadZone(zone)
	if err != nil {
		s.fail("received_zone", err)
		return ""
	}
	return s.place("received_time", wall, loc)
}

// pauses reads the questions to the person.
func (s *sheet) pauses(regime string) any {
	var out []members
	for i := 1; i <= 3; i++ {
		n := strconv.Itoa(i)
		asked, answered := s.date("asked"+n, "asked"+n, ""), s.date("answered"+n, "answered"+n, "")
		s.beside()
		about := s.choice("about"+n, "identity", one("identity", "clarification", "fee"))
		if asked == "" && answered == "" {
			continue
		}
		if about == "fee" && regime != deadline.UKGDPR {
			s.fail("about"+n, models.Errorf(models.Invalid, "not_applicable", "A fee does not move the clock in this regime."))
		}
		s.order(n, asked, answered)
		at := "pauses/" + strconv.Itoa(len(out)) + "/"
		s.fields[at+"asked_on"], s.fields[at+"answered_on"] = "asked"+n, "answered"+n
		p := members{}
		for _, m := range []member{{"asked_on", asked}, {"answered_on", answered}, {"kind", about}} {
			if m.value != "" {
				p = append(p, m)
			}
		}
		out = append(out, p)
	}
	if out == nil {
		return nil
	}
	return out
}

// order names the question whose dates cannot be right; the rules say so of a case as a whole.
func (s *sheet) order(n, asked, answered string) {
	received := s.typedText("received_on")
	switch { // dates are written so that their texts are in their order
	case asked == "":
		s.fail("asked"+n, models.Errorf(models.Invalid, "missing_field", "The day on which the question was asked is needed."))
	case received != "" && s.typedText("received_time") == "" && asked < received:
		s.fail("asked"+n, models.Errorf(models.Invalid, "question_before_request", "The question was asked before the request was received."))
	case answered != "" && answered < asked:
		s.fail("answered"+n, models.Errorf(models.Invalid, "answer_before_question", "The answer is dated before its question."))
	}
}

// regimeForm asks for what the chosen regime counts from.
func regimeForm(s *sheet, own request.Controller) {
	s.part("regime")
	var options []templates.Option
	for _, r := range deadline.Regimes() {
		options = append(options, templates.Option{Value: r.Code, Label: r.Name + " (" + r.Code + ")"})
	}
	code := s.choice("regime", options[0].Value, labelled(options...))
	s.set("regime", "regime", code)
	s.choose("rules.choose.regime")
	s.codes = []string{code}
	regime, err := deadline.Lookup(code)
	if err != nil {
		s.fail("regime", err)
		return
	}
	s.part("facts")
	if slices.ContainsFunc(regime.Needs(), func(name string) bool { return strings.HasSuffix(name, "_at") }) {
		s.zoneChoice(orElse(own.Timezone, "Europe/Brussels"))
	}
	for _, name := range regime.Needs() {
		if strings.HasSuffix(name, "_at") {
			s.set(name, name, s.instant(name, name, spoken(name), s.zone))
		} else {
			s.set(name, name, s.date(name, name, spoken(name)))
		}
	}
	if slices.ContainsFunc(regime.Terms, func(t deadline.Term) bool { return t.Unit == deadline.BusinessDays }) {
		s.set("holidays", "holidays", s.holidays())
	}
}

// mostHolidays is more than lie within any limit that is counted in business days.
const mostHolidays = 100

// holidays reads a list of days, apart by spaces, commas or lines.
func (s *sheet) holidays() []string {
	v := s.typedText("holidays")
	s.add(templates.RuleField{ID: "holidays", Key: "holidays", Type: "lines", Value: v})
	days := strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) })
	if len(days) > mostHolidays {
		s.fail("holidays", models.Errorf(models.Invalid, "bad_value", "Give at most %d holidays.", mostHolidays))
		return []string{}
	}
	for _, day := range days {
		d, err := calendar.ParseDate(day)
		if err != nil {
			s.fail("holidays", err)
			continue
		}
		s.year("holidays", d.Year)
	}
	return append([]string{}, days...)
}

// breachForm asks for the instants that decide the 72 hours.
func breachForm(s *sheet, own request.Controller) {
	s.part("breach")
	s.set("regime", "regime", s.choice("regime", orElse(own.Regime, deadline.EUGDPR), one(deadline.EUGDPR, deadline.UKGDPR)))
	s.codes = []string{"GDPR_33"}
	s.zoneChoice(orElse(own.Timezone, "Europe/Brussels"))
	s.set("aware_at", "aware_at", s.instant("aware_at", "aware_at", "", s.zone))
	s.set("notified_at", "notified_at", s.instant("notified_at", "breach_notified_at", "", s.zone))
	s.folded("processor")
	s.set("processor_aware_at", "processor_aware_at", s.instant("processor_aware_at", "processor_aware_at", "", s.zone))
	s.set("controller_told_at", "controller_told_at", s.instant("controller_told_at", "controller_told_at", "", s.zone))
	hours := s.typedText("contract_hours")
	s.fields["contract_hours"] = "contract_hours"
	f := templates.RuleField{ID: "contract_hours", Key: "contract_hours", Type: "number", Value: hours, Min: "0", Max: "8760"}
	if hours != "" {
		n, err := strconv.Atoi(hours)
		if err != nil {
			f.Type = "text"
			s.fail("contract_hours", models.Errorf(models.Invalid, "bad_value", "The hours are a whole number."))
		}
		s.set("contract_hours", "contract_hours", n)
	}
	s.add(f)
}

func orElse(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

// spoken is a field's name in words, for facts that the catalogue has no label for.
func spoken(name string) string {
	s := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(name, "_on"), "_at"), "_", " ")
	if s == "" {
		return name
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
