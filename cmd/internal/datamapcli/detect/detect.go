package detect

import (
	"slices"
	"strings"

	"habeas/models/datamap"
)

// Column is what is known of a column.
type Column struct {
	Name    string
	Comment string
	Kind    datamap.Kind // of the elements, for an array
	Samples []datamap.Value
}

// Setting is what the table around a column tells.
type Setting struct {
	Person  bool // its rows are people, or it has columns that only a person's row has
	Address bool // it has a street or a postal code
}

// Guess is what a column probably holds.
type Guess struct {
	Category   string // of the Fides taxonomy
	Identity   string // kind of identity by which its person can be found; "" for none
	Confidence Confidence
	Reason     string // in words, without any value
	Free       bool   // free text, which may hold anything
}

// Confidence is how sure a guess is.
type Confidence int

// The confidences, in their order.
const (
	Low Confidence = iota + 1
	Medium
	High
)

func (c Confidence) String() string { return [...]string{"none", "low", "medium", "high"}[c] }

// Look guesses what a column holds; false when nothing points to personal data.
func Look(c Column, s Setting) (Guess, bool) {
	byName, named := fromName(c, s)
	byValue, valued := fromValues(c)
	switch {
	case named && valued && byName.Category == byValue.Category:
		byName.Confidence, byName.Reason = High, byName.Reason+", and "+byValue.Reason
		return byName, true
	case valued && (!named || byValue.Confidence >= byName.Confidence || byName.Free):
		return byValue, true
	case named && refuted(byName, c):
		return Guess{}, false
	case named:
		return byName, true
	}
	return fromComment(c, s)
}

// refuted reports whether the samples are not what the name says: an e-mail address without an @.
func refuted(g Guess, c Column) bool {
	if g.Identity != datamap.IdentityEmail || g.Confidence == High {
		return false
	}
	return len(c.Samples) > 0 && !slices.ContainsFunc(c.Samples, func(v datamap.Value) bool { return strings.Contains(v.Text(), "@") })
}

const byItsName = "its name"

func fromName(c Column, s Setting) (Guess, bool) {
	words := split(c.Name)
	r := match(words, c.Kind, s)
	if r == nil {
		return Guess{}, false
	}
	return Guess{r.category, r.identity, r.confidence, byItsName, r.free}, true
}

// fromComment takes what the comment says as a weak sign.
func fromComment(c Column, s Setting) (Guess, bool) {
	if c.Comment == "" || strings.Count(c.Comment, " ") > 12 {
		return Guess{}, false
	}
	r := match(split(c.Comment), c.Kind, s)
	if r == nil || r.free || r.confidence == Low || r.comment {
		return Guess{}, false
	}
	return Guess{r.category, "", min(r.confidence, Medium), "its comment", false}, true
}

// SettingOf is what a table's name and columns tell about each of them.
func SettingOf(table string, columns []Column) Setting {
	words := split(table[strings.LastIndexByte(table, '.')+1:])
	s := Setting{Person: hasAny(words, people) && !hasAny(words, notPeople)}
	for _, c := range columns {
		g, ok := Look(c, Setting{})
		switch {
		case !ok:
		case slices.Contains(addressMarks, g.Category):
			s.Address = true
		case g.Confidence == High && g.Category == firstOrLast, g.Confidence >= Medium && slices.Contains(personMarks, g.Category):
			s.Person = s.Person || !hasAny(words, organisations)
		}
	}
	return s
}

var (
	personMarks  = []string{email, dateOfBirth, gender, government, password}
	addressMarks = []string{street, postalCode}
)

// Staff reports whether a table's name says that its rows are the people who do the work rather than those it is done for.
func Staff(table string) bool {
	return hasAny(split(table[strings.LastIndexByte(table, '.')+1:]), staff)
}

// Place reports whether a table's name says that its rows are companies or places: suppliers, warehouses.
func Place(table string) bool {
	return hasAny(split(table[strings.LastIndexByte(table, '.')+1:]), organisations)
}

// Addresses reports whether a table's name says that its rows are addresses.
func Addresses(table string) bool {
	return hasAny(split(table[strings.LastIndexByte(table, '.')+1:]), addresses)
}

// Role reports whether a column's name says that it names who did or does the work in a row, not whose row it is: created_by.
func Role(column string) bool { return hasAny(split(column), roles) }

// Owner reports whether a column's last word names the people of a table, though no id stands behind it: post_author of users.
func Owner(column, table string) bool {
	words := split(column)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1:]
	return hasAny(last, owners) && (slices.Equal(last, split(table)) || hasAny(last, anybody) && hasAny(split(table), accounts))
}

// Alike reports whether two e-mail columns of one row belong to one person: email and alt_email do, sender and receiver do not.
func Alike(columns []string) bool {
	return !slices.ContainsFunc(columns, func(c string) bool { return hasAny(split(c), parties) })
}
