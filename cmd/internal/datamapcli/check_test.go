package datamapcli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/postgres"
	"habeas/activities/connectors/sqlite"
	"habeas/cmd/internal/datamapcli"
	"habeas/cmd/internal/rulescli"
)

const valid = `dataset:
  - fides_key: crm
    collections:
      - name: customer
        habeas: {erase: delete, holds: [{rule: EU_UCC_51, anchors: {declaration_accepted: accepted_on}}]}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: accepted_on}
`

// run runs `datamap check` with the given arguments; it returns the outputs and the exit status.
func run(t *testing.T, args ...string) (out, errs string, status int) {
	t.Helper()
	return command(t, append([]string{"check"}, args...)...)
}

var registry = connectors.Registry{mysql.KindMariaDB: mysql.Open, postgres.Kind: postgres.Open, sqlite.Kind: sqlite.Open}

// command parses and runs a command below `datamap`, as main does.
func command(t *testing.T, args ...string) (out, errs string, status int) {
	t.Helper()
	var cli struct {
		Datamap datamapcli.Cmd `cmd:""`
	}
	var stdout, stderr bytes.Buffer
	parser, err := kong.New(&cli, kong.Writers(&stdout, &stderr), kong.BindTo(t.Context(), (*context.Context)(nil)),
		kong.Bind(&rulescli.Streams{Out: &stdout, Err: &stderr}, registry))
	require.NoError(t, err)
	ctx, err := parser.Parse(append([]string{"datamap"}, args...))
	if err == nil {
		err = ctx.Run()
	}
	if err != nil {
		fmt.Fprintln(&stderr, err)
		status = rulescli.Failed
	}
	var coder kong.ExitCoder
	if errors.As(err, &coder) {
		status = coder.ExitCode()
	}
	return stdout.String(), stderr.String(), status
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "map.yml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestAValidMapExitsWithZeroAndSaysWhatItHolds(t *testing.T) {
	t.Parallel()
	out, errs, status := run(t, write(t, valid))
	require.Equal(t, 0, status, errs)
	require.Contains(t, out, "1 dataset, 1 collection, 0 warnings; people are found by [email].")
}

func TestARefusedMapExitsWithOneAndNamesTheFileLineAndRemedy(t *testing.T) {
	t.Parallel()
	path := write(t, valid+`          - {name: order, fides_meta: {references: [{dataset: shop, field: orders.id}]}}
`)
	out, errs, status := run(t, path)
	require.Equal(t, 1, status)
	require.Empty(t, out)
	require.Contains(t, errs, path+":10:53: error: crm.customer.order: The reference names the dataset shop, which is in none of the files.")
}

func TestJSONHasEveryProblem(t *testing.T) {
	t.Parallel()
	path := write(t, bytes.NewBufferString(valid).String()+"      - {name: notes, fields: [{name: text, data_categories: [user]}]}\n")
	out, _, status := run(t, "--json", path)
	require.Equal(t, 1, status)
	var result datamapcli.Result
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	require.False(t, result.OK)
	var codes []string
	for _, p := range result.Problems {
		codes = append(codes, p.Code)
	}
	require.ElementsMatch(t, []string{"unreachable", "no_primary_key"}, codes)
}

func TestRulesOfHoldsAreThoseOfTheCatalogue(t *testing.T) {
	t.Parallel()
	_, errs, status := run(t, write(t, string(bytes.ReplaceAll([]byte(valid), []byte("EU_UCC_51,"), []byte("EU_UCC_99,")))))
	require.Equal(t, 1, status)
	require.Contains(t, errs, "[unknown_rule]")
	_, errs, status = run(t, write(t, string(bytes.ReplaceAll([]byte(valid), []byte("declaration_accepted"), []byte("document_date")))))
	require.Equal(t, 1, status)
	require.Contains(t, errs, "[unknown_anchor]")
}

func TestAMissingFileOrArgumentIsWrongUsage(t *testing.T) {
	t.Parallel()
	_, _, status := run(t, filepath.Join(t.TempDir(), "none.yml"))
	require.Equal(t, 2, status)
	_, _, status = run(t)
	require.NotZero(t, status)
}

func TestSuggestionsNameWhatWasProbablyMeant(t *testing.T) {
	t.Parallel()
	_, errs, status := run(t, write(t, valid+`          - {name: friend, fides_meta: {references: [{dataset: crm, field: custmer.id}]}}
          - {name: twin, fides_meta: {references: [{dataset: crm, field: customer.emial}]}}
`))
	require.Equal(t, 1, status)
	require.Contains(t, errs, "Did you mean crm.customer?")
	require.Contains(t, errs, "Did you mean email?")
}

func TestCheckComparesWithTheLiveSystemsAtOnce(t *testing.T) {
	t.Parallel()
	dsn := database(t, "CREATE TABLE customer (id int PRIMARY KEY, email text NOT NULL, accepted_on date)")
	path := write(t, valid+"          - {name: nickname}\n")
	out, errs, status := run(t, path, "--systems", systemsFile(t, "crm", dsn))
	require.Equal(t, 1, status)
	require.Empty(t, out)
	require.Contains(t, errs, path+":10:13: error: crm.customer.nickname: The table customer has no column for the field.")
	_, errs, status = run(t, path, "--systems", systemsFile(t, "other", dsn))
	require.Equal(t, 2, status)
	require.Contains(t, errs, "the system crm is not in")
	_, errs, status = run(t, write(t, valid), "--systems", systemsFile(t, "crm", "postgres://127.0.0.1:1/none"))
	require.Equal(t, 1, status)
	require.Contains(t, errs, "error: system crm: The system crm does not answer")
}

func TestTheSchemaIsPrinted(t *testing.T) {
	t.Parallel()
	out, _, status := command(t, "schema")
	require.Equal(t, 0, status)
	require.True(t, json.Valid([]byte(out)))
	require.Contains(t, out, "https://json-schema.org/draft/2020-12/schema")
}

func TestGraphDrawsWhatCheckRefusesAsUnreachable(t *testing.T) {
	t.Parallel()
	path := write(t, valid+"      - {name: notes, fields: [{name: text, data_categories: [user]}]}\n")
	out, errs, status := command(t, "graph", path)
	require.Equal(t, 0, status, errs)
	require.Contains(t, out, "Personal data that no identity leads to:\n  notes: acknowledged: not yet")
	_, errs, status = command(t, "graph", path, "--identity", "emial")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "the kinds are [email]")
	_, errs, status = command(t, "graph", write(t, "dataset: [{fides_key: a, habeas: {x: y}}]"))
	require.Equal(t, 1, status)
	require.Contains(t, errs, "[unknown_key]")
}

func TestDiscoverSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--kind", "postgres"}, {"--kind", "postgres", "--dsn-env", "NO_SUCH_VARIABLE_HERE"}, {"--systems", "x.yml"}} {
		_, _, status := command(t, append([]string{"discover"}, args...)...)
		require.Equal(t, 2, status, "%v", args)
	}
	dsn := database(t, "SELECT 1")
	_, errs, status := command(t, "discover", "--systems", systemsFile(t, "empty", dsn), "--system", "empty")
	require.Equal(t, 1, status)
	require.Contains(t, errs, "has no table that its account can see")
	taken := write(t, valid)
	dsn = database(t, "CREATE TABLE person (id int PRIMARY KEY, email text)")
	_, _, status = command(t, "discover", "--systems", systemsFile(t, "hr", dsn), "--system", "hr", "--out", taken)
	require.Equal(t, 2, status, "a file that exists is not overwritten")
}
