package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/plan"
)

func TestARequestIsFoundByReferenceAndByTheWholeAddressOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	b.file(models.Access, "kim@example.com")
	r, err := b.Request(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	dpo, globex := b.signIn(b.keys[models.RoleDPO]), b.signIn(b.globexK)

	found := b.post(dpo, "/staff/search", url.Values{"q": {" SAM@example.com "}})
	require.Equal(t, 200, found.status)
	require.Contains(t, found.body, r.Reference)
	require.Contains(t, found.body, "1 request was found")
	require.NotContains(t, found.body, "sam@example.com", "what was searched for is not shown again")
	require.NotContains(t, b.post(dpo, "/staff/search", url.Values{"q": {"sam@example"}}).body, r.Reference)
	require.NotContains(t, b.post(globex, "/staff/search", url.Values{"q": {"sam@example.com"}}).body, r.Reference, "another customer finds nothing")

	by := b.post(dpo, "/staff/search", url.Values{"q": {r.Reference}}).header.Get("Location")
	require.Contains(t, b.get(dpo, by).body, r.Reference)
	require.NotContains(t, b.get(globex, by).body, "/staff/requests/"+f.id.String())
	require.Equal(t, "/staff", b.post(dpo, "/staff/search", url.Values{"q": {" "}}).header.Get("Location"))
	require.NotContains(t, b.log.String(), "example.com")
}

func TestARequestIsFoundByWhatThePersonClaimed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.call("POST", "/v1/requests", "", `{"controller":"acme","right":"access","email":"sam@example.com","identities":[{"kind":"customer_number","value":"CN-0815 7"}]}`)
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	id := models.MustParseID(a.json(t)["id"].(string))
	dpo := b.signIn(b.keys[models.RoleDPO])
	for _, text := range []string{"cn-08157", "CN 0815/7", id.String()} {
		require.True(t, containsPath(b.post(dpo, "/staff/search", url.Values{"q": {text}}).body, id), text)
		require.False(t, containsPath(b.post(b.signIn(b.globexK), "/staff/search", url.Values{"q": {text}}).body, id), text)
	}
	none := b.post(dpo, "/staff/search", url.Values{"q": {"CN-0815"}})
	require.Equal(t, 200, none.status)
	require.Contains(t, none.body, "Nothing was found")
	require.Contains(t, none.body, "number of a shipment or consignment")
	require.NotContains(t, none.body, "CN-0815")
	require.NotContains(t, strings.ToLower(b.log.String()), "0815")
}

// TestTheFilterOffersAllThatTheModelKnows reads the constants themselves, so that a new one cannot be forgotten.
func TestTheFilterOffersAllThatTheModelKnows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	page := b.get(dpo, "/staff").body
	for name, of := range map[string]struct {
		file, kind string
	}{
		"right": {"right.go", "Right"}, "state": {"state.go", "State"}, "outcome": {"state.go", "Outcome"}, "channel": {"request/request.go", "Channel"},
		"waits": {"request/waiting.go", "Party"},
	} {
		values := constants(t, "../models/"+of.file, of.kind)
		require.NotEmpty(t, values, name)
		_, list, found := strings.Cut(page, `name="`+name+`"`)
		require.True(t, found, name)
		list, _, _ = strings.Cut(list, "</select>")
		for _, v := range values {
			require.Contains(t, list, `<option value="`+v+`"`, name)
			require.Contains(t, b.get(dpo, "/staff?"+name+"="+v).body, `<option value="`+v+`" selected`, name)
		}
		require.Equal(t, len(values)+1, strings.Count(list, "<option"), name)
	}
}

// constants are the values of the constants of a type in a file.
func constants(t *testing.T, file, kind string) (out []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != kind {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		out = append(out, value)
		return true
	})
	return out
}

func TestTheInboxIsFilteredByDateAndByWhomItWaitsFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com") // due on 1 March 2027
	dpo := b.signIn(b.keys[models.RoleDPO])
	shown := func(query string) bool {
		return containsPath(b.get(dpo, "/staff?"+query).body, f.id)
	}
	require.True(t, shown("waits=dpo"))
	require.False(t, shown("waits=person"))
	require.False(t, shown("due=soon"))
	b.clock(24 * 24 * time.Hour)
	dpo = b.signIn(b.keys[models.RoleDPO])
	require.True(t, shown("due=soon"))
	require.False(t, shown("due=overdue"))
	b.clock(10 * 24 * time.Hour)
	dpo = b.signIn(b.keys[models.RoleDPO])
	require.True(t, shown("due=overdue"))
	require.False(t, shown("due=soon"))
	require.Contains(t, b.get(dpo, "/staff?waits=person").body, "No request matches the filter")
}

func TestAViewIsKeptOpenedAndRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo, handler := b.signIn(b.keys[models.RoleDPO]), b.signIn(b.keys[models.RoleHandler])
	saved := b.post(dpo, "/staff/views", url.Values{"name": {"Decide next"}, "waits": {"dpo"}, "right": {"erasure"}, "controller": {"acme"}, "state": {"nonsense"}})
	require.Equal(t, "/staff?controller=acme&done=saved&right=erasure&waits=dpo", saved.header.Get("Location"))
	page := b.get(dpo, saved.header.Get("Location"))
	require.Contains(t, page.body, "Decide next")
	require.Contains(t, page.body, `<option value="dpo" selected>`)
	require.NotContains(t, b.get(handler, "/staff").body, "Decide next")
	require.Equal(t, 400, b.post(dpo, "/staff/views", url.Values{"name": {" "}, "waits": {"dpo"}}).status)

	who, err := b.Authenticate(t.Context(), b.keys[models.RoleDPO])
	require.NoError(t, err)
	views, err := b.Views(t.Context(), who)
	require.NoError(t, err)
	path := "/staff/views/" + views[0].ID.String() + "/remove"
	require.Equal(t, 404, b.post(handler, path, nil).status)
	require.Equal(t, http.StatusSeeOther, b.post(dpo, path, nil).status)
	require.NotContains(t, b.get(dpo, "/staff").body, "Decide next")
}

func TestSeveralRequestsAreDecidedEachByItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	referred, _ := b.inReview("sam@example.com")
	ready := b.verified(models.Erasure, "kim@example.com", models.AwaitingInstruction, models.Locating, models.InReview)
	p, err := b.SavePlan(t.Context(), plan.Plan{RequestID: ready.id, Right: models.Erasure, RuleSet: "test", Groups: []plan.Group{
		{No: 1, System: "erp", Dataset: "shipments", Collection: "parties", Rows: 12, Proposed: models.TreatErase, Reason: plan.ReasonGround},
	}})
	require.NoError(t, err)
	dpo := b.signIn(b.keys[models.RoleDPO])
	chosen := url.Values{"action": {"approve"}, "request": {referred.id.String(), ready.id.String()}}

	review := b.post(dpo, "/staff/bulk", chosen)
	require.Contains(t, review.body, "1 request can be decided.")
	require.Contains(t, review.body, "Part of the plan is referred to the DPO")
	require.Contains(t, review.body, `name="digest-`+ready.id.String()+`" value="`+p.Digest()+`"`)
	require.NotContains(t, review.body, `value="`+referred.id.String()+`"`)
	decisions := func(f filed) int {
		list, err := b.Decisions(t.Context(), models.ScopeOperator(), f.id)
		require.NoError(t, err)
		return len(list)
	}
	before := decisions(ready)

	stale := b.post(dpo, "/staff/bulk/decisions", url.Values{"action": {"approve"}, "request": {ready.id.String()}, "digest-" + ready.id.String(): {"0"}})
	require.Contains(t, stale.body, "The plan is not the one that was shown")
	require.Contains(t, stale.body, "0 decisions were recorded.")
	require.Equal(t, before, decisions(ready))

	chosen.Set("digest-"+ready.id.String(), p.Digest())
	done := b.post(dpo, "/staff/bulk/decisions", chosen)
	require.Contains(t, done.body, "1 decision was recorded.")
	require.Equal(t, before+1, decisions(ready))
	require.Contains(t, b.post(dpo, "/staff/bulk/decisions", chosen).body, "0 decisions were recorded.", "once more changes nothing")

	extend := url.Values{"action": {"extend"}, "request": {referred.id.String()}}
	require.Contains(t, b.post(dpo, "/staff/bulk/decisions", extend).body, "Give the reason in words")
	extend.Set("reason", "Several systems.")
	require.Contains(t, b.post(dpo, "/staff/bulk/decisions", extend).body, "1 decision was recorded.")
}

func TestWhoMayNotDecideOneMayNotDecideSeveral(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction)
	handler, acme, globex := b.signIn(b.keys[models.RoleHandler]), b.signIn(b.keys[models.RoleController]), b.signIn(b.globexK)
	form := func(action string) url.Values {
		return url.Values{"action": {action}, "request": {f.id.String()}}
	}
	require.Equal(t, 403, b.post(handler, "/staff/bulk/decisions", form("approve")).status)
	require.Equal(t, 400, b.post(handler, "/staff/bulk/decisions", form("refuse")).status)
	require.Equal(t, 400, b.post(handler, "/staff/bulk", url.Values{"action": {"extend"}}).status)
	require.Equal(t, 404, b.post(globex, "/staff/bulk", form("instruct")).status)
	require.Equal(t, 404, b.post(globex, "/staff/bulk/decisions", form("instruct")).status)
	require.Contains(t, b.post(acme, "/staff/bulk", form("instruct")).body, "1 request can be decided.")
	require.Contains(t, b.post(acme, "/staff/bulk/decisions", form("instruct")).body, "1 decision was recorded.")
}

// containsPath reports whether a page leads to a request.
func containsPath(body string, id models.ID) bool {
	return strings.Contains(body, "/staff/requests/"+id.String())
}
