package figures

import (
	"strconv"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
	"habeas/templates/notification"
)

// Text finds a word of the catalogue.
type Text func(lang, key string) string

// Document is the report in words, to be shown as a page, a PDF or a CSV.
func (r Report) Document(text Text) notification.Report {
	w := writer{Report: r, text: text}
	out := notification.Report{Controller: r.Of(), Period: r.Key, PreparedAt: r.PreparedAt, Zone: r.Zone}
	if len(r.Key) > len("2006") {
		out.Period = MonthName(text, r.From)
	}
	out.Tables = []notification.Table{w.summary(), w.byRight(), w.byOutcome()}
	if r.Months != nil {
		out.Tables = append(out.Tables, w.byMonth())
	}
	if len(r.Controllers) > 1 {
		out.Tables = append(out.Tables, w.byController())
	}
	out.Tables = append(out.Tables, w.late(), w.holds(), w.notices(), w.breaches())
	return out
}

// MonthName is a month in words.
func MonthName(text Text, at time.Time) string {
	return text("en", "month."+strconv.Itoa(int(at.Month()))) + " " + strconv.Itoa(at.Year())
}

// writer writes the tables of a report in words.
type writer struct {
	Report
	text Text
}

func (w writer) word(key string) string { return w.text("en", key) }

func (w writer) words(keys ...string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = w.word(key)
	}
	return out
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func (w writer) summary() notification.Table {
	all := w.Figures.Closing(store.ByNothing, "")
	var open, overdue int64
	for _, o := range w.Figures.Open {
		open, overdue = open+o.Open, overdue+o.Overdue
	}
	t := notification.Table{Title: w.word("figures.summary"), Note: w.word("figures.summary.note"), Columns: w.words("figures.summary", "figures.count")}
	for _, row := range [][2]string{
		{"figures.received", number(w.Figures.Received(store.ByNothing, ""))},
		{"figures.closed", number(all.Closed)},
		{"figures.answered", number(all.Answered)},
		{"figures.late", number(all.Late)},
		{"figures.median", orNone(Days(all))},
		{"figures.p90", orNone(ninetieth(all))},
		{"figures.open", number(open)},
		{"figures.overdue", number(overdue)},
	} {
		t.Rows = append(t.Rows, []string{w.word(row[0]), row[1]})
	}
	return t
}

// Days is how long an answer took in the median, in days; empty when nothing was answered.
func Days(c store.Closing) string {
	if c.Answered == 0 {
		return ""
	}
	return templates.Days(c.Median)
}

