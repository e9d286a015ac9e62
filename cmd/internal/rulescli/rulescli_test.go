package rulescli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/rulescli"
	"habeas/models/hold"
	"habeas/models/rules"
)

// run parses arguments as the program does and returns what was printed.
func run(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	var cmd rulescli.Cmd
	parser, err := kong.New(&cmd, kong.Exit(func(int) {}))
	require.NoError(t, err)
	ctx, err := parser.Parse(args)
	require.NoError(t, err)
	var out, stderr bytes.Buffer
	err = ctx.Run(&rulescli.Streams{In: strings.NewReader(in), Out: &out, Err: &stderr})
	require.Empty(t, stderr.String())
	return out.String(), err
}

func requireExit(t *testing.T, status int, err error) {
	t.Helper()
	var exit *rulescli.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, status, exit.ExitCode())
	require.NotEmpty(t, err.Error())
}

// caseFiles are the committed cases and, where it is there, the file that the project was given.
func caseFiles(t *testing.T) []string {
	t.Helper()
	files := []string{"../../../models/rules/testdata/rules.jsonl"}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if f := filepath.Join(dir, "shared", "cases", "rules.jsonl"); fileExists(f) {
			return append(files, f)
		}
	}
	return files
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

type testCase struct {
	ID     string
	Expect map[string]any
}

type answer struct {
	ID     any
	Kind   string
	Result map[string]any
	Error  *struct{ Code, Message, Field string }
}

func answers(t *testing.T, out string) []answer {
	t.Helper()
	var list []answer
	for line := range strings.Lines(out) {
		var a answer
		require.NoError(t, json.Unmarshal([]byte(line), &a), line)
		list = append(list, a)
	}
	return list
}

func TestEvalAnswersEveryWorkedCaseInOrder(t *testing.T) {
	t.Parallel()
	for _, file := range caseFiles(t) {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		out, err := run(t, string(data), "eval")
		require.NoError(t, err)
		got := answers(t, out)
		i := 0
		for line := range strings.Lines(string(data)) {
			var c testCase
			require.NoError(t, json.Unmarshal([]byte(line), &c))
			require.Equal(t, c.ID, got[i].ID)
			require.Nil(t, got[i].Error, c.ID)
			for field, want := range c.Expect {
				require.Equal(t, want, got[i].Result[field], "%s %s", c.ID, field)
			}
			i++
		}
		require.Len(t, got, i)
		require.GreaterOrEqual(t, i, 55)
	}
}

const ucc = `{"id":"a","kind":"retention","input":{"rule":"EU_UCC_51","declaration_accepted":"2027-03-05"}}`

func TestEvalAnswersTheOtherLinesOfABatchWithABadOne(t *testing.T) {
	t.Parallel()
	long := `{"id":"long","kind":"` + strings.Repeat("x", rulescli.MaxLine) + `"}`
	in := ucc + "\n\n   \r\n{broken\n" + strings.Replace(ucc, "EU_UCC_51", "NOPE", 1) + "\r\n" + long + "\n" + strings.Replace(ucc, `"a"`, `"last"`, 1)
	out, err := run(t, in, "eval")
	require.NoError(t, err, "a case that cannot be accepted is answered too")
	got := answers(t, out)
	require.Len(t, got, 5)
	require.Equal(t, "2030-12-31", got[0].Result["hold_through"])
	require.Equal(t, "bad_json", got[1].Error.Code)
	require.Equal(t, "unknown_rule", got[2].Error.Code)
	require.Equal(t, "line_too_long", got[3].Error.Code)
	require.Equal(t, "last", got[4].ID)
}

func TestEvalAcceptsLinesOfAMegabyte(t *testing.T) {
	t.Parallel()
	padded := strings.Replace(ucc, `"id"`, `"note":"`+strings.Repeat("x", 1<<20)+`","id"`, 1)
	out, err := run(t, padded+"\n", "eval")
	require.NoError(t, err)
	require.Equal(t, "2030-12-31", answers(t, out)[0].Result["hold_through"])
}

func TestEvalAnswersALineBeforeTheNextIsWritten(t *testing.T) {
	t.Parallel()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- rulescli.Eval(inR, outW, rules.Evaluator{Zones: rulescli.Zones(), Catalogue: hold.Builtin()})
	}()
	reader := bufio.NewReader(outR)
	for range 3 {
		_, err := io.WriteString(inW, ucc+"\n")
		require.NoError(t, err)
		line, err := reader.ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, "2030-12-31")
	}
	require.NoError(t, inW.Close())
	require.NoError(t, <-done)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestEvalFailsWhenItsStreamsDo(t *testing.T) {
	t.Parallel()
	e := rules.Evaluator{Zones: rulescli.Zones(), Catalogue: hold.Builtin()}
	require.ErrorContains(t, rulescli.Eval(strings.NewReader(ucc), brokenWriter{}, e), "write answers")
	require.ErrorContains(t, rulescli.Eval(io.MultiReader(strings.NewReader(ucc+"\n"), brokenReader{}), io.Discard, e), "read cases")
	requireExit(t, rulescli.Failed, (&rulescli.EvalCmd{}).Run(&rulescli.Streams{In: brokenReader{}, Out: io.Discard}))
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("cable cut") }

func TestADeploymentsRuleFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.json")
	require.NoError(t, os.WriteFile(file, []byte(`[{"code":"ACME","citation":"§ 195 BGB","jurisdiction":"DE","start":"claim_on","period":"P3Y",
		"computation":"end_of_calendar_year","exemption":"art_17_3_e"}]`), 0o600))
	out, err := run(t, `{"id":1,"kind":"retention","input":{"rule":"ACME","claim_on":"2024-05-05"}}`, "eval", "--rules", file)
	require.NoError(t, err)
	require.Equal(t, "2027-12-31", answers(t, out)[0].Result["hold_through"])
	out, err = run(t, "", "list", "--rules", file)
	require.NoError(t, err)
	require.Contains(t, out, "§ 195 BGB")

	require.NoError(t, os.WriteFile(file, []byte(`[{"code":"ACME"}]`), 0o600))
	for _, args := range [][]string{{"eval", "--rules", file}, {"list", "--rules", file}, {"explain", "ACME", "--rules", file}, {"list", "--rules", file + ".not"}} {
		_, err = run(t, "", args...)
		requireExit(t, rulescli.Usage, err)
	}
}

func TestListNamesEveryRuleWithItsCitation(t *testing.T) {
	t.Parallel()
	out, err := run(t, "", "list")
	require.NoError(t, err)
	for _, e := range rules.Entries(hold.Builtin()) {
		require.Contains(t, out, e.Code)
		require.Contains(t, out, e.Citation)
	}
	out, err = run(t, "", "list", "--json", "--kind", "retention")
	require.NoError(t, err)
	var list []rules.Entry
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list, len(hold.Builtin().Rules())+2)
	_, err = run(t, "", "list", "--kind", "nothing")
	requireExit(t, rulescli.Usage, err)
}

func TestExplainSaysWhatARuleSaysAndAppliesIt(t *testing.T) {
	t.Parallel()
	out, err := run(t, "", "explain", "EU_UCC_51")
	require.NoError(t, err)
	require.Contains(t, out, "Art. 51(1) Regulation (EU) No 952/2013")
	require.NotContains(t, out, "Kept until 31")

	out, err = run(t, "", "explain", "EU_UCC_51", "declaration_accepted=2027-03-05")
	require.NoError(t, err)
	require.Contains(t, out, "Kept until 31 December 2030: Art. 51(1) Regulation (EU) No 952/2013, three years after the end of the year")

	out, err = run(t, "", "explain", "UK_GDPR", "received_at=2026-03-02", "timezone=Europe/London", "country=GB", "subdivision=EAW",
		`pauses=[{"asked_on":"2026-03-09","answered_on":"2026-03-16"}]`)
	require.NoError(t, err)
	require.Contains(t, out, "8 paused days added after the month: 10 April 2026")
	require.Contains(t, out, "Art. 12A")

	out, err = run(t, "", "explain", "GDPR_33", "aware_at=2026-03-06T10:15:00+01:00", "timezone=Europe/Berlin", "--json")
	require.NoError(t, err)
	var x struct {
		Rules  []rules.Entry
		Answer answer
	}
	require.NoError(t, json.Unmarshal([]byte(out), &x))
	require.Equal(t, "2026-03-09T10:15:00+01:00", x.Answer.Result["due_at"])
	require.Len(t, x.Rules, 1)
}

func TestExplainRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"NOPE"},
		{"EU_UCC_51", "declaration_accepted"},
		{"EU_UCC_51", "declaration_accepted=2027-02-30"},
		{"EU_UCC_51", "declaration_accepted=2027-02-30", "--json"},
		{"EU_GDPR", "pauses=[{"},
	} {
		_, err := run(t, "", append([]string{"explain"}, args...)...)
		requireExit(t, rulescli.Usage, err)
	}
}

func TestDocsPrintsTheLaw(t *testing.T) {
	t.Parallel()
	out, err := run(t, "", "docs")
	require.NoError(t, err)
	require.Equal(t, string(rules.Law(hold.Builtin())), out)
}

func BenchmarkEvalStream(b *testing.B) {
	var in bytes.Buffer
	const n = 10000
	for range n {
		in.WriteString(`{"id":"DL-003","kind":"request_deadline","input":{"regime":"EU_GDPR","received_at":"2025-03-05","timezone":"Europe/Berlin","country":"DE","subdivision":"BE"}}` + "\n")
	}
	e := rules.Evaluator{Zones: rulescli.Zones(), Catalogue: hold.Builtin()}
	for b.Loop() {
		if err := rulescli.Eval(bytes.NewReader(in.Bytes()), io.Discard, e); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "cases/s")
}
