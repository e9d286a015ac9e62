package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"habeas/models/calendar"
)

// The printed years: from the first that calendars cover to some years ahead. The computation itself has no last year.
const firstYear, lastYear = 2018, 2035

// dayRow is one holiday of a place with the years in which it is one.
type dayRow struct {
	name, source, certainty string
	years                   []int
	dates                   []string // month and day, each once
}

// writeHolidays prints every public holiday with its source, the days of subdivisions below those of the country.
func writeHolidays(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n## Public holidays\n\nRevision `%s`. Saturdays and Sundays are never working days and are not listed.\n", calendar.Revision())
	for _, c := range calendar.Countries() {
		fmt.Fprintf(b, "\n### %s (%s)\n\n| day | where | when | years | source |\n|---|---|---|---|---|\n", c.Name, c.Code)
		var lines []dayLine
		lines = addLines(lines, "all", placeRows(c.Code, ""), nil)
		for _, s := range c.Subdivisions {
			lines = addLines(lines, s.Code, placeRows(c.Code, s.Code), placeRows(c.Code, s.Parent))
		}
		for _, l := range lines {
			fmt.Fprintf(b, "| %s | %s | %s |\n", l.day, strings.Join(l.where, ", "), l.rest)
		}
	}
}

// dayLine is one printed line: a holiday with every place that has it beside its parent's days.
type dayLine struct {
	day   string
	where []string
	rest  string
}

// placeRows gathers the holidays of a place over the printed years, in order of their first date.
func placeRows(country, subdivision string) []dayRow {
	cal, err := calendar.For(country, subdivision)
	if err != nil {
		return nil // calendar.Countries lists only places that it knows
	}
	var rows []dayRow
	index := map[string]int{}
	for year := firstYear; year <= lastYear; year++ {
		for _, h := range cal.Holidays(year) {
			key := h.Name + "\x00" + h.Source
			i, ok := index[key]
			if !ok {
				i = len(rows)
				index[key] = i
				rows = append(rows, dayRow{name: h.Name, source: h.Source, certainty: h.Certainty})
			}
			rows[i].add(year, fmt.Sprintf("%02d-%02d", h.Date.Month, h.Date.Day))
		}
	}
	return rows
}

func (r *dayRow) add(year int, date string) {
	if n := len(r.years); n == 0 || r.years[n-1] != year {
		r.years = append(r.years, year)
	}
	for _, d := range r.dates {
		if d == date {
			return
		}
	}
	r.dates = append(r.dates, date)
}

// addLines adds the rows that the place's parent does not have, to a line of another place where they are the same.
func addLines(lines []dayLine, where string, rows, parent []dayRow) []dayLine {
	have := map[string]bool{}
	for _, r := range parent {
		have[r.name+"\x00"+r.source] = true
	}
	for _, r := range rows {
		if have[r.name+"\x00"+r.source] {
			continue
		}
		rest := r.when() + " | " + r.span() + " | " + r.source
		if r.certainty != "high" {
			rest += " (" + r.certainty + ")"
		}
		i := slices.IndexFunc(lines, func(l dayLine) bool { return l.day == r.name && l.rest == rest })
		if i < 0 {
			i = len(lines)
			lines = append(lines, dayLine{day: r.name, rest: rest})
		}
		lines[i].where = append(lines[i].where, where)
	}
	return lines
}

func (r dayRow) when() string {
	if len(r.dates) > 2 {
		return "moves"
	}
	return strings.Join(r.dates, ", ")
}

// span says in which of the printed years the day is a holiday.
func (r dayRow) span() string {
	first, last := r.years[0], r.years[len(r.years)-1]
	whole := last-first+1 == len(r.years)
	switch {
	case first == last:
		return fmt.Sprint(first)
	case whole && first == firstYear && last == lastYear:
		return "every"
	case whole && last == lastYear:
		return fmt.Sprintf("since %d", first)
	case whole && first == firstYear:
		return fmt.Sprintf("until %d", last)
	case whole:
		return fmt.Sprintf("%d to %d", first, last)
	}
	return "some"
}
