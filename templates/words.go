package templates

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"habeas/models/calendar"
)

// catalogue is the texts of one language by key. A text may hold {0}, {1} … for arguments; a counted text has a key for each plural form of
// the language, such as "….one" and "….other". Months are the keys month.1 … month.12.
type catalogue struct {
	language language.Tag
	words    map[string]string
}

// add takes in the texts of another file of the same language; a key that both have is an error.
func (c catalogue) add(more map[string]string) error {
	for key, text := range more {
		if _, twice := c.words[key]; twice {
			return fmt.Errorf("the key %q is in another file too", key)
		}
		c.words[key] = text
	}
	return nil
}

func (c catalogue) funcs() template.FuncMap {
	return template.FuncMap{
		"t":        c.text,
		"tn":       c.counted,
		"has":      func(key string) bool { return c.words[key] != "" },
		"date":     c.date,
		"instant":  c.instant,
		"machine":  func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"language": LanguageWords,
		"due":      c.due,
		"chip":     dueChip,
		"at":       func(field, key string) FieldError { return FieldError{Field: field, Key: key} },
		"join":     func(parts ...string) string { return strings.Join(parts, "") },
		"list":     func(parts []string) string { return strings.Join(parts, ", ") },
		"grouped":  grouped,
		"bytes":    c.size,
		"cite":     c.cite,
		"cites":    c.cites,
		"held":     c.held,
		"identity": c.identity,
		"said":     c.said,
		"saying":   c.saying,
		"sayings":  c.sayings,
		"country":  c.country,
		"int":      func(n int64) int { return int(n) },
	}
}

// text is the words of a key with its arguments put in. Arguments are escaped by the template like any other value.
func (c catalogue) text(key string, args ...any) (string, error) {
	s, ok := c.words[key]
	if !ok {
		return "", fmt.Errorf("no text for key %q", key)
	}
	if len(args) == 0 {
		return s, nil
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", fmt.Sprint(a))
	}
	return strings.NewReplacer(pairs...).Replace(s), nil // at once, so that an argument which looks like a place is left as it is
}

func (c catalogue) counted(key string, n int) (string, error) {
	return c.text(key+"."+pluralForm(c.language, n), grouped(int64(n)))
}

// date is "3 March 2027"; empty for no date.
func (c catalogue) date(d calendar.Date) (string, error) {
	if d.IsZero() {
		return "", nil
	}
	month, err := c.text("month." + strconv.Itoa(int(d.Month)))
	if err != nil {
		return "", err
	}
	if _, own := c.words["date.first"]; own && d.Day == 1 { // 1er mars
		return c.text("date.first", month, d.Year)
	}
	return c.text("date", d.Day, month, d.Year)
}

// instant is "3 March 2027, 14:05 Europe/Berlin", in the instant's own location.
func (c catalogue) instant(at time.Time) (string, error) {
	if at.IsZero() {
		return "", nil
	}
	day, err := c.date(calendar.DateOf(at))
	if err != nil {
		return "", err
	}
	return c.text("instant", day, at.Format("15:04"), zoneName(at))
}

func zoneName(at time.Time) string {
	if name := at.Location().String(); name != "Local" {
		return name
	}
	return at.Format("MST")
}

// due says a legal date in words: "by 3 March 2027, 23:59 Europe/Berlin, in 12 days".
func (c catalogue) due(d Due) (string, error) {
	if d.Paused {
		return c.text("due.paused")
	}
	if d.On.IsZero() {
		return c.text("due.none")
	}
	day, err := c.date(d.On)
	if err != nil {
		return "", err
	}
	by, err := c.text("due.by", day, d.Zone)
	if err != nil || d.Done {
		return by, err
	}
	var left string
	switch {
	case d.Overdue:
		left, err = c.counted("due.late", max(1, -d.Days))
	case d.Days == 0:
		left, err = c.text("due.today")
	default:
		left, err = c.counted("due.in", d.Days)
	}
	return by + ", " + left, err
}

// dueChip names the look of a due date: the class carries a colour, the template adds an icon and words.
func dueChip(d Due) string {
	switch {
	case d.Done:
		return "done"
	case d.Overdue:
		return "late"
	case d.Paused, d.On.IsZero():
		return "paused"
	case d.Days <= 7:
		return "soon"
	}
	return "calm"
}

// grouped writes a count with a thin space between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// size writes a number of bytes in units of 1000.
func (c catalogue) size(n int64) (string, error) {
	switch {
	case n >= 1_000_000:
		return c.text("size.mega", strings.Replace(strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64), ".", c.words["size.point"], 1))
	case n >= 1000:
		return c.text("size.kilo", strconv.FormatFloat(float64(n)/1e3, 'f', 0, 64))
	}
	return c.counted("size.bytes", int(n))
}
