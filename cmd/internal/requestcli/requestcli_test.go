package requestcli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/alexedwards/scs/pgxstore"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/api/client"
	"habeas/cmd/internal/requestcli"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/ledger"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgtest"
	"habeas/models/store/vault"
)

// bundle is an installation with one customer, and the keys of the two who decide.
type bundle struct {
	*store.Store
	t             *testing.T
	url           string
	officer, acme string // access keys
}

func setup(t *testing.T, opts ...func(*api.Deps)) *bundle {
	t.Helper()
	dsn := pgtest.Template(t, "requestcli", func(dsn string) error { return store.Migrate(context.Background(), dsn, func(string) {}) })
	v, err := vault.New(vault.Generate())
	require.NoError(t, err)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, Vault: v, MaxConns: 4})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	d := api.Deps{
		Store: s, Sessions: pgxstore.NewWithCleanupInterval(s.Pool(), 0), Config: api.Config{BaseURL: "http://habeas.test"},
		Keys: func() ([]byte, error) { return ledger.JWKS(v.Signer().Public()) },
	}
	for _, o := range opts {
		o(&d)
	}
	handler, err := api.New(d)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	b := &bundle{Store: s, t: t, url: server.URL}
	put := func(slug string, operator bool) models.ID {
		c, err := s.PutController(t.Context(), request.Controller{Slug: slug, Name: slug, Operator: operator, Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE"})
		require.NoError(t, err)
		return c.ID
	}
	put("northwind", true)
	acme := put("acme", false)
	b.officer, _, err = s.CreateKey(t.Context(), store.KeySpec{Role: models.RoleDPO, Name: "Ada"})
	require.NoError(t, err)
	b.acme, _, err = s.CreateKey(t.Context(), store.KeySpec{Role: models.RoleController, ControllerID: acme, Name: "acme"})
	require.NoError(t, err)
	return b
}

type result struct {
	out string
	err error
}

// habeas runs `habeas request …` with a key.
func (b *bundle) habeas(key, in string, args ...string) result {
	b.t.Helper()
	env := map[string]string{"HABEAS_URL": b.url, "HABEAS_API_KEY": key}
	return run(b.t, env, in, args...)
}

func run(t *testing.T, env map[string]string, in string, args ...string) result {
	t.Helper()
	var c struct {
		Request requestcli.Cmd `cmd:""`
	}
	var out bytes.Buffer
	streams := &rulescli.Streams{In: strings.NewReader(in), Out: &out, Err: &out}
	parser, err := kong.New(&c, kong.BindTo(t.Context(), (*context.Context)(nil)), kong.Bind(streams, requestcli.Env(func(name string) string { return env[name] }), &c.Request))
	require.NoError(t, err)
	k, err := parser.Parse(append([]string{"request"}, args...))
	require.NoError(t, err)
	return result{out: "", err: k.Run()}.with(&out)
}

func (r result) with(out *bytes.Buffer) result {
	r.out = out.String()
	return r
}

func TestARequestIsHandledFromATerminal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	filed := b.habeas(b.acme, `{"right":"erasure","email":"canary@example.com","identity_vouched":true}`, "--json", "file")
	require.NoError(t, filed.err)
	var accepted client.Accepted
	require.NoError(t, json.Unmarshal([]byte(filed.out), &accepted))
	id := models.MustParseID(accepted.ID)
	require.NoError(t, b.Advance(t.Context(), id, models.AwaitingInstruction, ""))

	list := b.habeas(b.acme, "", "list", "--open", "--state", "awaiting_instruction")
	require.NoError(t, list.err)
	require.Contains(t, list.out, accepted.Reference+"  erasure  awaiting_instruction")
	require.NoError(t, b.habeas(b.acme, "", "instruct", accepted.Reference).err)
	again := b.habeas(b.acme, "", "instruct", accepted.Reference)
	require.ErrorContains(t, again.err, "[already_decided]")

	require.NoError(t, b.Advance(t.Context(), id, models.Locating, ""))
	require.NoError(t, b.Advance(t.Context(), id, models.InReview, ""))
	p, err := b.SavePlan(t.Context(), plan.Plan{RequestID: id, Right: models.Erasure, RuleSet: "test", Groups: []plan.Group{
		{No: 1, System: "erp", Dataset: "tracking", Collection: "watchers", Rows: 1, Proposed: models.TreatRefer, Reason: plan.ReasonShared, Options: []models.Treatment{models.TreatKeep, models.TreatErase}},
	}})
	require.NoError(t, err)
	show := b.habeas(b.officer, "", "show", accepted.Reference)
	require.NoError(t, show.err)
	require.Contains(t, show.out, p.Digest())
	require.Contains(t, show.out, "tracking.watchers")
	require.Contains(t, show.out, "choose keep or erase")
	require.NotContains(t, show.out, "canary")
	require.ErrorContains(t, b.habeas(b.officer, "", "approve", accepted.Reference, "--plan", p.Digest()).err, "[choice_missing]")
	ok := b.habeas(b.officer, "", "approve", accepted.ID, "--plan", p.Digest(), "--choice", "1=keep")
	require.NoError(t, ok.err)
	require.Contains(t, ok.out, "approve is recorded")

	var all struct {
		Plan client.Plan `json:"plan"`
	}
	shown := b.habeas(b.officer, "", "--json", "show", accepted.ID)
	require.NoError(t, json.Unmarshal([]byte(shown.out), &all), shown.out)
	require.True(t, all.Plan.Decided)
}

func TestALongListIsReadInPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c, err := b.ControllerBySlug(t.Context(), "acme")
	require.NoError(t, err)
	for i := range 103 {
		_, err := b.Submit(t.Context(), store.Submission{
			Controller: c, Right: models.Access, Channel: request.ChannelPortal, Language: "en",
			Subject: request.Subject{Email: models.Personal("p" + time.Duration(i).String() + "@example.com")},
		})
		require.NoError(t, err)
	}
	got := b.habeas(b.acme, "", "--json", "list", "--limit", "102")
	require.NoError(t, got.err)
	var list client.RequestList
	require.NoError(t, json.Unmarshal([]byte(got.out), &list))
	require.Len(t, list.Requests, 102)
	require.NotEmpty(t, list.Next)
	require.Contains(t, b.habeas(b.acme, "", "list", "--limit", "2").out, "There are more")
	require.Contains(t, b.habeas(b.acme, "", "list", "--overdue").out, "There is no such request.")
}

func TestWhatIsWrongIsSaidWithItsStatus(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		env    map[string]string
		in     string
		args   []string
		says   string
		status int
	}{
		"no address":      {map[string]string{"HABEAS_API_KEY": "x"}, "", []string{"list"}, "HABEAS_URL", rulescli.Usage},
		"no key":          {map[string]string{"HABEAS_URL": b.url}, "", []string{"list"}, "HABEAS_API_KEY", rulescli.Usage},
		"no such address": {map[string]string{"HABEAS_URL": "habeas", "HABEAS_API_KEY": "x"}, "", []string{"list"}, "must be like", rulescli.Usage},
		"no JSON":         {map[string]string{"HABEAS_URL": b.url, "HABEAS_API_KEY": b.acme}, "canary", []string{"file"}, "one JSON object", rulescli.Usage},
		"a bad key":       {map[string]string{"HABEAS_URL": b.url, "HABEAS_API_KEY": "canary"}, "", []string{"list"}, "[bad_key]", rulescli.Failed},
		"no such request": {map[string]string{"HABEAS_URL": b.url, "HABEAS_API_KEY": b.acme}, "", []string{"show", b.reference()}, "[not_found]", rulescli.Failed},
	} {
		got := run(t, c.env, c.in, c.args...)
		require.ErrorContains(t, got.err, c.says, name)
		require.NotContains(t, got.err.Error(), "canary", name)
		status := rulescli.Failed
		if exit, ok := errors.AsType[*rulescli.ExitError](got.err); ok {
			status = exit.Status
		}
		require.Equal(t, c.status, status, name)
	}
}

// reference is one that is well formed and that nothing has.
func (b *bundle) reference() string {
	return models.MustParseID("00000000-0000-4000-8000-00000000ffff").String()
}

