package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgtest"
	"habeas/models/store/vault"
)

// result is what a command left behind.
type result struct {
	status   int
	out, err string
}

func habeas(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	status := run(args, rulescli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	return result{status, out.String(), errs.String()}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// installation is a migrated database and the configuration file that leads to it.
func installation(t *testing.T) (configuration, dsn string, keys vault.Config) {
	t.Helper()
	dsn = pgtest.Template(t, "store", func(dsn string) error {
		return store.Migrate(context.Background(), dsn, func(string) {})
	})
	keys = vault.Generate()
	return file(t, "database_url: "+dsn+"\nmaster_key: "+keys.Master+"\nsigning_key: "+keys.Signing+"\n"), dsn, keys
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"", "serve", "worker", "migrate", "apply", "key", "key create", "key list", "key rotate", "key revoke", "request", "request list", "request show", "request file", "request rows", "request parts", "request instruct", "request approve", "member", "member add", "member list", "member deactivate", "breach", "breach persons", "bounce", "keys", "keys generate", "keys public", "check",
		"rules", "rules eval", "rules list", "rules explain", "datamap", "datamap check", "ledger", "ledger verify", "receipt", "receipt verify",
	} {
		got := habeas(t, append(strings.Fields(command), "--help")...)
		require.Zero(t, got.status, command)
		require.Contains(t, got.out, "Usage: habeas", command)
		require.Empty(t, got.err, command)
	}
}

func TestWrongUsageIsStatusTwo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"destroy"},
		{"serve", "--colour"},
		{"key", "create"},
		{"key", "create", "--role", "king", "--name", "x"},
		{"key", "create", "--role", "dpo", "--name", "x", "--scope", "everything"},
		{"key", "revoke", "no-id"},
		{"key", "rotate", "no-id"},
		{"request"},
		{"request", "approve", "7K3F-9QXM-2TB"},
		{"apply"},
		{"apply", "/nowhere.yml"},
		{"ledger"},
		{"receipt", "verify"},
	} {
		got := habeas(t, args...)
		require.Equal(t, 2, got.status, "%v: %s", args, got.err)
		require.Empty(t, got.out, "%v", args)
		require.Contains(t, got.err, "habeas: ", "%v", args)
	}
}

func TestWrongUsageLeadsToTheHelpOfItsCommand(t *testing.T) {
	t.Parallel()
	for command, args := range map[string][]string{
		"habeas":            {"destroy"},
		"habeas request":    {"request"},
		"habeas member add": {"member", "add", "--role", "king", "--name", "x", "--email", "x"},
		"habeas apply":      {"apply"},
	} {
		require.Contains(t, habeas(t, args...).err, "See "+command+" --help.\n", command)
	}
}

func TestWhatIsMissingIsNamedWithStatusOne(t *testing.T) {
	t.Parallel()
	empty := file(t, "log: {level: info}")
	for _, command := range []string{"serve", "worker", "check", "migrate", "key list", "keys public"} {
		got := habeas(t, append([]string{"--config", empty}, strings.Fields(command)...)...)
		require.Equal(t, 1, got.status, command)
		require.Contains(t, got.err, "HABEAS_", command)
		require.Contains(t, got.err, "[bad_configuration]", command)
	}
	require.Equal(t, 1, habeas(t, "--config", file(t, "no_such_key: 1"), "migrate").status)
}

func TestGeneratedKeysAreFreshAndFit(t *testing.T) {
	t.Parallel()
	first, second := habeas(t, "keys", "generate"), habeas(t, "keys", "generate")
	require.Zero(t, first.status)
	require.NotEqual(t, first.out, second.out)
	var keys vault.Config
	for line := range strings.Lines(first.out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "HABEAS_MASTER_KEY":
			keys.Master = value
		case "HABEAS_SIGNING_KEY":
			keys.Signing = value
		}
	}
	_, err := vault.New(keys)
	require.NoError(t, err)
	public := habeas(t, "--config", file(t, "master_key: "+keys.Master+"\nsigning_key: "+keys.Signing), "keys", "public")
	require.Zero(t, public.status, public.err)
	require.Contains(t, public.out, "Ed25519")
	require.NotContains(t, public.out, keys.Signing)
}

func TestAnEmptyDatabaseIsMigratedOnceAndMayBeAgain(t *testing.T) {
	t.Parallel()
	configuration := file(t, "database_url: "+pgtest.New(t))
	require.Zero(t, habeas(t, "--config", configuration, "migrate").status)
	require.Zero(t, habeas(t, "--config", configuration, "migrate").status)
}

const organisation = `
controllers:
  - {slug: northwind, name: Northwind, operator: true, regime: EU_GDPR, timezone: Europe/Brussels, country: BE, contact: a@northwind.example}
  - {slug: acme, name: Acme, regime: EU_GDPR, timezone: Europe/Berlin, country: DE, contact: a@acme.example}
recipients:
  - {slug: carrier, name: Carrier, channel: mail, address: a@carrier.example, categories: [user.contact], country: DE, purpose: transport, reminder_after: 72h}
`

