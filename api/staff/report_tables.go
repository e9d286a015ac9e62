package staff

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
	"habeas/templates/notification"
)

// lateListed is how many late requests a report lists.
const lateListed = 200

// reporter writes the tables of a report in words.
type reporter struct {
	k           *Console
	who         models.Principal
	p           store.Period
	controllers []request.Controller
	names       map[models.ID]string
}

func (b reporter) word(key string) string { return b.k.Text("en", key) }

func (b reporter) words(keys ...string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = b.word(key)
	}
	return out
}

// tables are those of the report, and the instant of which their counts are.
func (b reporter) tables(ctx context.Context) ([]notification.Table, time.Time, error) {
	f, err := b.k.figures(ctx, b.who.Scope, b.p)
	if err != nil {
		return nil, time.Time{}, err
	}
	out := []notification.Table{b.summary(f), b.byRight(f), b.byOutcome(f)}
	if b.p.From.AddDate(0, 1, 0).Before(b.p.Before) {
		out = append(out, b.byMonth(f))
	}
	if len(b.controllers) > 1 {
		out = append(out, b.byController(f))
	}
	for _, more := range []func(context.Context) (notification.Table, error){b.late, b.holds, b.notices, b.breaches} {
		t, err := more(ctx)
		if err != nil {
			return nil, time.Time{}, err
		}
		out = append(out, t)
	}
	return out, f.AsOf, nil
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func (b reporter) summary(f figures) notification.Table {
	all := f.closing(store.ByNothing, "")
	var open, overdue int64
	for _, o := range f.Open {
		open, overdue = open+o.Open, overdue+o.Overdue
	}
	t := notification.Table{Title: b.word("figures.summary"), Note: b.word("figures.summary.note"), Columns: b.words("figures.summary", "figures.count")}
	for _, row := range [][2]string{
		{"figures.received", number(f.receivedOf(store.ByNothing, ""))},
		{"figures.closed", number(all.Closed)},
		{"figures.answered", number(all.Answered)},
		{"figures.late", number(all.Late)},
		{"figures.median", orNone(days(all))},
		{"figures.p90", orNone(ninetieth(all))},
		{"figures.open", number(open)},
		{"figures.overdue", number(overdue)},
	} {
		t.Rows = append(t.Rows, []string{b.word(row[0]), row[1]})
	}
	return t
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func ninetieth(c store.Closing) string {
	if c.Answered == 0 {
		return ""
	}
	return templates.Days(c.P90)
}

// tallied is a table of what is received and closed, one row for each key that has anything.
func (b reporter) tallied(title, head string, f figures, by string, keys []string, name func(string) string) notification.Table {
	t := notification.Table{
		Title: b.word(title), Columns: b.words(head, "figures.received", "figures.closed", "figures.answered", "figures.late", "figures.median"),
	}
	for _, key := range keys {
		received, c := f.receivedOf(by, key), f.closing(by, key)
		if received > 0 || c.Closed > 0 {
			t.Rows = append(t.Rows, []string{name(key), number(received), number(c.Closed), number(c.Answered), number(c.Late), orNone(days(c))})
		}
	}
	return t
}

func (b reporter) byRight(f figures) notification.Table {
	var keys []string
	for _, r := range models.AllRights() {
		keys = append(keys, string(r))
	}
	return b.tallied("figures.rights", "fact.right", f, store.ByRight, keys, func(key string) string { return b.word("right." + key + ".short") })
}

func (b reporter) byMonth(f figures) notification.Table {
	var keys []string
	for at := b.p.From; at.Before(b.p.Before); at = at.AddDate(0, 1, 0) {
		keys = append(keys, at.Format("2006-01"))
	}
	return b.tallied("figures.months", "figures.month", f, store.ByMonth, keys, func(key string) string { return key })
}

func (b reporter) byController(f figures) notification.Table {
	var keys []string
	for _, c := range b.controllers {
		keys = append(keys, c.ID.String())
	}
	return b.tallied("figures.controllers", "fact.controller", f, store.ByController, keys, func(key string) string { return b.names[models.MustParseID(key)] })
}

func (b reporter) byOutcome(f figures) notification.Table {
	t := notification.Table{Title: b.word("figures.outcomes"), Columns: b.words("figures.outcomes", "figures.closed")}
	for _, o := range []models.Outcome{models.Fulfilled, models.PartlyFulfilled, models.Refused, models.Withdrawn, models.Lapsed} {
		if c := f.closing(store.ByOutcome, string(o)); c.Closed > 0 {
			t.Rows = append(t.Rows, []string{b.word("outcome." + string(o)), number(c.Closed)})
		}
	}
	return t
}

func (b reporter) day(at time.Time) string { return at.In(b.p.Zone).Format(time.DateOnly) }

func (b reporter) late(ctx context.Context) (notification.Table, error) {
	t := notification.Table{
		Title: b.word("figures.overdue.title"), Note: b.word("figures.overdue.note"),
		Columns: b.words("fact.reference", "fact.right", "fact.controller", "figures.due", "figures.why", "figures.extended"),
	}
	list, err := b.k.Store.LateRequests(ctx, b.who.Scope, b.p, lateListed+1)
	if len(list) > lateListed {
		list = list[:lateListed]
		t.Note += " " + strings.ReplaceAll(b.word("figures.cut"), "{0}", strconv.Itoa(lateListed))
	}
	for _, r := range list {
		why, extended := b.word("waits."+string(r.Waits)), "figures.no"
		if !r.ClosedAt.IsZero() {
			why = b.word("state.closed") + " " + b.day(r.ClosedAt)
		}
		if r.Extended {
			extended = "figures.yes"
		}
		t.Rows = append(t.Rows, []string{
			r.Reference, b.word("right." + string(r.Right) + ".short"), b.names[r.ControllerID], b.day(r.DueBefore.Add(-time.Second)), why, b.word(extended),
		})
	}
	return t, err
}

func (b reporter) holds(ctx context.Context) (notification.Table, error) {
	t := notification.Table{
		Title: b.word("figures.holds"), Note: b.word("figures.holds.note"),
		Columns: b.words("figures.citation", "figures.hold.count", "figures.rows", "figures.first", "figures.last"),
	}
	counts, _, err := b.k.Store.HoldCounts(ctx, b.who.Scope)
	for _, h := range counts {
		t.Rows = append(t.Rows, []string{lawOf(h.Citation, h.Rule), number(h.Holds), number(h.Rows), h.First.Format(time.DateOnly), h.Last.Format(time.DateOnly)})
	}
	return t, err
}

// lawOf names a law by its citation or, where a hold has none, by the rule.
func lawOf(citation, rule string) string {
	if citation != "" {
		return citation
	}
	return orNone(rule)
}

func (b reporter) notices(ctx context.Context) (notification.Table, error) {
	t := notification.Table{Title: b.word("figures.notices"), Note: b.word("figures.notices.note"), Columns: b.words("fact.state", "figures.count")}
	counts, err := b.k.Store.NoticeCounts(ctx, b.who.Scope, b.p)
	for _, n := range counts {
		t.Rows = append(t.Rows, []string{b.word("notice.state." + n.Key), number(n.N)})
	}
	return t, err
}

// breaches lists those of the period. A customer learns of those that it was told of, and when.
func (b reporter) breaches(ctx context.Context) (notification.Table, error) {
	t := notification.Table{
		Title: b.word("figures.breaches"), Note: b.word("figures.breaches.note"),
		Columns: b.words("fact.reference", "figures.reported", "fact.state", "figures.risk", "figures.persons"),
	}
	list, err := b.k.Store.Breaches(ctx, b.who.Scope, 100_000)
	customer, limited := b.who.Scope.Controller()
	if limited {
		t.Columns = b.words("fact.reference", "figures.told")
	}
	for _, one := range list {
		if one.Drill {
			continue
		}
		row, at := []string{one.Reference, b.day(one.ReportedAt), b.word("breach.state." + string(one.State)), b.risk(string(one.Risk)), orNone(approximate(one.Known.Persons))}, one.ReportedAt
		if limited {
			i := slices.IndexFunc(one.Customers, func(c register.CustomerDuty) bool { return c.ID == customer })
			if i < 0 {
				continue
			}
			at = one.Customers[i].ToldAt
			row = []string{one.Reference, b.day(at)}
		}
		if !at.Before(b.p.From) && at.Before(b.p.Before) {
			t.Rows = append(t.Rows, row)
		}
	}
	return t, err
}

func (b reporter) risk(code string) string {
	if code == "" {
		return "–"
	}
	return b.word("figures.risk." + code)
}
