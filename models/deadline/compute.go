package deadline

import (
	"slices"
	"strconv"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// Compute applies the regime to the facts. It fails with unknown_regime, not_in_force, answer_before_question,
// question_before_request, extension_before_request, date_out_of_range or missing_field (no calendar, zone or receipt).
func Compute(req Request) (Result, error) {
	if req.Calendar == nil || req.Zone == nil || req.ReceivedOn.IsZero() {
		return Result{}, models.Errorf(models.Invalid, "missing_field", "The day of receipt, the calendar and the time zone are needed.")
	}
	p, err := parametersFor(req.Regime, req.ReceivedOn)
	if err != nil {
		return Result{}, err
	}
	if err := checkOrder(req); err != nil {
		return Result{}, err
	}
	c := computation{req: &req, p: p}
	c.res = Result{Regime: req.Regime, Law: p.Law, RuleSet: RuleSet()}
	c.words.grow()
	c.run()
	c.res.Steps = c.words.steps
	if last := c.res.Deadline(); last.Year > 9999 || c.res.UnrolledDueOn.Year > 9999 {
		return Result{}, models.Errorf(models.Invalid, "date_out_of_range", "The computed date is after the year 9999.")
	}
	return c.res, nil
}

// checkOrder refuses facts that cannot have happened in this order.
func checkOrder(req Request) error {
	for _, p := range req.Pauses {
		if p.AskedOn.IsZero() {
			return models.Errorf(models.Invalid, "missing_field", "A pause needs the day on which the question was asked.").At("pauses")
		}
		if p.AskedOn.Before(req.ReceivedOn) {
			return models.Errorf(models.Invalid, "question_before_request", "A question was asked before the request was received.").At("pauses")
		}
		if !p.AnsweredOn.IsZero() && p.AnsweredOn.Before(p.AskedOn) {
			return models.Errorf(models.Invalid, "answer_before_question", "An answer is dated before its question.").At("pauses")
		}
	}
	if e := req.Extension; e != nil && e.NotifiedOn.Before(req.ReceivedOn) {
		return models.Errorf(models.Invalid, "extension_before_request", "The extension was notified before the request was received.").At("extension")
	}
	return nil
}

// computation carries the state of one Compute.
type computation struct {
	req   *Request
	p     *Parameters
	res   Result
	words words
}

// finding ends a step, whose sentence is that of the finding.
func (c *computation) finding(code, law string) {
	c.words.end(law)
	c.res.Findings = append(c.res.Findings, Finding{code, c.words.steps[len(c.words.steps)-1]})
}

func (c *computation) run() {
	start := c.clockStart()
	if start.IsZero() {
		c.res.Paused = true
		c.extension(start, 0)
		return
	}
	c.res.ClockStartOn = start
	end := start.AddMonths(c.p.Months)
	c.monthStep(start, end)
	days, open := c.pausedDays(start, end)
	c.res.PausedDays = days
	if days > 0 {
		c.words.count(days, "paused day").say(" added after the month: ").day(end.AddDays(days)).end(c.p.Pause)
	}
	if !open.IsZero() {
		c.res.Paused = true
		c.words.say("The question of ").day(open).say(" is not answered: the clock stands still and there is no due date").end(c.p.Pause)
		c.extension(start, days)
		return
	}
	c.res.UnrolledDueOn = end.AddDays(days)
	c.res.DueOn = c.roll(c.res.UnrolledDueOn)
	c.res.RefusalDueOn = c.res.DueOn
	c.res.DueBefore = c.res.DueOn.EndIn(c.req.Zone).UTC()
	c.extension(start, days)
}

// clockStart is the day from which the months are counted; zero when a UK clock still waits.
func (c *computation) clockStart() calendar.Date {
	day := c.req.ReceivedOn
	c.words.say("Received on ").day(day).say(" in the controller's time zone").end(c.p.Start)
	if !c.p.StartsLate {
		return day
	}
	for _, w := range []struct {
		what string
		Condition
	}{{"the identity information", c.req.Identity}, {"the fee", c.req.Fee}} {
		switch {
		case !w.Required:
		case w.MetOn.IsZero():
			c.words.say("The clock has not started: ", w.what, " has not been received").end(c.p.Start)
			return calendar.Date{}
		case w.MetOn.After(day):
			day = w.MetOn
			c.words.say("The clock starts when ", w.what, " is received, on ").day(day).end(c.p.Start)
		}
	}
	return day
}

func (c *computation) monthStep(start, end calendar.Date) {
	c.words.say("That day does not count; ").count(c.p.Months, "month").say(" later is ").day(end)
	if end.Day != start.Day {
		c.words.say(", the last day of a month without a day ").number(start.Day)
	}
	c.words.end(c.p.End)
}

// roll moves a last day that is no working day to the following working day and says why.
func (c *computation) roll(d calendar.Date) calendar.Date {
	if c.working(d) {
		return d
	}
	r := d
	for ; !c.working(r); r = r.AddDays(1) {
		if r != d {
			c.words.say(", ")
		}
		c.words.day(r).say(" is ", c.reason(r))
	}
	c.words.say(": the period ends with the following working day, ").day(r).end(c.p.Roll)
	return r
}

func (c *computation) working(d calendar.Date) bool {
	return c.req.Calendar.IsWorkingDay(d) && !slices.Contains(c.req.Holidays, d)
}

func (c *computation) reason(d calendar.Date) string {
	if h, ok := c.req.Calendar.Holiday(d); ok {
		return h.Name
	}
	switch d.Weekday() {
	case time.Saturday:
		return "a Saturday"
	case time.Sunday:
		return "a Sunday"
	}
	return "a local holiday"
}

// extension tells whether the longer period counts. It is counted from the clock's start, never from a rolled date.
func (c *computation) extension(start calendar.Date, days int) {
	e := c.req.Extension
	if e == nil {
		return
	}
	x := &ExtensionResult{}
	c.res.Extension = x
	if !e.Reasons {
		c.words.say("The extension is not valid: the person was not given the reasons")
		c.finding("extension_without_reasons", c.p.Extension)
		return
	}
	if !c.res.Paused && e.NotifiedOn.After(c.res.DueOn) {
		c.words.say("The extension is not valid: the person was told on ").day(e.NotifiedOn).say(", after the first month had ended on ").day(c.res.DueOn)
		c.finding("extension_after_due", c.p.Extension)
		return
	}
	x.Valid = true
	if c.res.Paused {
		return
	}
	end := start.AddMonths(c.p.ExtendedMonths)
	c.words.say("Extended, told on ").day(e.NotifiedOn).say(": ").count(c.p.ExtendedMonths, "month").say(" from the clock's start is ").day(end)
	if days > 0 {
		end = end.AddDays(days)
		c.words.say(", with ").count(days, "paused day").say(" ").day(end)
	}
	c.words.end(c.p.Extension)
	x.UnrolledDueOn = end
	x.DueOn = c.roll(end)
	x.DueBefore = x.DueOn.EndIn(c.req.Zone).UTC()
}

func inWords(d calendar.Date) string {
	return strconv.Itoa(d.Day) + " " + d.Month.String() + " " + strconv.Itoa(d.Year)
}
