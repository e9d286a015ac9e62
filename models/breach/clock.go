package breach

import (
	"strconv"
	"time"

	"habeas/models"
)

// Hours is the period of GDPR Art. 33(1), counted as elapsed hours.
const Hours = 72

const (
	citeClock   = "GDPR Art. 33(1)"
	citeLenient = "Reg. (EEC, Euratom) 1182/71 Art. 3(1)"
	citeAware   = "GDPR Art. 33(2); EDPB Guidelines 9/2022, II.A.4"
)

// Facts are the instants that decide the clock. Unknown instants are zero.
type Facts struct {
	Regime           string    // EU_GDPR or UK_GDPR
	AwareAt          time.Time // the controller itself was reasonably certain
	ProcessorAwareAt time.Time // the processor was; this alone does not start the controller's clock
	ControllerToldAt time.Time // the processor told the controller
	ContractHours    int       // the processor's contractual limit for telling the controller; 0: none
	NotifiedAt       time.Time // the authority was notified
	Zone             *time.Location
}

// Clock is the result. Its instants are in Facts.Zone; they are zero while the controller is not aware.
type Clock struct {
	StartsAt        time.Time
	DueAt           time.Time // 72 elapsed hours after StartsAt; the value to keep to
	LenientDueAt    time.Time // the reading in which the hour of the event does not count; never replaces DueAt
	ProcessorDueAt  time.Time // the contract's limit, if there is one
	Notified        bool
	Timely          bool // meaningful when Notified: not later than DueAt
	ReasonsForDelay bool // reasons for the delay are mandatory content
	ProcessorTimely bool // meaningful when ProcessorDueAt is set and the controller was told
	ControllerTold  bool
	Steps           []string
	RuleSet         string
}

// Compute starts the clock. It fails with unknown_regime, missing_field (no instant, no zone), told_before_aware,
// notified_before_aware and bad_contract_hours.
func Compute(f Facts) (Clock, error) {
	if err := f.check(); err != nil {
		return Clock{}, err
	}
	c := Clock{RuleSet: RuleSet(), Steps: make([]string, 0, 5)}
	c.processor(f)
	start := f.start()
	if start.IsZero() {
		c.step("The controller has not been told and is not aware: its clock has not started (" + citeAware + ").")
		return c, nil
	}
	c.StartsAt = start.In(f.Zone)
	c.step("The clock starts when the controller is aware, at " + stamp(c.StartsAt) + " (" + citeAware + ").")
	c.DueAt = c.StartsAt.Add(Hours * time.Hour)
	c.step("72 elapsed hours later is " + stamp(c.DueAt) + "; weekends, holidays and a change of the clocks do not move it (" + citeClock + ").")
	c.LenientDueAt = afterHourOf(c.StartsAt).Add(Hours * time.Hour)
	c.step("Leaving out the hour of the event the period would end at " + stamp(c.LenientDueAt) + " (" + citeLenient + "); do not rely on it.")
	c.notified(f)
	return c, nil
}

func (f Facts) check() error {
	switch {
	case f.Regime != "EU_GDPR" && f.Regime != "UK_GDPR":
		return invalid("unknown_regime", "The regime has no breach clock here; EU_GDPR and UK_GDPR have.", "regime")
	case f.Zone == nil:
		return invalid("missing_field", "The time zone is needed.", "timezone")
	case f.AwareAt.IsZero() && f.ProcessorAwareAt.IsZero() && f.ControllerToldAt.IsZero():
		return invalid("missing_field", "The instant of becoming aware is needed.", "aware_at")
	case !f.ControllerToldAt.IsZero() && f.ControllerToldAt.Before(f.ProcessorAwareAt):
		return invalid("told_before_aware", "The controller was told before the processor was aware.", "controller_told_at")
	case f.ContractHours < 0 || f.ContractHours > 8760:
		return invalid("bad_contract_hours", "The contract's hours are between 0 and 8760.", "contract_hours")
	}
	if f.NotifiedAt.IsZero() {
		return nil
	}
	if start := f.start(); start.IsZero() || f.NotifiedAt.Before(start) {
		return invalid("notified_before_aware", "The notification is dated before the controller was aware.", "notified_at")
	}
	return nil
}

func invalid(code, message, field string) error {
	return models.Errorf(models.Invalid, code, "%s", message).At(field)
}

// start is the earlier of the controller's own awareness and being told by its processor.
func (f Facts) start() time.Time {
	if f.AwareAt.IsZero() || !f.ControllerToldAt.IsZero() && f.ControllerToldAt.Before(f.AwareAt) {
		return f.ControllerToldAt
	}
	return f.AwareAt
}

func (c *Clock) processor(f Facts) {
	c.ControllerTold = !f.ControllerToldAt.IsZero()
	if f.ProcessorAwareAt.IsZero() {
		return
	}
	c.step("The processor was aware at " + stamp(f.ProcessorAwareAt.In(f.Zone)) +
		"; it tells the controller without undue delay and without first assessing the risk (GDPR Art. 33(2)).")
	if f.ContractHours == 0 {
		return
	}
	c.ProcessorDueAt = f.ProcessorAwareAt.Add(time.Duration(f.ContractHours) * time.Hour).In(f.Zone)
	c.ProcessorTimely = c.ControllerTold && !f.ControllerToldAt.After(c.ProcessorDueAt)
	c.step("By contract it tells the controller within " + strconv.Itoa(f.ContractHours) + " hours, by " + stamp(c.ProcessorDueAt) + ".")
}

func (c *Clock) notified(f Facts) {
	if f.NotifiedAt.IsZero() {
		return
	}
	c.Notified = true
	c.Timely = !f.NotifiedAt.After(c.DueAt)
	c.ReasonsForDelay = !c.Timely
	if c.Timely {
		c.step("Notified at " + stamp(f.NotifiedAt.In(f.Zone)) + ", within the 72 hours.")
		return
	}
	c.step("Notified at " + stamp(f.NotifiedAt.In(f.Zone)) + ", after the 72 hours: the notification must give the reasons for the delay (" + citeClock + ").")
}

// afterHourOf is the start of the wall-clock hour after the one that contains t. It subtracts within the hour instead of building
// a new wall-clock time, which would be ambiguous when the clocks go back.
func afterHourOf(t time.Time) time.Time {
	into := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	return t.Add(time.Hour - into)
}

func (c *Clock) step(s string) { c.Steps = append(c.Steps, s) }

func stamp(t time.Time) string { return t.Format("2 January 2006 15:04:05 -07:00") }

// RuleSet names the version of the rules of this package.
func RuleSet() string { return "breach-" + Reviewed }

// Reviewed is the day on which this package was last compared with the law.
const Reviewed = "2026-11-22"
