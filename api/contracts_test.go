package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api/certificate"
	"habeas/models"
	"habeas/models/contractend"
	"habeas/models/store"
)

func ordering() url.Values {
	return url.Values{
		"customer": {"acme"}, "confirm": {"acme"}, "last_day": {"2026-03-31"}, "grace_days": {"30"}, "return": {"yes"}, "reason": {"Notice was given " + nasty},
	}
}

func TestACustomerOrdersTheEndOfItsContractAndAnotherPersonApproves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	customer, other, dpo := b.signIn(b.keys[models.RoleController]), b.signIn(b.globexK), b.officer("ada@northwind.example")
	form := b.get(customer, "/staff/contracts/new")
	require.Contains(t, form.body, "(acme)")
	require.NotContains(t, form.body, "globex", "a customer orders for itself")
	require.Contains(t, b.get(dpo, "/staff/contracts/new").body, "(globex)")
	path := in(t, b.post(customer, "/staff/contracts", ordering()))

	page := b.get(customer, path)
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, "&lt;script&gt;")
	require.NotContains(t, page.body, "<script")
	require.NotContains(t, page.body, `value="approved"`, "the customer does not approve its own order")
	require.Equal(t, http.StatusNotFound, b.get(other, path).status)
	require.Equal(t, http.StatusNotFound, b.post(other, path+"/events", url.Values{"kind": {"withdrawn"}, "reason": {"x"}}).status)
	require.NotContains(t, b.get(other, "/staff/contracts").body, path)
	require.Contains(t, b.get(dpo, "/staff/contracts").body, path)

	require.Equal(t, http.StatusForbidden, b.post(customer, path+"/events", url.Values{"kind": {"approved"}}).status)
	key := b.signIn(b.keys[models.RoleDPO])
	require.NotContains(t, b.get(key, path).body, `value="approved"`)
	require.Contains(t, b.get(key, path).body, "an access key cannot")
	require.Equal(t, http.StatusForbidden, b.post(key, path+"/events", url.Values{"kind": {"approved"}, "seen": {"1"}}).status)
	stale := b.post(dpo, path+"/events", url.Values{"kind": {"approved"}, "seen": {"7"}})
	require.Equal(t, http.StatusConflict, stale.status)
	require.Equal(t, path, in(t, b.post(dpo, path+"/events", url.Values{"kind": {"approved"}, "seen": {"1"}})))
	require.Equal(t, http.StatusConflict, b.post(dpo, path+"/events", url.Values{"kind": {"approved"}}).status)
	require.Equal(t, http.StatusBadRequest, b.post(customer, path+"/events", url.Values{"kind": {"withdrawn"}}).status, "a reason is needed")
	require.Equal(t, http.StatusNotFound, b.get(dpo, path+"/certificate.pdf").status, "there is none yet")
	require.Equal(t, path, in(t, b.post(customer, path+"/events", url.Values{"kind": {"withdrawn"}, "reason": {"We stay."}})))
	require.Contains(t, b.get(customer, path).body, "We stay.")
}

func TestAnOrderThatWasNotConfirmedOrNotFilledInIsSentBackWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	for field, bad := range map[string]string{
		"confirm": "acm", "customer": "nobody", "last_day": "soon", "grace_days": "many", "reason": " ",
	} {
		form := ordering()
		form.Set(field, bad)
		a := b.post(dpo, "/staff/contracts", form)
		require.Equal(t, http.StatusBadRequest, a.status, field)
		require.Contains(t, a.body, `role="alert"`)
	}
	in(t, b.post(dpo, "/staff/contracts", ordering()))
	require.Equal(t, http.StatusConflict, b.post(dpo, "/staff/contracts", ordering()).status)
}

// erasedContract is the end of acme's contract whose data is erased, with the link of its certificate.
func erasedContract(t *testing.T, b *bundle) (end store.ContractEnd, path string) {
	t.Helper()
	ctx := t.Context()
	dpo := b.officer("ada@northwind.example")
	form := ordering()
	form.Set("return", "no")
	place := in(t, b.post(b.signIn(b.keys[models.RoleController]), "/staff/contracts", form))
	in(t, b.post(dpo, place+"/events", url.Values{"kind": {"approved"}}))
	id := models.MustParseID(place[strings.LastIndexByte(place, '/')+1:])
	b.clock(90 * 24 * time.Hour)
	require.NoError(t, b.OpenContractRequest(ctx, id, contractend.Erasing))
	end, err := b.ContractEnd(ctx, models.ScopeOperator(), id)
	require.NoError(t, err)
	for _, state := range []models.State{models.Locating, models.InReview, models.Executing, models.Notifying, models.Delivering} {
		require.NoError(t, b.Advance(ctx, end.Erases, state, ""))
	}
	_, err = b.IssueReceipt(ctx, end.Erases, models.ID{}, models.Fulfilled)
	require.NoError(t, err)
	require.NoError(t, b.Advance(ctx, end.Erases, models.Closed, models.Fulfilled))
	end, err = b.SettleContractEnd(ctx, id)
	require.NoError(t, err)
	token, err := b.StatusToken(ctx, end.Erases)
	require.NoError(t, err)
	return end, "/certificates/" + token
}

func TestAFormerCustomerGetsItsCertificateByItsLink(t *testing.T) {
	t.Parallel()
	b := setup(t)
	end, path := erasedContract(t, b)
	page := b.get(b.client, path)
	require.Equal(t, http.StatusOK, page.status)
	pdf := b.get(b.client, path+"/certificate.pdf")
	require.Equal(t, "application/pdf", pdf.header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(pdf.body, "%PDF"))
	receipts, err := b.Receipts(t.Context(), models.ScopeOperator(), end.Erases)
	require.NoError(t, err)
	require.Contains(t, page.body, receipts[0].ID.String())
	require.Equal(t, string(receipts[0].Body), b.get(b.client, path+"/receipts/"+receipts[0].ID.String()).body)
	require.Equal(t, http.StatusNotFound, b.get(b.client, path+"/receipts/"+end.ID.String()).status)
	b.clock(60e9)
	require.Equal(t, pdf.body, b.get(b.signIn(b.keys[models.RoleDPO]), "/staff/contracts/"+end.ID.String()+"/certificate.pdf").body)

	f := b.verified(models.Erasure, "kim@example.com") // a person's link opens no certificate
	token, err := b.StatusToken(t.Context(), f.id)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, b.get(b.client, "/certificates/"+token).status)
}

func TestACertificateSaysWhatTheReceiptSaysAndIsMadeOfAGenuineOneOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	end, _ := erasedContract(t, b)
	receipts, err := b.Receipts(t.Context(), models.ScopeOperator(), end.Erases)
	require.NoError(t, err)
	keys, err := b.JWKS()
	require.NoError(t, err)
	c, err := certificate.Of(end, "Northwind", receipts[0].Body, keys)
	require.NoError(t, err)
	require.Equal(t, []any{"Northwind", end.Customer, end.Reference}, []any{c.Operator, c.Customer, c.Reference})
	require.Contains(t, c.Facts, [2]string{"Returned before", "not asked for"})
	require.Len(t, c.Receipt, 64)
	_, err = certificate.Of(end, "Northwind", []byte(strings.Replace(string(receipts[0].Body), "fulfilled", "refused", 1)), keys)
	require.ErrorContains(t, err, "receipt:")
	another := end
	another.Erases = end.ID
	_, err = certificate.Of(another, "Northwind", receipts[0].Body, keys)
	require.Equal(t, "no_certificate", models.CodeOf(err))
}
