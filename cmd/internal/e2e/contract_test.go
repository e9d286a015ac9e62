package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/sample"
	"habeas/cmd/internal/ledgercli"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/contractend"
	"habeas/models/receipt"
	"habeas/models/request"
	"habeas/models/store"
)

// ofBrightline selects the customer's rows.
const ofBrightline = "on_behalf_of = '" + sample.Brightline + "'"

// census counts the customer's rows and makes a digest of all others, by database and table.
func (h *house) census(t *testing.T) (own map[string]int, others map[string]string) {
	t.Helper()
	own, others = map[string]int{}, map[string]string{}
	for _, database := range sample.Databases() {
		conn, err := pgx.Connect(t.Context(), h.Postgres.DSN(database))
		require.NoError(t, err)
		rows, err := conn.Query(t.Context(), `SELECT t.table_name, EXISTS (SELECT FROM information_schema.columns c WHERE c.table_schema = t.table_schema
AND c.table_name = t.table_name AND c.column_name = 'on_behalf_of') FROM information_schema.tables t WHERE t.table_schema = 'public' ORDER BY 1`)
		require.NoError(t, err)
		tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (out struct {
			name string
			has  bool
		}, err error,
		) {
			err = row.Scan(&out.name, &out.has)
			return out, err
		})
		require.NoError(t, err)
		for _, table := range tables {
			where, name := "", database+"."+table.name
			if table.has {
				where = " WHERE (" + ofBrightline + ") IS NOT TRUE"
				var n int
				require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table.name+" WHERE "+ofBrightline).Scan(&n))
				own[name] = n
			}
			var digest string
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) || md5(coalesce(string_agg(x::text, E'\\n' ORDER BY x::text), '')) FROM "+table.name+" x"+where).Scan(&digest))
			others[name] = digest
		}
		require.NoError(t, conn.Close(context.WithoutCancel(t.Context())))
	}
	return own, others
}

// ends waits until the end of a contract has come to a state.
func (h *house) ends(t *testing.T, id models.ID, state contractend.State) store.ContractEnd {
	t.Helper()
	var end store.ContractEnd
	eventually(t, func() bool {
		var err error
		end, err = h.store.ContractEnd(t.Context(), models.ScopeOperator(), id)
		require.NoError(t, err)
		return end.State == state
	}, "the contract's end is "+string(state))
	return end
}

