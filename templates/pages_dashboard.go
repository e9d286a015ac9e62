package templates

import (
	"strconv"
	"time"

	"habeas/models"
)

// DashboardView is what somebody's requests look like together.
type DashboardView struct {
	Open, Soon, Overdue int64
	Closed              int64  // in the last twelve months
	OnTime              string // share of those that were answered by their legal date, e.g. "98 %"; empty when there are none
	Median              string // days from receipt to close; empty when there are none
	Waits               Tallies
	Months              []Month
	Rights              Tallies
	Controllers         Tallies // empty for a customer
	More                int     // controllers that are not shown
	Zone                string
	AsOf                time.Time // in that zone
}

// Tallies is a table of them: Head says what they are told apart by, Before and After make a key of the catalogue of theirs.
type Tallies struct {
	Head, Before, After string
	Past                bool // with what was closed
	Rows                []Tally
}

// Tally counts the requests that have Key in common; Name is set where the key is no word of the catalogue.
type Tally struct {
	Key, Name, Href     string
	Open, Soon, Overdue int64
	Closed              int64
	Median              string
	Bar                 Bar
}

// Bar is a horizontal bar of up to three parts in hundredths of the longest one.
type Bar struct{ Overdue, Soon, Rest int }

// Start is where the part behind the first two begins.
func (b Bar) Start() int { return b.Overdue + b.Soon }

// Draw makes the bars of a table: they share a scale.
func (t Tallies) Draw() {
	var longest int64
	for _, one := range t.Rows {
		longest = max(longest, one.Open)
	}
	for i := range t.Rows {
		t.Rows[i].Bar = barOf(t.Rows[i], longest)
	}
}

func barOf(t Tally, longest int64) Bar {
	if longest == 0 {
		return Bar{}
	}
	part := func(n int64) int {
		if n > 0 {
			return max(1, int(n*100/longest))
		}
		return 0
	}
	return Bar{Overdue: part(t.Overdue), Soon: part(t.Soon), Rest: part(t.Open - t.Overdue - t.Soon)}
}

// Month is what came in and what was closed in a month.
type Month struct {
	Year, No                int
	Received, Closed, Late  int64
	Median                  string
	X, Left, Right          int // of the column and of its two bars
	ReceivedTop, ReceivedUp int
	ClosedTop, ClosedUp     int
}

// Size of the months' chart in its own units, and of the space that its bars have.
const (
	chartWide, chartHigh = 480, 220
	chartLeft, chartBase = 44, 190
	chartUp              = 170
)

// Chart is the months' chart: columns that share a scale.
type Chart struct {
	Months []Month
	Ticks  []Tick
}

// Tick is a line of the scale.
type Tick struct {
	Y     int
	Label string
}

// Width is the chart's, in its own units.
func (Chart) Width() int { return chartWide }

// Height is the chart's.
func (Chart) Height() int { return chartHigh }

// Left is where the scale's lines begin.
func (Chart) Left() int { return chartLeft }

// Base is the line on which the bars stand.
func (Chart) Base() int { return chartBase }

// Chart places the bars of the months.
func (v DashboardView) Chart() Chart {
	var most int64
	for _, m := range v.Months {
		most = max(most, m.Received, m.Closed)
	}
	top := roundUp(most)
	c := Chart{Months: append([]Month(nil), v.Months...)}
	for _, share := range []int64{0, 1, 2} {
		if top*share%2 == 0 {
			c.Ticks = append(c.Ticks, Tick{Y: chartBase - int(share)*chartUp/2, Label: strconv.FormatInt(top*share/2, 10)})
		}
	}
	step := (chartWide - chartLeft) / max(1, len(v.Months))
	wide := step * 2 / 5
	for i := range c.Months {
		m := &c.Months[i]
		m.X = chartLeft + i*step
		m.Left, m.Right = m.X+step/10, m.X+step/10+wide
		m.ReceivedUp, m.ClosedUp = int(m.Received*chartUp/top), int(m.Closed*chartUp/top)
		m.ReceivedTop, m.ClosedTop = chartBase-m.ReceivedUp, chartBase-m.ClosedUp
	}
	return c
}

// BarWidth is that of one bar.
func (c Chart) BarWidth() int { return (chartWide - chartLeft) / max(1, len(c.Months)) * 2 / 5 }

// roundUp is the next number that a scale may well end at.
func roundUp(n int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, first := range []int64{2, 4, 6, 8, 10} {
			if n <= first*unit {
				return first * unit
			}
		}
	}
}

// Days writes a time in days, with one digit where it matters.
func Days(d time.Duration) string {
	days := d.Hours() / 24
	if days < 10 {
		return strconv.FormatFloat(days, 'f', 1, 64)
	}
	return strconv.FormatFloat(days, 'f', 0, 64)
}

// Dashboard is the page of figures.
var Dashboard = &Page[DashboardView]{"staff/dashboard", []DashboardView{dashboardExample(), {Months: dashboardExample().Months[:1], Zone: "Europe/Berlin", AsOf: exampleTime}}}

func dashboardExample() DashboardView {
	v := DashboardView{
		AsOf: exampleTime,
		Open: 128, Soon: 14, Overdue: 3, Closed: 412, OnTime: "98 %", Median: "18", Zone: "Europe/Berlin",
		Waits: Tallies{Head: "fact.waits", Before: "waits.", Rows: []Tally{
			{Key: "person", Href: "/staff?waits=person", Open: 22},
			{Key: "dpo", Href: "/staff?waits=dpo", Open: 61, Soon: 11, Overdue: 3},
			{Key: "systems", Href: "/staff?waits=systems", Open: 45, Soon: 3},
		}},
		Rights: Tallies{Head: "fact.right", Before: "right.", After: ".short", Past: true, Rows: []Tally{
			{Key: string(models.Access), Href: "/staff?right=access", Open: 70, Soon: 9, Overdue: 2, Closed: 201, Median: "16"},
			{Key: string(models.Erasure), Href: "/staff?right=erasure", Open: 58, Soon: 5, Overdue: 1, Closed: 211, Median: "21"},
		}},
		Controllers: Tallies{Head: "fact.controller", Past: true, Rows: []Tally{
			{Name: "Acme Forwarding", Href: "/staff?controller=acme", Open: 101, Soon: 12, Overdue: 3, Closed: 330, Median: "18"},
			{Name: "Nordic Parcels", Href: "/staff?controller=nordic", Open: 27, Soon: 2, Closed: 82, Median: "9.5"},
		}},
	}
	for i := range 12 {
		v.Months = append(v.Months, Month{Year: 2026 + (i+2)/12, No: 1 + (i+2)%12, Received: int64(20 + i*7%31), Closed: int64(18 + i*5%29), Late: int64(i % 3), Median: "18"})
	}
	for _, list := range []Tallies{v.Waits, v.Rights, v.Controllers} {
		list.Draw()
	}
	return v
}