func TestACustomerInstructsWithoutPartsOfItsData(t *testing.T) {
	t.Parallel()
	datasets, problems := file.Parse("shop.yml", []byte(`
dataset:
  - fides_key: shop
    habeas: {controller: acme, system: shop}
    collections:
      - name: buyers
        description: Customer accounts
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: invoices
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: buyer, data_categories: [user.financial], fides_meta: {references: [{dataset: shop, field: buyers.id, direction: from}]}}
`))
	require.Empty(t, problems)
	g, err := datamap.Compile(datasets)
	require.NoError(t, err)
	b := setup(t, func(d *api.Deps) { d.Graph = g })
	filed := b.habeas(b.acme, `{"right":"erasure","email":"canary@example.com","identity_vouched":true}`, "--json", "file")
	require.NoError(t, filed.err)
	var accepted client.Accepted
	require.NoError(t, json.Unmarshal([]byte(filed.out), &accepted))
	id := models.MustParseID(accepted.ID)
	require.NoError(t, b.Advance(t.Context(), id, models.AwaitingInstruction, ""))

	standing := []string{"instruction", "give", "access", "--channel", "portal,api", "--leave-out", "category:user.financial"}
	require.ErrorContains(t, b.habeas(b.acme, "", standing...).err, "[reason_missing]")
	require.NoError(t, b.habeas(b.acme, "", append(standing, "--reason", "Not ours.")...).err)
	given, err := b.StandingInstructions(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Equal(t, []request.Channel{request.ChannelPortal, request.ChannelAPI}, given[0].Channels)
	require.Equal(t, request.Narrowing{Categories: []string{"user.financial"}}, given[0].Narrowing)

	parts := b.habeas(b.acme, "", "parts", accepted.Reference)
	require.NoError(t, parts.err)
	require.Regexp(t, `shop\.buyers +shop +user\.contact\.email +Customer accounts`, parts.out)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no kind":   {[]string{"--leave-out", "invoices", "--reason", "x"}, "category:NAME"},
		"unknown":   {[]string{"--leave-out", "system:erp", "--reason", "x"}, "[unknown_system]"},
		"no reason": {[]string{"--leave-out", "category:user.financial"}, "[reason_missing]"},
	} {
		require.ErrorContains(t, b.habeas(b.acme, "", append([]string{"instruct", accepted.Reference}, c.args...)...).err, c.says, name)
	}
	require.NoError(t, b.habeas(b.acme, "", "instruct", accepted.Reference, "--only", "collection:shop.buyers,category:user.contact", "--reason", "The rest is not ours.").err)
	narrowed, err := b.Narrowed(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, request.Narrowing{Only: true, Categories: []string{"user.contact"}, Collections: []string{"shop.buyers"}}, narrowed.Instruction)

	require.NoError(t, b.Advance(t.Context(), id, models.Locating, ""))
	require.NoError(t, b.Advance(t.Context(), id, models.InReview, ""))
	p, err := b.SavePlan(t.Context(), plan.Plan{RequestID: id, Right: models.Erasure, Narrowed: narrowed, Groups: []plan.Group{
		{No: 1, System: "shop", Dataset: "shop", Collection: "invoices", Rows: 1, Proposed: models.TreatKeep, Reason: plan.ReasonLeftOut},
	}})
	require.NoError(t, err)
	operator, err := b.Operator(t.Context())
	require.NoError(t, err)
	operator.FourEyes = request.FourEyesErasure
	_, err = b.PutController(t.Context(), operator)
	require.NoError(t, err)
	first := b.habeas(b.officer, "", "approve", accepted.Reference, "--plan", p.Digest())
	require.NoError(t, first.err)
	require.Contains(t, first.out, "somebody else has to approve the plan, too")
	require.ErrorContains(t, b.habeas(b.officer, "", "approve", accepted.Reference, "--plan", p.Digest()).err, "[approved_already]")
	shown := b.habeas(b.officer, "", "show", accepted.Reference)
	require.Regexp(t, `Narrowed +by instruction of acme: The rest is not ours\.`, shown.out)
	require.Regexp(t, `Approved +by the first of two \(dpo\)`, shown.out)
}