func ninetieth(c store.Closing) string {
	if c.Answered == 0 {
		return ""
	}
	return templates.Days(c.P90)
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// tallied is a table of what is received and closed, one row for each key that has anything.
func (w writer) tallied(title, head, by string, keys []string, name func(string) string) notification.Table {
	t := notification.Table{
		Title: w.word(title), Columns: w.words(head, "figures.received", "figures.closed", "figures.answered", "figures.late", "figures.median"),
	}
	for _, key := range keys {
		received, c := w.Figures.Received(by, key), w.Figures.Closing(by, key)
		if received > 0 || c.Closed > 0 {
			t.Rows = append(t.Rows, []string{name(key), number(received), number(c.Closed), number(c.Answered), number(c.Late), orNone(Days(c))})
		}
	}
	return t
}

func (w writer) byRight() notification.Table {
	var keys []string
	for _, r := range models.AllRights() {
		keys = append(keys, string(r))
	}
	return w.tallied("figures.rights", "fact.right", store.ByRight, keys, func(key string) string { return w.word("right." + key + ".short") })
}

func (w writer) byMonth() notification.Table {
	var keys []string
	for _, m := range w.Months {
		keys = append(keys, m.Key)
	}
	return w.tallied("figures.months", "figures.month", store.ByMonth, keys, func(key string) string { return key })
}

func (w writer) byController() notification.Table {
	var keys []string
	for _, c := range w.Controllers {
		keys = append(keys, c.ID.String())
	}
	return w.tallied("figures.controllers", "fact.controller", store.ByController, keys, func(key string) string { return w.NameOf(models.MustParseID(key)) })
}

// Outcomes are those that a report tells apart.
func Outcomes() []models.Outcome {
	return []models.Outcome{models.Fulfilled, models.PartlyFulfilled, models.Refused, models.Withdrawn, models.Lapsed}
}

func (w writer) byOutcome() notification.Table {
	t := notification.Table{Title: w.word("figures.outcomes"), Columns: w.words("figures.outcomes", "figures.closed")}
	for _, o := range Outcomes() {
		if c := w.Figures.Closing(store.ByOutcome, string(o)); c.Closed > 0 {
			t.Rows = append(t.Rows, []string{w.word("outcome." + string(o)), number(c.Closed)})
		}
	}
	return t
}

func (w writer) day(at time.Time) string { return at.In(w.Zone).Format(time.DateOnly) }

func (w writer) late() notification.Table {
	t := notification.Table{
		Title: w.word("figures.overdue.title"), Note: w.word("figures.overdue.note"),
		Columns: w.words("fact.reference", "fact.right", "fact.controller", "figures.due", "figures.why", "figures.extended"),
	}
	if w.Cut {
		t.Note += " " + strings.ReplaceAll(w.word("figures.cut"), "{0}", strconv.Itoa(LateListed))
	}
	for _, r := range w.Late {
		why, extended := w.word("waits."+string(r.Waits)), "figures.no"
		if !r.ClosedAt.IsZero() {
			why = w.word("state.closed") + " " + w.day(r.ClosedAt)
		}
		if r.Extended {
			extended = "figures.yes"
		}
		t.Rows = append(t.Rows, []string{
			r.Reference, w.word("right." + string(r.Right) + ".short"), w.NameOf(r.ControllerID), w.day(r.DueBefore.Add(-time.Second)), why, w.word(extended),
		})
	}
	return t
}

func (w writer) holds() notification.Table {
	t := notification.Table{
		Title: w.word("figures.holds"), Note: w.word("figures.holds.note"),
		Columns: w.words("figures.citation", "figures.hold.count", "figures.rows", "figures.first", "figures.last"),
	}
	for _, h := range w.Holds {
		t.Rows = append(t.Rows, []string{LawOf(h.Citation, h.Rule), number(h.Holds), number(h.Rows), h.First.Format(time.DateOnly), h.Last.Format(time.DateOnly)})
	}
	return t
}

// LawOf names a law by its citation or, where a hold has none, by the rule.
func LawOf(citation, rule string) string {
	if citation != "" {
		return citation
	}
	return orNone(rule)
}

func (w writer) notices() notification.Table {
	t := notification.Table{Title: w.word("figures.notices"), Note: w.word("figures.notices.note"), Columns: w.words("fact.state", "figures.count")}
	for _, n := range w.Notices {
		t.Rows = append(t.Rows, []string{w.word("notice.state." + n.Key), number(n.N)})
	}
	return t
}

func (w writer) breaches() notification.Table {
	t := notification.Table{
		Title: w.word("figures.breaches"), Note: w.word("figures.breaches.note"),
		Columns: w.words("fact.reference", "figures.reported", "fact.state", "figures.risk", "figures.persons"),
	}
	if w.Customer {
		t.Columns = w.words("fact.reference", "figures.told")
	}
	for _, b := range w.Breaches {
		row := []string{b.Reference, w.day(b.At)}
		if !w.Customer {
			row = append(row, w.word("breach.state."+b.State), w.risk(b.Risk), about(b.Persons))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (w writer) risk(code string) string {
	if code == "" {
		return "–"
	}
	return w.word("figures.risk." + code)
}

func about(n *int) string {
	if n == nil {
		return "–"
	}
	return strconv.Itoa(*n)
}