// TestACustomersContractEnds has an installation of its own: it takes a customer away and moves the clock by years.
func TestACustomersContractEnds(t *testing.T) {
	t.Parallel()
	h, err := open(t.Context(), false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.close()) })
	tidewater, err := h.store.PutController(t.Context(), request.Controller{Slug: "tidewater", Name: "Tidewater Goods", Regime: "EU_GDPR", Timezone: "Europe/Amsterdam", Country: "NL", ContactEmail: "privacy@tidewater.example"})
	require.NoError(t, err)
	h.insert(t, "shipments", statement{sql: `UPDATE shipments SET on_behalf_of = 'tidewater' WHERE id = (SELECT min(id) FROM shipments WHERE ` + ofBrightline + `)`})
	before, others := h.census(t)
	for name, n := range before {
		require.Positive(t, n, name)
	}

	// The customer orders, another person approves.
	customer, err := h.customer.SignIn(within(t))
	require.NoError(t, err)
	key, err := h.dpo.SignIn(within(t))
	require.NoError(t, err)
	dpo, err := h.public.OpenAccount(within(t), h.Account(models.RoleDPO).Link, phrase)
	require.NoError(t, err)
	today := calendar.DateOf(h.Clock.Now())
	order := url.Values{
		"customer": {sample.Brightline}, "return": {"yes"}, "last_day": {today.AddDays(-2).String()}, "grace_days": {"0"}, "reason": {"We have given notice."}, "confirm": {"brightline"},
	}
	_, err = customer.Form(within(t), "/staff/contracts", order)
	requireProblem(t, err, http.StatusBadRequest, "")
	order.Set("confirm", sample.Brightline)
	_, err = customer.Form(within(t), "/staff/contracts", order)
	require.NoError(t, err)
	list, err := h.store.ContractEnds(within(t), models.ScopeOperator(), 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	end := list[0]
	hidden, err := h.store.ContractEnds(within(t), models.ScopeOf(tidewater.ID), 10)
	require.NoError(t, err)
	require.Empty(t, hidden)
	path := "/staff/contracts/" + end.ID.String()
	_, err = customer.Form(within(t), path+"/events", url.Values{"kind": {"approved"}})
	requireProblem(t, err, http.StatusForbidden, "")
	_, err = key.Form(within(t), path+"/events", url.Values{"kind": {"approved"}})
	requireProblem(t, err, http.StatusForbidden, "")
	_, err = dpo.Form(within(t), path+"/events", url.Values{"kind": {"approved"}})
	require.NoError(t, err)

	// Everything is returned to the customer's contact.
	end = h.ends(t, end.ID, contractend.Giving)
	h.tell(t, end.Returns)
	_, err = h.dpo.Settle(within(t), end.Returns)
	require.NoError(t, err)
	back, err := h.dpo.Request(within(t), end.Returns)
	require.NoError(t, err)
	contact := request.Subject{Email: "privacy@brightline.example"}
	pkg, err := h.public.Fetch(within(t), h.Mailbox, actor.Asked{ID: end.Returns, Reference: back.Reference}, contact)
	require.NoError(t, err)
	for name, n := range before {
		var records []json.RawMessage
		require.NoError(t, json.Unmarshal(pkg.Files["data/"+name+".json"], &records), name)
		require.Len(t, records, n, name)
		require.NotEmpty(t, pkg.Files["data/"+name+".csv"])
	}
	h.closed(t, end.Returns, models.Fulfilled)
	still, _ := h.census(t)
	require.Equal(t, before, still)

	// Then it is erased, but for what is held and what another customer shares.
	end = h.ends(t, end.ID, contractend.Deleting)
	h.tell(t, end.Erases)
	plan, err := h.dpo.Approve(within(t), end.Erases)
	require.NoError(t, err)
	left, shared, held := map[string]int{}, map[string]int{}, 0
	for _, g := range plan.Groups {
		name := g.Dataset + "." + g.Collection
		switch {
		case g.SharedWith != "":
			require.Equal(t, string(models.TreatRefer), g.Treatment, name)
			left[name] += int(g.Rows)
			shared[name] += int(g.Rows)
		case g.HoldThrough != "":
			left[name] += int(g.Rows)
			held += int(g.Rows)
		default:
			require.Equal(t, string(models.TreatErase), g.Treatment, name)
		}
	}
	require.Positive(t, held)
	require.NotEmpty(t, shared)
	kept := 0
	for _, n := range shared {
		kept += n
	}
	h.closed(t, end.Erases, models.PartlyFulfilled)
	after, untouched := h.census(t)
	for name := range before {
		require.Equal(t, left[name], after[name], name)
	}
	require.Equal(t, others, untouched, "the rows of everybody else")
	require.Equal(t, shared["documents.letters"], h.count(t, "documents", `SELECT count(*) FROM letters WHERE restricted_at IS NULL AND `+ofBrightline),
		"what is held is restricted; a letter of the shipment that Tidewater shares is not")
	notices, err := h.dpo.Notices(within(t), end.Erases)
	require.NoError(t, err)
	require.NotEmpty(t, notices)
	for _, n := range notices {
		require.Equal(t, "acknowledged", n.State, n.Recipient)
	}

	// The customer's access is over, and the certificate verifies.
	end = h.ends(t, end.ID, contractend.Over)
	_, err = h.customer.Request(within(t), end.Erases)
	requireProblem(t, err, http.StatusUnauthorized, "bad_key")
	mail := h.mail(t, person{Subject: contact}, "Get the certificate")
	page := h.path(t, mail, "/certificates/")
	var pdf []byte
	require.NoError(t, h.public.JSON(within(t), http.MethodGet, page+"/certificate.pdf", nil, &pdf))
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF")))
	var shown []byte
	require.NoError(t, h.public.JSON(within(t), http.MethodGet, page, nil, &shown))
	h.certified(t, page, string(shown), end)
	h.nowhere(t, person{Subject: request.Subject{Email: contact.Email, Name: "privacy@brightline"}})

	// When the hold has ended, the rest is erased by itself.
	deferrals, err := h.dpo.Deferrals(within(t), end.Erases)
	require.NoError(t, err)
	require.NotEmpty(t, deferrals)
	h.Clock.Advance(8 * 366 * 24 * time.Hour)
	eventually(t, func() bool {
		require.NoError(t, h.App.Clients.Sweep(t.Context()))
		after, untouched = h.census(t)
		sum := 0
		for _, n := range after {
			sum += n
		}
		return sum == kept
	}, "only what another customer shares is left")
	require.Equal(t, others, untouched)
}

// certified verifies the receipt that the page of the certificate offers, by the command.
func (h *house) certified(t *testing.T, page, shown string, end store.ContractEnd) {
	t.Helper()
	_, after, ok := strings.Cut(shown, `href="`+page+`/receipts/`)
	require.True(t, ok)
	id, _, _ := strings.Cut(after, `"`)
	var file []byte
	require.NoError(t, h.public.JSON(within(t), http.MethodGet, page+"/receipts/"+id, nil, &file))
	keys, err := h.public.Keys(within(t))
	require.NoError(t, err)
	r, err := receipt.Verify(file, keys)
	require.NoError(t, err)
	require.Equal(t, models.Deletion, r.Request.Right)
	require.Equal(t, "Art. 28(3)(g) GDPR", r.Request.Article)
	require.Equal(t, end.Erases, r.Request.ID)
	dir := t.TempDir()
	command := ledgercli.ReceiptVerifyCmd{File: filepath.Join(dir, "receipt.json"), Keys: filepath.Join(dir, "keys.json")}
	require.NoError(t, os.WriteFile(command.File, file, 0o600))
	require.NoError(t, os.WriteFile(command.Keys, keys, 0o600))
	var out bytes.Buffer
	require.NoError(t, command.Run(&rulescli.Streams{Out: &out}))
	require.Contains(t, out.String(), fmt.Sprintf("request %s (deletion, Art. 28(3)(g) GDPR)", r.Request.Reference))
}
