package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestACustomerFilesARequestForAPersonItVouchesFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acme := b.signIn(b.keys[models.RoleController])
	require.Contains(t, b.get(acme, "/staff").body, `href="/staff/requests/new"`)
	require.Contains(t, b.get(acme, "/staff/requests/new").body, `/staff/requests/new?right=erasure`)
	require.Contains(t, b.get(acme, "/staff/requests/new?right=erasure").body, "We have identified this person")

	form := url.Values{"right": {"erasure"}, "email": {"sam@"}, "name": {"Sam Sample"}, "identity-phone_number": {"+49 30 1234"}, "language": {"de"}, "vouched": {"true"}, "controller": {"globex"}}
	require.Equal(t, 400, b.post(acme, "/staff/requests", form).status, "another's data")
	form.Del("controller")
	bad := b.post(acme, "/staff/requests", form)
	require.Equal(t, 400, bad.status)
	require.Contains(t, bad.body, `href="#email"`)
	require.Contains(t, bad.body, "Sam Sample", "what was typed is kept")
	form.Set("email", "sam@example.com")
	filed := b.post(acme, "/staff/requests", form)
	require.Equal(t, http.StatusSeeOther, filed.status, filed.body)

	id, _, _ := strings.Cut(strings.TrimPrefix(filed.header.Get("Location"), "/staff/requests/"), "?")
	r, err := b.Request(t.Context(), models.ScopeOf(b.acme.ID), models.MustParseID(id))
	require.NoError(t, err)
	require.Equal(t, "controller", string(r.Channel))
	require.Equal(t, "de", r.Language)
	require.False(t, r.VerifiedAt.IsZero(), "the customer answers for the person")
	require.Contains(t, b.get(acme, filed.header.Get("Location")).body, "The request has been filed.")
	require.NotContains(t, filed.header.Get("Location"), "sam")
}

func TestWhatStaffEnterIsConfirmedByThePerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	handler := b.signIn(b.keys[models.RoleHandler])
	form := url.Values{"right": {"objection"}, "email": {"sam@example.com"}, "controller": {"acme"}, "purpose": {"direct_marketing"}}
	vouched := url.Values{"vouched": {"true"}}
	for k, v := range form {
		vouched[k] = v
	}
	require.Equal(t, 400, b.post(handler, "/staff/requests", vouched).status, "only a customer vouches")
	filed := b.post(handler, "/staff/requests", form)
	require.Equal(t, http.StatusSeeOther, filed.status, filed.body)
	id, _, _ := strings.Cut(strings.TrimPrefix(filed.header.Get("Location"), "/staff/requests/"), "?")
	r, err := b.Request(t.Context(), models.ScopeOperator(), models.MustParseID(id))
	require.NoError(t, err)
	require.Equal(t, "staff", string(r.Channel))
	require.True(t, r.VerifiedAt.IsZero())
	require.Equal(t, 403, b.get(b.signIn(b.keys[models.RoleAuditor]), "/staff/requests/new").status)
}
