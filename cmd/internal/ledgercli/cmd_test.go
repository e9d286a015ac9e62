package ledgercli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/ledgercli"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgtest"
	"habeas/models/store/vault"
)

// world is a ledger with a few sealed entries, a receipt and the published keys as files.
type world struct {
	t       *testing.T
	dsn     string
	vault   *vault.Vault
	receipt string
	keys    string
}

func setup(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	v, err := vault.New(vault.Generate())
	require.NoError(t, err)
	w := &world{t: t, vault: v, dsn: pgtest.Template(t, "store", func(dsn string) error {
		return store.Migrate(context.Background(), dsn, func(string) {})
	})}
	s, jwks, err := w.source(ctx)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	c, err := s.PutController(ctx, request.Controller{Slug: "northwind", Name: "Northwind", Operator: true, Timezone: "UTC"})
	require.NoError(t, err)
	out, err := s.Submit(ctx, store.Submission{
		Controller: c, Right: models.Erasure, Channel: request.ChannelPortal, Language: "en", Subject: request.Subject{Email: "ada@example.org"},
		Actor: models.Actor{Role: models.RoleSubject},
	})
	require.NoError(t, err)
	require.NoError(t, s.Append(ctx, out.RequestID, "walk.done", map[string]any{"rows": 3}))
	receipt, err := s.IssueReceipt(ctx, out.RequestID, models.ID{}, models.Fulfilled)
	require.NoError(t, err)
	_, err = s.Seal(ctx)
	require.NoError(t, err)
	w.receipt, w.keys = w.file("receipt.json", receipt.Body), w.file("keys.json", jwks)
	return w
}

func (w *world) source(ctx context.Context) (*store.Store, []byte, error) {
	s, err := store.Open(ctx, store.Config{DSN: w.dsn, Vault: w.vault, Now: func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }})
	if err != nil {
		return nil, nil, err
	}
	jwks, err := s.JWKS()
	return s, jwks, err
}

func (w *world) file(name string, b []byte) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	require.NoError(w.t, os.WriteFile(path, b, 0o600))
	return path
}

// run executes a command line; status is what the process would end with.
func (w *world) run(args ...string) (out string, status int, err error) {
	w.t.Helper()
	var cli struct {
		Ledger  ledgercli.LedgerCmd  `cmd:""`
		Receipt ledgercli.ReceiptCmd `cmd:""`
	}
	var stdout bytes.Buffer
	parser, err := kong.New(&cli, kong.BindTo(w.t.Context(), (*context.Context)(nil)),
		kong.Bind(&rulescli.Streams{Out: &stdout, Err: &stdout}, ledgercli.Source(w.source)))
	require.NoError(w.t, err)
	parsed, err := parser.Parse(args)
	if err != nil {
		return "", rulescli.Usage, err
	}
	err = parsed.Run()
	if exit, ok := errors.AsType[*rulescli.ExitError](err); ok {
		return stdout.String(), exit.Status, err
	}
	require.NoError(w.t, err)
	return stdout.String(), 0, nil
}

func (w *world) tamper(sql string) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.dsn)
	require.NoError(w.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(w.t.Context(), "SET session_replication_role = replica; "+sql)
	require.NoError(w.t, err)
}

func TestLedgerVerifies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, args := range [][]string{{}, {"--keys", w.keys}, {"--receipt", w.receipt}} {
		out, status, err := w.run(append([]string{"ledger", "verify"}, args...)...)
		require.NoError(t, err)
		require.Zero(t, status)
		require.Contains(t, out, "3 entries and 2 checkpoints")
	}
	out, _, err := w.run("ledger", "verify", "--json")
	require.NoError(t, err)
	var result map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	require.Equal(t, true, result["ok"])
	require.EqualValues(t, 3, result["entries"])
}

func TestTamperedLedgerEndsWithOneAndNamesTheEntry(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.tamper("UPDATE ledger_entries SET body = set_byte(body, 9, get_byte(body, 9) # 1) WHERE kind = 'walk.done'")
	_, status, err := w.run("ledger", "verify")
	require.Equal(t, 1, status)
	require.ErrorContains(t, err, "entry_changed")
	require.ErrorContains(t, err, "at place 2")
	out, status, err := w.run("ledger", "verify", "--json")
	require.Error(t, err)
	require.Equal(t, 1, status)
	var result struct {
		OK    bool
		Fault struct{ Seq int }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	require.False(t, result.OK)
	require.Equal(t, 2, result.Fault.Seq)
}

func TestLedgerMadeAnewIsToldByAReceipt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.tamper("DELETE FROM ledger_chain; DELETE FROM ledger_entries; DELETE FROM ledger_checkpoints")
	_, status, err := w.run("ledger", "verify")
	require.NoError(t, err)
	require.Zero(t, status)
	_, status, err = w.run("ledger", "verify", "--receipt", w.receipt)
	require.Equal(t, 1, status)
	require.ErrorContains(t, err, "chain_cut")
}

func TestReceiptVerifiesWithoutADatabase(t *testing.T) {
	t.Parallel()
	w := setup(t)
	out, status, err := w.run("receipt", "verify", w.receipt, "--keys", w.keys)
	require.NoError(t, err)
	require.Zero(t, status)
	require.Contains(t, out, "genuine, with 2 ledger entries")

	b, err := os.ReadFile(w.receipt)
	require.NoError(t, err)
	changed := w.file("changed.json", bytes.Replace(b, []byte(`"rows": 3`), []byte(`"rows": 4`), 1))
	out, status, err = w.run("receipt", "verify", changed, "--keys", w.keys, "--json")
	require.Equal(t, 1, status)
	require.ErrorContains(t, err, "entry 2")
	require.Contains(t, out, `"part": "entries"`)
	_, status, err = w.run("ledger", "verify", "--receipt", changed)
	require.Equal(t, 1, status)
	require.ErrorContains(t, err, "entry 2")
}

func TestWrongUsageEndsWithTwo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, args := range [][]string{
		{"receipt", "verify"},
		{"receipt", "verify", w.receipt},
		{"receipt", "verify", w.receipt + ".gone", "--keys", w.keys},
		{"receipt", "verify", w.receipt, "--keys", w.keys + ".gone"},
		{"receipt", "verify", w.receipt, "--keys", w.receipt},
		{"ledger", "verify", "--keys", w.keys + ".gone"},
		{"ledger", "verify", "--receipt", w.receipt + ".gone"},
		{"ledger", "verify", "surplus"},
	} {
		_, status, err := w.run(args...)
		require.Error(t, err, "%v", args)
		require.Equal(t, 2, status, "%v", args)
	}
}
