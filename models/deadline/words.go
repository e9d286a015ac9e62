package deadline

import (
	"strconv"
	"strings"

	"habeas/models/calendar"
)

// words writes the steps of a computation one after another into one text. A computation is mostly its explanation: a string for each
// day, number and half-sentence would cost more than the dates.
type words struct {
	text  strings.Builder
	begin int // of the step that is being written
	steps []string
}

// usual is room for the steps of most computations.
const usual = 640

func (w *words) grow() {
	w.text.Grow(usual)
	w.steps = make([]string, 0, 6)
}

func (w *words) say(parts ...string) *words {
	for _, p := range parts {
		w.text.WriteString(p)
	}
	return w
}

func (w *words) number(n int) *words {
	var digits [20]byte
	w.text.Write(strconv.AppendInt(digits[:0], int64(n), 10))
	return w
}

// day is a date like 5 March 2026.
func (w *words) day(d calendar.Date) *words {
	return w.number(d.Day).say(" ", d.Month.String(), " ").number(d.Year)
}

// count is a number with its unit, as Count writes it.
func (w *words) count(n int, unit string) *words {
	w.number(n).say(" ", unit)
	if n != 1 {
		w.say("s")
	}
	return w
}

// end ends a step with the law behind it.
func (w *words) end(law string) {
	w.say(" (", law, ").")
	all := w.text.String()
	w.steps, w.begin = append(w.steps, all[w.begin:]), len(all)
}
