package subprocessor

import (
	"slices"
	"strings"

	"habeas/models/recipient"
)

// Matters are what customers know of a subprocessor. They are told before any of it changes to more or to something else, Art. 28(2); less data,
// for fewer purposes or of fewer customers, is nothing that they could object to.
type Matters struct {
	AtWork     bool // it is a subprocessor that has not ended
	Name       string
	LegalName  string
	Country    string
	Transfer   recipient.Transfer
	Safeguard  string
	Purposes   []string
	Categories []string // each with all below it
	Customers  []string // slugs of the customers whose data it gets; the operator's own data concerns nobody else
}

func (m Matters) known() bool { return m.AtWork && len(m.Customers) > 0 }

// Begins reports whether an entry makes a subprocessor of customers' data of what was none.
func (m Matters) Begins(after Matters) bool { return !m.known() && after.known() }

// Unannounced names the matters that must not come to be as they are in after without an announced change, in a fixed order; none when the entry
// may be changed at once.
func (m Matters) Unannounced(after Matters) []string {
	switch {
	case m.Begins(after), m.known() && !after.AtWork:
		return []string{"subprocessor"}
	case !m.known(), !after.known(): // it concerns no customer, or none any more
		return nil
	}
	var out []string
	add := func(name string, changed bool) {
		if changed {
			out = append(out, name)
		}
	}
	add("name", m.Name != after.Name)
	add("legal_name", m.LegalName != "" && m.LegalName != after.LegalName)
	add("country", m.Country != after.Country)
	add("transfer", m.Transfer != after.Transfer)
	add("safeguard", m.Safeguard != after.Safeguard)
	add("purposes", more(after.Purposes, m.Purposes, func(a, b string) bool { return a == b }))
	add("categories", more(after.Categories, m.Categories, func(a, b string) bool { return a == b || strings.HasPrefix(a, b+".") }))
	add("controllers", more(after.Customers, m.Customers, func(a, b string) bool { return a == b }))
	return out
}

// more reports whether a list has something that is in none of another's.
func more(list, known []string, in func(one, known string) bool) bool {
	return slices.ContainsFunc(list, func(one string) bool {
		return !slices.ContainsFunc(known, func(k string) bool { return in(one, k) })
	})
}
