package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
)

func TestACustomersAdministratorInvitesAndEndsItsOwnPeople(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.person(models.RoleController, b.acme.ID, "admin@acme.example")
	foreign := b.person(models.RoleController, b.globex.ID, "admin@globex.example")
	staff := b.person(models.RoleAuditor, models.ID{}, "auditor@northwind.example")
	c := b.browser()
	b.enter(c, admin)
	bad := b.post(c, "/staff/members", url.Values{"name": {""}, "email": {"vi@"}, "role": {"dpo"}})
	require.Equal(t, 400, bad.status)
	require.Equal(t, 400, b.post(c, "/staff/members", url.Values{"name": {"Vi"}, "email": {"vi@acme.example"}, "role": {"dpo"}}).status)
	// Whatever controller the form names, it is the administrator's own.
	done := b.post(c, "/staff/members", url.Values{"name": {"Vi Jansen"}, "email": {"vi@acme.example"}, "role": {"controller_viewer"}, "controller": {"globex"}})
	require.Equal(t, "/staff/members?note=invited", done.header.Get("Location"), done.body)
	require.Contains(t, b.post(c, "/staff/members", url.Values{"name": {"Vi"}, "email": {"VI@acme.example"}, "role": {"controller"}}).body, "There is an account with this address already")
	page := b.get(c, "/staff/members").body
	require.Contains(t, page, "Vi Jansen")
	require.NotContains(t, page, "globex")
	require.NotContains(t, page, "auditor@northwind.example")
	mails, err := b.ClaimLinkMails(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, mails, 1)

	viewer := b.browser()
	b.clock(time.Minute)
	require.Equal(t, "/staff", b.post(viewer, "/staff/link/"+mails[0].Token, url.Values{"password": {good}}).header.Get("Location"))
	require.Equal(t, 200, b.get(viewer, "/staff").status)
	require.Equal(t, 403, b.get(viewer, "/staff/members").status)
	require.NotContains(t, b.get(viewer, "/staff").body, `href="/staff/members"`)
	require.Equal(t, 200, b.get(viewer, "/staff/permissions").status)

	for _, id := range []models.ID{foreign.ID, staff.ID} {
		for _, act := range []string{"role", "link", "factors", "deactivate"} {
			a := b.post(c, "/staff/members/"+id.String()+"/"+act, url.Values{"role": {"controller_viewer"}})
			require.Equal(t, 404, a.status, act)
		}
	}
	own := b.post(c, "/staff/members/"+admin.ID.String()+"/deactivate", nil)
	require.Equal(t, http.StatusConflict, own.status)
	require.Contains(t, own.body, "Somebody else must do this to your account")
	end := regexp.MustCompile(`/staff/members/[0-9a-f-]{36}/deactivate`).FindString(page)
	require.Equal(t, "/staff/members?note=deactivated", b.post(c, end, nil).header.Get("Location"))
	require.Equal(t, "/staff/login", b.get(viewer, "/staff").header.Get("Location"), "at once")
}

func TestAViewerReadsAndDecidesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.file(models.Erasure, "sam@example.com")
	viewer := b.browser()
	b.enter(viewer, b.person(models.RoleViewer, b.acme.ID, "vi@acme.example"))
	path := "/staff/requests/" + f.id.String()
	page := b.get(viewer, path)
	require.Equal(t, 200, page.status)
	require.NotContains(t, page.body, `action="`+path)
	for _, post := range []string{path + "/decisions", path + "/identity", path + "/scan", "/staff/webhooks", "/staff/breaches"} {
		require.Equal(t, 403, b.post(viewer, post, url.Values{"kind": {"instruct"}}).status, post)
	}
	other := b.browser()
	b.enter(other, b.person(models.RoleViewer, b.globex.ID, "vi@globex.example"))
	require.Equal(t, 404, b.get(other, path).status)
}

