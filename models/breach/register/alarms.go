package register

import (
	"slices"
	"time"

	"habeas/models"
)

// Alarm is a reminder of an open duty. Level counts how far it has escalated: 1 is whoever is on call.
type Alarm struct {
	At       time.Time
	Duty     Duty
	Customer models.ID
	Hours    int // since the duty's From
	Level    int
}

// Levels is how far an alarm escalates: on call, DPO, management.
const Levels = 3

// patience is how long an alarm waits to be heard before it goes a level higher.
const patience = 15 * time.Minute

// pace says after how many hours a duty's alarms come, and at which interval after the last of them.
type pace struct {
	hours []int
	every int
}

// paces are the rhythms by duty; those of customers follow their contract's hours, and reports of NIS2 and DORA their dates.
var paces = map[Duty]pace{
	DutyTriage:    {hours: []int{0, 1, 4, 12}, every: 12},
	DutyAssess:    {hours: []int{12, 24, 36, 48}, every: 6},
	DutyAuthority: {hours: []int{24, 48, 60, 70}, every: 1},
	DutyFollowUp:  {hours: []int{72}, every: 72},
	DutyPersons:   {hours: []int{12, 24}, every: 24},
}

// paceOf of a clock without a rhythm of its own: at half of its time, two hours before, at its end, and every hour after; daily where it has
// no time, or where only the answer of the other side is missing.
func paceOf(c Clock) pace {
	if p, ok := paces[c.Duty]; ok {
		return p
	}
	if c.DueAt.IsZero() || !c.DoneAt.IsZero() {
		return pace{hours: []int{24}, every: 24}
	}
	all := int(c.DueAt.Sub(c.From) / time.Hour)
	hours := []int{all / 2, all - 2, all}
	hours = slices.DeleteFunc(hours, func(h int) bool { return h <= 0 })
	slices.Sort(hours)
	if hours = slices.Compact(hours); len(hours) == 0 {
		hours = []int{1}
	}
	return pace{hours: hours, every: 1}
}

// after is the first hour of the rhythm that is later than the given time since its start.
func (p pace) after(elapsed time.Duration) int {
	for _, h := range p.hours {
		if time.Duration(h)*time.Hour > elapsed {
			return h
		}
	}
	last := p.hours[len(p.hours)-1]
	every := time.Duration(p.every) * time.Hour
	return last + p.every*int((elapsed-time.Duration(last)*time.Hour)/every+1)
}

// before is the last hour of the rhythm that is not later than the given time; false when there is none.
func (p pace) before(elapsed time.Duration) (int, bool) {
	last := p.hours[len(p.hours)-1]
	if over := elapsed - time.Duration(last)*time.Hour; over >= 0 {
		return last + p.every*int(over/(time.Duration(p.every)*time.Hour)), true
	}
	found, ok := 0, false
	for _, h := range p.hours {
		if time.Duration(h)*time.Hour <= elapsed {
			found, ok = h, true
		}
	}
	return found, ok
}

// NextAlarms are the first alarms of open duties later than an instant: all of one instant, in the order of the duties; none when nothing is
// open. Hours are elapsed hours, so that a change of the clocks moves none. An alarm that nobody has heard goes a level higher every
// fifteen minutes.
func (r *Record) NextAlarms(after time.Time) []Alarm {
	var list []Alarm
	for _, c := range r.Clocks(after) {
		if c.Done {
			continue
		}
		a := r.next(c, after)
		switch {
		case len(list) == 0 || a.At.Before(list[0].At):
			list = []Alarm{a}
		case a.At.Equal(list[0].At):
			list = append(list, a)
		}
	}
	return list
}

func (r *Record) next(c Clock, after time.Time) Alarm {
	p := paceOf(c)
	floor := r.setAt(c)
	if floor.After(after) {
		after = floor
	}
	elapsed := after.Sub(c.From)
	a := Alarm{Duty: c.Duty, Customer: c.Customer, Level: 1, Hours: p.after(elapsed)}
	a.At = c.From.Add(time.Duration(a.Hours) * time.Hour).In(r.Zone)
	if h, ok := p.before(elapsed); ok {
		rung := c.From.Add(time.Duration(h) * time.Hour)
		level := int(after.Sub(rung)/patience) + 2
		up := rung.Add(time.Duration(level-1) * patience)
		if level <= Levels && !rung.Before(floor) && r.HeardAt.Before(rung) && up.Before(a.At) {
			return Alarm{Duty: c.Duty, Customer: c.Customer, Level: level, Hours: h, At: up.In(r.Zone)}
		}
	}
	return a
}

// setAt is when the start of a clock was noted, for those that run from the instant of awareness: alarms that it would have had before are not made
// up for, and nobody can have left them unheard.
func (r *Record) setAt(c Clock) time.Time {
	var at time.Time
	for _, e := range r.Events {
		if e.Kind == Aware && c.From.Equal(r.AwareAt) {
			at = e.At
		}
	}
	return at
}
