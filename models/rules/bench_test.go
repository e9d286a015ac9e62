package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models/calendar"
	"habeas/models/deadline"
	"habeas/models/hold"
	"habeas/models/rules"
)

func benchRequest(b *testing.B) deadline.Request {
	b.Helper()
	cal, err := calendar.For("DE", "BE")
	require.NoError(b, err)
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(b, err)
	return deadline.Request{
		Regime: deadline.EUGDPR, Calendar: cal, Zone: zone, ReceivedOn: calendar.Date{Year: 2026, Month: 3, Day: 3},
	}
}

// BenchmarkDeadline computes a request's dates with their steps.
func BenchmarkDeadline(b *testing.B) {
	req := benchRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := deadline.Compute(req); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}

// BenchmarkEvalDeadline answers JSON cases with extension and pause as the command does.
func BenchmarkEvalDeadline(b *testing.B) {
	line := []byte(`{"id":"DL-109","kind":"request_deadline","input":{"regime":"EU_GDPR","received_at":"2026-03-05T09:00:00+01:00",` +
		`"timezone":"Europe/Berlin","country":"DE","subdivision":"BE","pauses":[{"asked_on":"2026-03-06","answered_on":"2026-03-16"}],` +
		`"extension":{"notified_at":"2026-03-05","reason":"complexity of the request"}}}`)
	e := rules.Evaluator{Zones: zones(), Catalogue: hold.Builtin()}
	b.ReportAllocs()
	var answer []byte
	for b.Loop() {
		answer = e.Append(answer[:0], line)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}

// BenchmarkEvalPlainDeadline answers JSON cases with nothing but receipt and place.
func BenchmarkEvalPlainDeadline(b *testing.B) {
	line := []byte(`{"id":"DL-003","kind":"request_deadline","input":{"regime":"EU_GDPR","received_at":"2025-03-05","timezone":"Europe/Berlin",` +
		`"country":"DE","subdivision":"BE"}}`)
	e := rules.Evaluator{Zones: zones(), Catalogue: hold.Builtin()}
	b.ReportAllocs()
	var answer []byte
	for b.Loop() {
		answer = e.Append(answer[:0], line)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}

// BenchmarkHold computes the verdict for one row.
func BenchmarkHold(b *testing.B) {
	rule, err := hold.Builtin().Rule("EU_UCC_51")
	require.NoError(b, err)
	anchors := map[string]calendar.Date{"declaration_accepted": {Year: 2026, Month: 3, Day: 5}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hold.Compute(rule, anchors); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHolidayLookup must not allocate.
func BenchmarkHolidayLookup(b *testing.B) {
	req := benchRequest(b)
	day := calendar.Date{Year: 2026, Month: 4, Day: 6}
	b.ReportAllocs()
	for b.Loop() {
		if req.Calendar.IsWorkingDay(day) {
			b.Fatal("Easter Monday is no working day")
		}
	}
}

func TestAHolidayLookUpDoesNotAllocate(t *testing.T) {
	cal, err := calendar.For("DE", "BE")
	require.NoError(t, err)
	day := calendar.Date{Year: 2026, Month: 4, Day: 6}
	require.Zero(t, testing.AllocsPerRun(100, func() { cal.IsWorkingDay(day) }))
}