func TestADecisionIsTheMembersAndTheLedgerNamesNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, p := b.inReview("sam@example.com")
	dpo := b.person(models.RoleDPO, models.ID{}, "canary.mara@northwind.example")
	c := b.browser()
	b.withApp(c, dpo)
	require.Equal(t, "/staff", b.post(c, "/staff/account/continue", nil).header.Get("Location"))
	path := "/staff/requests/" + f.id.String()
	a := b.post(c, path+"/decisions", url.Values{"kind": {"approve"}, "plan_digest": {p.Digest()}, "choice-3": {"keep"}})
	require.Equal(t, http.StatusSeeOther, a.status, a.body)
	decisions, err := b.Decisions(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	last := decisions[len(decisions)-1]
	require.Equal(t, request.Approve, last.Kind)
	require.Equal(t, models.Actor{Role: models.RoleDPO, ID: dpo.ID}, last.Actor)
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	for _, e := range entries {
		body, err := e.Body()
		require.NoError(t, err)
		require.NotContains(t, string(body), "Mara")
		require.NotContains(t, string(body), "canary")
	}
	text := b.log.String()
	require.Contains(t, text, dpo.ID.String(), "a call is somebody's")
	for _, secret := range []string{"canary", "Mara", good, "127.0.0"} {
		require.NotContains(t, text, secret)
	}
}

// TestAnOperatorGetsNoWayToThoseWhoDecide: who runs the machine gives nobody a role that decides, and takes no such person's account over.
func TestAnOperatorGetsNoWayToThoseWhoDecide(t *testing.T) {
	t.Parallel()
	b := setup(t)
	officer := b.person(models.RoleDPO, models.ID{}, "ada@northwind.example")
	colleague := b.person(models.RoleOperator, models.ID{}, "ole@northwind.example")
	c := b.browser()
	b.withApp(c, b.person(models.RoleOperator, models.ID{}, "eve@northwind.example"))
	require.Equal(t, http.StatusSeeOther, b.post(c, "/staff/account/continue", nil).status)
	page := b.get(c, "/staff/members").body
	for _, role := range []string{"dpo", "case_handler", "auditor"} {
		require.NotContains(t, page, `<option value="`+role+`"`)
		require.Equal(t, 403, b.post(c, "/staff/members", url.Values{"name": {"Eve"}, "email": {"eve+" + role + "@northwind.example"}, "role": {role}}).status, role)
		require.Equal(t, 403, b.post(c, "/staff/members/"+colleague.ID.String()+"/role", url.Values{"role": {role}}).status, role)
	}
	require.NotContains(t, page, officer.ID.String(), "no form about the officer")
	for _, act := range []string{"role", "link", "factors", "deactivate"} {
		require.Equal(t, 403, b.post(c, "/staff/members/"+officer.ID.String()+"/"+act, url.Values{"role": {"operator"}}).status, act)
	}
	require.Equal(t, "/staff/members?note=linked", b.post(c, "/staff/members/"+colleague.ID.String()+"/link", nil).header.Get("Location"))
	invited := b.post(c, "/staff/members", url.Values{"name": {"Kim"}, "email": {"kim@northwind.example"}, "role": {"operator"}})
	require.Equal(t, "/staff/members?note=invited", invited.header.Get("Location"), invited.body)
	links, err := b.ClaimLinkMails(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, links, 2)
}

func TestAnAccessKeyChangesNoAccounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	colleague := b.person(models.RoleOperator, models.ID{}, "ole@northwind.example")
	vera := b.person(models.RoleController, b.acme.ID, "vera@acme.example")
	for role, other := range map[models.Role]somebody{models.RoleDPO: colleague, models.RoleOperator: colleague, models.RoleController: vera} {
		b.clock(time.Minute)
		c := b.signIn(b.keys[role])
		page := b.get(c, "/staff/members")
		require.Contains(t, page.body, other.email)
		require.NotContains(t, page.body, `action="/staff/members`)
		refused := b.post(c, "/staff/members", url.Values{"name": {"Eve"}, "email": {"eve@northwind.example"}, "role": {string(other.Role)}})
		require.Equal(t, 404, refused.status)
		for _, act := range []string{"role", "link", "factors", "deactivate"} {
			require.Equal(t, 404, b.post(c, "/staff/members/"+other.ID.String()+"/"+act, url.Values{"role": {"operator"}}).status, act)
		}
	}
	list, err := b.Members(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Len(t, list, 2)
}
