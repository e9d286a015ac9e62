package subprocessor

import "time"

// Next is what a change waits for: the instant at which it takes effect, or at which the officer is reminded of what only they can do.
type Next struct {
	At     time.Time // zero: for nothing but what customers and the officer do
	Effect bool
}

// week is how long an open question waits before the officer is reminded of it again.
const week = 7 * 24 * time.Hour

// Next is what comes first after an instant. The officer is reminded of customers that no mail reaches and of objections without an answer at once,
// and of the decision when every window is over; each week again.
func (r *Record) Next(after time.Time) Next {
	if r.State == Scheduled {
		return Next{At: r.EffectiveFrom(), Effect: true}
	}
	if r.State != Open {
		return Next{}
	}
	var out Next
	for _, since := range r.questions() {
		at := since
		if late := after.Sub(since); late >= 0 {
			at = since.Add((late/week + 1) * week)
		}
		if out.At.IsZero() || at.Before(out.At) {
			out.At = at
		}
	}
	return out
}

// questions are the instants since which something waits for the officer.
func (r *Record) questions() []time.Time {
	var out []time.Time
	unreached := false
	for _, c := range r.Customers {
		unreached = unreached || c.Unreached
		if c.Objection != nil && c.Objection.Answer == "" {
			out = append(out, c.Objection.At)
		}
	}
	if unreached {
		out = append(out, r.AnnouncedAt)
	}
	if end, told := r.WindowsEnd(); told {
		out = append(out, end)
	}
	return out
}