func TestAnOrganisationIsAppliedAndMayBeAgain(t *testing.T) {
	t.Parallel()
	configuration, dsn, keys := installation(t)
	for range 2 {
		got := habeas(t, "--config", configuration, "apply", file(t, organisation))
		require.Zero(t, got.status, got.err)
		require.Contains(t, got.out, "2 controllers and 1 recipients")
	}
	two := strings.Replace(organisation, "operator: true", "operator: true, four_eyes: every", 1)
	require.Zero(t, habeas(t, "--config", configuration, "apply", file(t, two)).status)
	v, err := vault.New(keys)
	require.NoError(t, err)
	db, err := store.Open(t.Context(), store.Config{DSN: dsn, Vault: v})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	operator, err := db.Operator(t.Context())
	require.NoError(t, err)
	require.Equal(t, request.FourEyesEvery, operator.FourEyes)
	six := habeas(t, "--config", configuration, "apply", file(t, strings.ReplaceAll(two, "every", "six")))
	require.Equal(t, 1, six.status)
	require.Contains(t, six.err, "controller northwind")
	require.Contains(t, six.err, "[bad_controller]")
	got := habeas(t, "--config", configuration, "apply", file(t, "recipients: [{slug: broken, name: Broken, channel: pigeon}]"))
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "recipient broken", "which one it is about")
	require.Contains(t, got.err, "[bad_recipient]")
}

func TestAKeyIsShownOnceListedWithoutItsSecretAndRevoked(t *testing.T) {
	t.Parallel()
	configuration, dsn, keys := installation(t)
	habeas(t, "--config", configuration, "apply", file(t, organisation))
	require.Contains(t, habeas(t, "--config", configuration, "key", "list").out, "no access key yet")

	made := habeas(t, "--config", configuration, "key", "create", "--role", "controller", "--controller", "acme", "--name", "Acme's ERP", "--expires", "24h")
	require.Zero(t, made.status, made.err)
	secret := strings.TrimSpace(made.out)
	require.NotContains(t, secret, "\n", "so that it can be piped")
	v, err := vault.New(keys)
	require.NoError(t, err)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, Vault: v})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	principal, err := s.Authenticate(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, models.RoleController, principal.Role)

	list := habeas(t, "--config", configuration, "key", "list")
	require.Contains(t, list.out, "Acme's ERP")
	require.NotContains(t, list.out, secret)
	var listed []struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(habeas(t, "--config", configuration, "key", "list", "--json").out), &listed))
	id := listed[0].ID
	rotated := habeas(t, "--config", configuration, "key", "rotate", id, "--overlap", "1h")
	require.Zero(t, rotated.status, rotated.err)
	for _, valid := range []string{secret, strings.TrimSpace(rotated.out)} {
		_, err = s.Authenticate(t.Context(), valid)
		require.NoError(t, err)
	}
	require.Contains(t, habeas(t, "--config", configuration, "key", "list").out, "rotated, former until")
	require.Zero(t, habeas(t, "--config", configuration, "key", "revoke", id).status)
	_, err = s.Authenticate(t.Context(), secret)
	require.Equal(t, "bad_key", models.CodeOf(err))

	reader := habeas(t, "--config", configuration, "key", "create", "--role", "auditor", "--name", "reader", "--scope", "requests:read", "--scope", "breaches")
	require.Zero(t, reader.status, reader.err)
	require.Contains(t, habeas(t, "--config", configuration, "key", "list").out, "requests:read breaches")

	unknown := habeas(t, "--config", configuration, "key", "create", "--role", "controller", "--controller", "nobody", "--name", "x")
	require.Equal(t, 1, unknown.status)
	require.Empty(t, unknown.out)
}

func TestTheLedgerAndAReceiptAreVerified(t *testing.T) {
	t.Parallel()
	configuration, dsn, keys := installation(t)
	v, err := vault.New(keys)
	require.NoError(t, err)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, Vault: v})
	require.NoError(t, err)
	c, err := s.PutController(t.Context(), request.Controller{Slug: "northwind", Name: "Northwind", Operator: true, Timezone: "UTC"})
	require.NoError(t, err)
	out, err := s.Submit(t.Context(), store.Submission{
		Controller: c, Right: models.Erasure, Channel: request.ChannelPortal, Language: "en", Subject: request.Subject{Email: "ada@example.org"},
		Actor: models.Actor{Role: models.RoleSubject},
	})
	require.NoError(t, err)
	receipt, err := s.IssueReceipt(t.Context(), out.RequestID, models.ID{}, models.Fulfilled)
	require.NoError(t, err)
	_, err = s.Seal(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Close())

	jwks := habeas(t, "--config", configuration, "keys", "public")
	published := file(t, jwks.out)
	got := habeas(t, "--config", configuration, "ledger", "verify")
	require.Zero(t, got.status, got.err)
	auditor := file(t, "database_url: "+dsn) // who has no secrets
	got = habeas(t, "--config", auditor, "ledger", "verify", "--keys", published)
	require.Zero(t, got.status, got.err)

	got = habeas(t, "receipt", "verify", file(t, string(receipt.Body)), "--keys", published)
	require.Zero(t, got.status, got.err)
	changed := bytes.Replace(receipt.Body, []byte("fulfilled"), []byte("fulfilleD"), 1)
	got = habeas(t, "receipt", "verify", file(t, string(changed)), "--keys", published)
	require.Equal(t, 1, got.status)
	other := habeas(t, "--config", file(t, "master_key: "+vault.Generate().Master+"\nsigning_key: "+vault.Generate().Signing), "keys", "public")
	require.Equal(t, 1, habeas(t, "receipt", "verify", file(t, string(receipt.Body)), "--keys", file(t, other.out)).status)
}

func TestAnErrorIsReadAsASentenceWithItsCodeAndWhatItIsAbout(t *testing.T) {
	t.Parallel()
	inner := models.Errorf(models.Invalid, "bad_dsn", "It is not a URL.").Because(os.ErrClosed)
	require.Equal(t, "It is not a URL. [bad_dsn]", message(inner))
	require.Equal(t, "system crm: It is not a URL. [bad_dsn]", message(&about{"system crm: ", inner}))
	require.Equal(t, "file already closed", message(os.ErrClosed))
}

type about struct {
	what string
	err  error
}

func (a *about) Error() string { return a.what + a.err.Error() }
func (a *about) Unwrap() error { return a.err }
