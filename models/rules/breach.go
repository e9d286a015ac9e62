package rules

import "habeas/models/breach"

// evalBreach answers breach_deadline.
func evalBreach(_ Evaluator, in *input, out *object) error {
	f := breach.Facts{
		Regime: in.required("regime"), Zone: in.zone(),
		AwareAt: in.instant("aware_at"), ProcessorAwareAt: in.instant("processor_aware_at"),
		ControllerToldAt: in.instant("controller_told_at"), NotifiedAt: in.instant("notified_at"),
	}
	f.ContractHours, _ = in.int("contract_hours")
	if err := in.done(); err != nil {
		return err
	}
	c, err := breach.Compute(f)
	if err != nil {
		return err
	}
	out.local("clock_starts_at", c.StartsAt)
	out.local("due_at", c.DueAt)
	out.local("lenient_due_at", c.LenientDueAt)
	if !c.ProcessorDueAt.IsZero() {
		out.local("processor_due_at", c.ProcessorDueAt)
		if c.ControllerTold {
			out.bool("processor_timely", c.ProcessorTimely)
		}
	}
	if c.Notified {
		out.bool("timely", c.Timely)
		out.bool("reasons_for_delay_required", c.ReasonsForDelay)
	}
	out.texts("steps", c.Steps)
	out.text("rule_set", c.RuleSet)
	return nil
}

// evalContent answers breach_content: to "authority" (33(3)) or "persons" (34(2)).
func evalContent(_ Evaluator, in *input, out *object) error {
	to := in.required("to")
	var gaps []breach.Gap
	switch to {
	case "authority":
		n := breach.Authority{
			Nature: in.string("nature"), PersonCategories: in.string("person_categories"), RecordCategories: in.string("record_categories"),
			Contact: in.string("contact"), Consequences: in.string("consequences"), Measures: in.string("measures"),
			ReasonsForDelay: in.string("reasons_for_delay"),
		}
		n.PersonCount, n.PersonCountKnown = in.int("person_count")
		n.RecordCount, n.RecordCountKnown = in.int("record_count")
		late, _ := in.bool("late")
		gaps = breach.CheckAuthority(n, late)
	case "persons":
		p := breach.Persons{
			Nature: in.string("nature"), Contact: in.string("contact"), Consequences: in.string("consequences"), Measures: in.string("measures"),
		}
		p.PlainLanguage, _ = in.bool("plain_language")
		p.Separate, _ = in.bool("separate")
		gaps = breach.CheckPersons(p)
	default:
		in.fail("bad_value", "A notification goes to the authority or to the persons.", "to")
	}
	if err := in.done(); err != nil {
		return err
	}
	out.bool("complete", len(gaps) == 0)
	out.bool("may_go_out", breach.MayGoOut(gaps))
	out.objects("missing", len(gaps), func(i int, item *object) {
		item.text("code", gaps[i].Code)
		item.text("message", gaps[i].Message)
		item.text("citation", gaps[i].Citation)
		item.bool("may_follow", gaps[i].Later)
	})
	out.text("rule_set", breach.RuleSet())
	return nil
}

// evalSeverity answers breach_severity.
func evalSeverity(_ Evaluator, in *input, out *object) error {
	c := breach.Circumstances{
		Identification:  breach.Identification(in.string("identification")),
		Confidentiality: breach.Loss(in.string("confidentiality")),
		Integrity:       breach.Loss(in.string("integrity")),
		Availability:    breach.Loss(in.string("availability")),
	}
	c.Malicious, _ = in.bool("malicious")
	c.Unintelligible, _ = in.bool("unintelligible")
	c.Persons, _ = in.int("persons")
	for _, d := range in.objects("data") {
		item := breach.Data{Context: breach.Context(d.string("context")), Reason: d.string("reason")}
		item.Adjust, _ = d.int("adjust")
		in.adopt(d)
		c.Data = append(c.Data, item)
	}
	if err := in.done(); err != nil {
		return err
	}
	a, err := breach.Assess(c)
	if err != nil {
		return err
	}
	out.number("dpc", a.DPC)
	out.number("ei", a.EI)
	out.number("cb", a.CB)
	out.number("score", a.Score)
	out.text("level", string(a.Level))
	out.texts("flags", a.Flags)
	out.bool("advise_authority", a.AdviseAuthority)
	out.bool("advise_persons", a.AdvisePersons)
	out.texts("steps", a.Steps)
	out.text("method", a.Method)
	out.text("rule_set", a.RuleSet)
	return nil
}
