package register

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/breach"
)

// Span is how long one step of a breach took, or has taken so far.
type Span struct {
	Step     string // "aware", "customer", "decided", "authority", "persons", "closed"
	Customer models.ID
	From     time.Time
	Done     bool
	Took     time.Duration // until now while it is not done
	Limit    time.Duration // zero: without undue delay
	Over     bool          // it took longer than its limit
}

// Times are the times that were reached, step by step in the order in which they usually come: what an exercise is held for, and what an authority
// asks after a real breach. Steps that are not owed are not among them.
func (r *Record) Times(now time.Time) []Span {
	if r.State == "" {
		return nil
	}
	list := []Span{span("aware", r.ReportedAt, latest(r.ReportedAt, r.AwareAt), 0, now)}
	if r.State == NoBreach {
		list = nil
	}
	for _, c := range r.Customers {
		s := span("customer", c.Since, c.ToldAt, time.Duration(c.Hours)*time.Hour, now)
		s.Customer = c.ID
		list = append(list, s)
	}
	if !r.AwareAt.IsZero() && r.Own {
		list = append(list, r.ownTimes(now)...)
	}
	return append(list, span("closed", r.ReportedAt, r.endedAt(), 0, now))
}

func (r *Record) ownTimes(now time.Time) []Span {
	decided := time.Time{}
	if r.Risk != "" {
		decided = r.decidedAt()
	}
	list := []Span{span("decided", r.AwareAt, decided, 0, now)}
	if r.Risk == "" || r.Duties.Authorities != breach.NoAuthority {
		at, left := r.notified()
		if left > 0 {
			at = time.Time{}
		}
		list = append(list, span("authority", r.AwareAt, at, breach.Hours*time.Hour, now))
	}
	if r.Duties.Persons == breach.TellEach || r.Duties.Persons == breach.PublicNotice {
		list = append(list, span("persons", r.decidedAt(), r.MessagedAt, 0, now))
	}
	return list
}

// endedAt is when it was closed or dismissed.
func (r *Record) endedAt() time.Time {
	if r.State != NoBreach {
		return r.ClosedAt
	}
	i := slices.IndexFunc(r.Events, func(e Event) bool { return e.Kind == Dismissed })
	return r.Events[i].At
}

// latest is the later instant, or zero when the second is: somebody may have been aware before anybody reported it.
func latest(a, b time.Time) time.Time {
	if b.IsZero() || b.After(a) {
		return b
	}
	return a
}

func span(step string, from, to time.Time, limit time.Duration, now time.Time) Span {
	s := Span{Step: step, From: from, Done: !to.IsZero(), Limit: limit}
	if !s.Done {
		to = now
	}
	s.Took = to.Sub(from)
	s.Over = limit > 0 && s.Took > limit
	return s
}
