package rules

import (
	"strings"

	"habeas/models/calendar"
	"habeas/models/deadline"
)

// evalRequest answers request_deadline.
func evalRequest(_ Evaluator, in *input, out *object) error {
	zone := in.zone()
	req := deadline.Request{Regime: in.required("regime"), Zone: zone}
	req.ReceivedOn = in.day("received_at", "received_on")
	if req.ReceivedOn.IsZero() {
		in.fail("missing_field", "The field is needed.", "received_at")
	}
	country, subdivision := in.required("country"), in.string("subdivision")
	req.Holidays = in.dates("holidays", "local_holidays")
	conditions(in, &req)
	for _, p := range in.objects("pauses", "clarifications") {
		addPause(in, p, &req)
	}
	req.Extension = extension(in)
	if err := in.done(); err != nil {
		return err
	}
	var err error
	if req.Calendar, err = calendar.For(country, subdivision); err != nil {
		return err
	}
	res, err := deadline.Compute(req)
	if err != nil {
		return err
	}
	if err := req.Calendar.Covers(req.ReceivedOn); err != nil {
		return err
	}
	writeRequest(out, res)
	return nil
}

// conditions reads identity and fee: they delay the start of a UK clock; in the EU a question about identity is a pause.
func conditions(in *input, req *deadline.Request) {
	uk := req.Regime == deadline.UKGDPR
	in.rename(canonical)
	identityGiven := in.has("identity_received_on")
	asked, received := in.day("identity_asked_on"), in.day("identity_received_on")
	switch {
	case !asked.IsZero() && !received.IsZero() && received.Before(asked):
		in.fail("answer_before_question", "The identity information is dated before the question.", "identity_received_on")
	case uk:
		req.Identity = deadline.Condition{Required: !asked.IsZero() || identityGiven, MetOn: received}
	case !asked.IsZero():
		req.Pauses = append(req.Pauses, deadline.Pause{AskedOn: asked, AnsweredOn: received})
	case identityGiven:
		in.fail("missing_field", "In this regime the clock pauses: the day of asking for identity is needed.", "identity_asked_on")
	}
	feeGiven := in.has("fee_received_on", "fee_asked_on")
	feeDay, paid := in.day("fee_asked_on"), in.day("fee_received_on")
	switch {
	case !feeGiven:
	case !uk:
		in.fail("not_applicable", "A fee does not move the clock in this regime.", "fee_received_on")
	case !feeDay.IsZero() && !paid.IsZero() && paid.Before(feeDay):
		in.fail("answer_before_question", "The fee is dated before it was asked for.", "fee_received_on")
	default:
		req.Fee = deadline.Condition{Required: true, MetOn: paid}
	}
}

func addPause(in, p *input, req *deadline.Request) {
	pause := deadline.Pause{
		AskedOn:    p.day("asked_on", "asked_at", "requested_on", "requested_at"),
		AnsweredOn: p.day("answered_on", "answered_at", "received_on", "received_at"),
	}
	if prompt, given := p.bool("without_undue_delay", "asked_without_undue_delay"); given {
		undue := !prompt
		pause.Undue = &undue
	}
	if undue, given := p.bool("undue_delay"); given {
		pause.Undue = &undue
	}
	about := aboutWhat(p.string("kind", "type", "reason", "purpose"))
	if pause.AskedOn.IsZero() {
		p.fail("missing_field", "The field is needed.", "asked_on")
	}
	in.adopt(p)
	if req.Regime == deadline.UKGDPR && about != "" && in.err == nil {
		delayStart(in, about, pause, req)
		return
	}
	req.Pauses = append(req.Pauses, pause)
}

// aboutWhat tells a question about identity or a fee by its label; any other text is a clarification.
func aboutWhat(label string) string {
	switch strings.ToLower(label) {
	case "identity", "identity_doubt", "identity_information", "identity_verification", "id":
		return "identity"
	case "fee":
		return "fee"
	}
	return ""
}

// delayStart turns a UK pause for identity or a fee into what it is there: a condition of the start.
func delayStart(in *input, about string, p deadline.Pause, req *deadline.Request) {
	if !p.AnsweredOn.IsZero() && p.AnsweredOn.Before(p.AskedOn) {
		in.fail("answer_before_question", "An answer is dated before its question.", "pauses")
	}
	if p.AskedOn.Before(req.ReceivedOn) {
		in.fail("question_before_request", "A question was asked before the request was received.", "pauses")
	}
	cond := &req.Identity
	if about == "fee" {
		cond = &req.Fee
	}
	open := cond.Required && cond.MetOn.IsZero() || p.AnsweredOn.IsZero()
	met := cond.MetOn
	if p.AnsweredOn.After(met) {
		met = p.AnsweredOn
	}
	if open {
		met = calendar.Date{}
	}
	*cond = deadline.Condition{Required: true, MetOn: met}
}

func extension(in *input) *deadline.Extension {
	list := in.objects("extension")
	if len(list) == 0 {
		return nil
	}
	if len(list) > 1 {
		in.fail("bad_value", "A request is extended once.", "extension")
	}
	x := list[0]
	e := &deadline.Extension{NotifiedOn: x.day("notified_at", "notified_on", "told_at", "told_on")}
	if e.NotifiedOn.IsZero() {
		x.fail("missing_field", "The field is needed.", "notified_at")
	}
	e.Reasons = strings.TrimSpace(x.string("reason", "reasons")) != ""
	in.adopt(x)
	return e
}

func writeRequest(out *object, r deadline.Result) {
	out.date("clock_start_on", r.ClockStartOn)
	out.date("unrolled_due_on", r.UnrolledDueOn)
	out.date("due_on", r.DueOn)
	out.utc("due_before", r.DueBefore)
	out.date("refusal_due_on", r.RefusalDueOn)
	out.int("paused_days", r.PausedDays)
	out.bool("paused", r.Paused)
	status := "running"
	if r.Paused {
		status = "paused"
	}
	if x := r.Extension; x != nil {
		out.bool("extension_valid", x.Valid)
		out.date("extended_unrolled_due_on", x.UnrolledDueOn)
		out.date("extended_due_on", x.DueOn)
		out.utc("extended_due_before", x.DueBefore)
		if x.Valid && !r.Paused {
			status = "extended"
		}
	}
	out.text("status", status)
	writeFindings(out, r.Findings)
	out.texts("steps", r.Steps)
	out.text("law", r.Law)
	out.text("rule_set", r.RuleSet)
}

func writeFindings(out *object, list []deadline.Finding) {
	if len(list) == 0 {
		return
	}
	out.objects("findings", len(list), func(i int, item *object) {
		item.text("code", list[i].Code)
		item.text("message", list[i].Message)
	})
}
