package rules_test

import (
	"bytes"
	"encoding/json"
	"os"
	"syscall"
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

// perCore reports how many cases a second of the clock and a second of one core's time answer: the second says the same on a machine that
// others use meanwhile. It is exact with GOMAXPROCS=1, under which the collector's work counts too.
func perCore(b *testing.B, answer func(n int)) {
	b.Helper()
	b.ReportAllocs()
	n := 0
	before := processorTime(b)
	for b.Loop() {
		answer(n)
		n++
	}
	spent := processorTime(b) - before
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cases/s")
	b.ReportMetric(float64(n)/spent.Seconds(), "cases/core-s")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDeadline computes a request's dates with their steps.
func BenchmarkDeadline(b *testing.B) {
	req := benchRequest(b)
	perCore(b, func(int) {
		if _, err := deadline.Compute(req); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkEval answers JSON cases as the command does: the mix is every deadline case of the case file, one after another.
func BenchmarkEval(b *testing.B) {
	const receipt = `{"id":"DL-003","kind":"request_deadline","input":{"regime":"EU_GDPR","received_at":"2025-03-05","timezone":"Europe/Berlin",` +
		`"country":"DE","subdivision":"BE"`
	e := rules.Evaluator{Zones: zones(), Catalogue: hold.Builtin()}
	for _, c := range []struct {
		name  string
		lines [][]byte
	}{
		{"plain", [][]byte{[]byte(receipt + `}}`)}},
		{"pause+extension", [][]byte{[]byte(receipt + `,"pauses":[{"asked_on":"2025-03-06","answered_on":"2025-03-16"}],` +
			`"extension":{"notified_at":"2025-03-05","reason":"complexity of the request"}}}`)}},
		{"mix", deadlineCases(b)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var answer []byte
			perCore(b, func(n int) { answer = e.Append(answer[:0], c.lines[n%len(c.lines)]) })
		})
	}
}

// deadlineCases are the deadline cases of the case file without what only the test needs.
func deadlineCases(b *testing.B) (lines [][]byte) {
	b.Helper()
	data, err := os.ReadFile("testdata/rules.jsonl")
	require.NoError(b, err)
	for line := range bytes.Lines(data) {
		var c struct {
			ID    string          `json:"id"`
			Kind  string          `json:"kind"`
			Input json.RawMessage `json:"input"`
		}
		require.NoError(b, json.Unmarshal(line, &c))
		if c.Kind == "request_deadline" {
			line, err := json.Marshal(c)
			require.NoError(b, err)
			lines = append(lines, line)
		}
	}
	require.GreaterOrEqual(b, len(lines), 30)
	return lines
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
