package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

func TestEachRightIsAskedForWithWhatItNeeds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		members string
		code    string
		pointer string
	}{
		"restriction":              {`"right":"restriction","ground":"accuracy"`, "", ""},
		"no ground":                {`"right":"restriction"`, "missing_ground", "/ground"},
		"another ground":           {`"right":"restriction","ground":"mood"`, "unknown_ground", "/ground"},
		"marketing":                {`"right":"objection","purposes":["direct_marketing","profiling"]`, "", ""},
		"a weighed purpose":        {`"right":"objection","purposes":["research"],"situation":"I am known to the authors."`, "", ""},
		"no purpose":               {`"right":"objection"`, "missing_purpose", "/purposes"},
		"another purpose":          {`"right":"objection","purposes":["war"]`, "unknown_purpose", "/purposes"},
		"no situation":             {`"right":"objection","purposes":["direct_marketing","research"]`, "missing_situation", "/situation"},
		"rectification in words":   {`"right":"rectification","wrong":"My name.","correct":"It is Sam."`, "", ""},
		"rectification by fields":  {`"right":"rectification","corrections":[{"field":"name","value":"Sam"}]`, "", ""},
		"nothing is right":         {`"right":"rectification","wrong":"My name."`, "missing_correction", "/correct"},
		"a field without a name":   {`"right":"rectification","corrections":[{"field":" ","value":"Sam"}]`, "bad_correction", "/corrections"},
		"what another right needs": {`"right":"erasure","ground":"accuracy"`, "not_of_this_right", "/ground"},
		"a value that is too long": {`"right":"rectification","corrections":[{"field":"name","value":"` + strings.Repeat("x", 1001) + `"}]`, "too_long", "/corrections/0/value"},
		"a member nobody knows":    {`"right":"restriction","ground":"accuracy","mood":"bad"`, "unknown_field", "/"},
	} {
		a := b.call("POST", "/v1/requests", "", `{"controller":"acme","email":"`+strings.ReplaceAll(name, " ", ".")+`@example.com",`+c.members+`}`)
		if c.code == "" {
			require.Equal(t, http.StatusAccepted, a.status, "%s: %s", name, a.body)
			continue
		}
		require.Equal(t, http.StatusBadRequest, a.status, name)
		require.Equal(t, c.code, a.code(t), name)
		require.Contains(t, a.body, `"pointer":"`+c.pointer+`"`, name)
	}
}

func TestTheFormsOfTheRightsComeBackWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const evil = `"><script>x</script>`
	form := url.Values{"right": {"rectification"}, "controller": {"acme"}, "email": {"sam@example.com"}, "wrong": {evil}, "corrections": {"street: " + evil}}
	a := b.post(b.client, "/requests", form)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "Write each line as field = value")
	require.NotContains(t, a.body, "<script>x")
	require.Contains(t, a.body, "&lt;script&gt;x")

	form = url.Values{"right": {"objection"}, "controller": {"acme"}, "email": {"sam@example.com"}, "purpose": {"profiling", "direct_marketing"}}
	require.Equal(t, http.StatusSeeOther, b.post(b.client, "/requests", form).status, "no reason is needed")
	form = url.Values{"right": {"restriction"}, "controller": {"acme"}, "email": {"sam@example.com"}}
	a = b.post(b.client, "/requests", form)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, `href="#ground"`)
	form.Set("ground", "claims")
	require.Equal(t, http.StatusSeeOther, b.post(b.client, "/requests", form).status)
	for _, right := range models.Rights() {
		require.Equal(t, 200, b.get(b.client, "/requests/new?right="+string(right)).status, right)
		require.Contains(t, b.get(b.client, "/").body, "right="+string(right))
	}
}

// sharedRows is acme's request in review with one group of two rows, one of which has a copy to look at.
func (b *bundle) sharedRows(right models.Right, options ...models.Treatment) (filed, plan.Plan) {
	b.t.Helper()
	ctx, address := b.t.Context(), datamap.Address{Dataset: "chat", Collection: "messages"}
	f := b.fileWith(right)
	require.NoError(b.t, b.VerifyByCode(ctx, f.token, b.issue(f).Code))
	b.advance(f, models.AwaitingInstruction, models.Locating)
	var rows []datamap.FoundRow
	for n := range 2 {
		rows = append(rows, datamap.FoundRow{
			System: "chat", Address: address, Key: datamap.Key{datamap.Int(int64(n))}, Shared: true,
			Reason: datamap.ShareReason{Code: datamap.SharedOtherIdentity, Via: address},
		})
	}
	_, err := b.Found(f.id).Add(ctx, rows)
	require.NoError(b.t, err)
	sorting, err := b.GroupRows(ctx, f.id, func(store.LocatedRow) (int, error) { return 1, nil })
	require.NoError(b.t, err)
	p, err := b.SavePlan(ctx, plan.Plan{RequestID: f.id, Right: right, RuleSet: "test", Sorting: sorting, Groups: []plan.Group{{
		No: 1, System: "chat", Dataset: "chat", Collection: "messages", Rows: 2, Proposed: models.TreatRefer, Reason: plan.ReasonShared, Options: options,
		SharedWith: "chat.messages", Fields: []plan.Field{{Name: "id", Fixed: true}, {Name: "body"}},
	}}})
	require.NoError(b.t, err)
	require.NoError(b.t, b.KeepValues(ctx, f.id, address, []datamap.Key{{datamap.Int(0)}}, []datamap.Row{{
		Columns: []string{"id", "body"}, Values: []datamap.Value{datamap.Int(0), datamap.Text(`Dear <b>neighbour</b>`)},
	}}))
	b.advance(f, models.InReview)
	return f, p
}

// fileWith files a public request of a right with what it needs.
func (b *bundle) fileWith(right models.Right) filed {
	b.t.Helper()
	a := b.call("POST", "/v1/requests", "", `{"controller":"acme","right":"`+string(right)+`","email":"sam@example.com","correct":"See my passport."}`)
	if right != models.Rectification {
		return b.file(right, "sam@example.com")
	}
	require.Equal(b.t, http.StatusAccepted, a.status, a.body)
	_, token, _ := strings.Cut(a.json(b.t)["status_url"].(string), "/status/")
	return filed{models.MustParseID(a.json(b.t)["id"].(string)), token}
}

func TestTheDPOLooksAtSharedRowsAndDecidesAboutThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, p := b.sharedRows(models.Access, models.TreatRedact, models.TreatWithhold)
	path := "/staff/requests/" + f.id.String() + "/groups/1"
	dpo, auditor, other := b.signIn(b.keys[models.RoleDPO]), b.signIn(b.keys[models.RoleAuditor]), b.signIn(b.globexK)
	require.Contains(t, b.get(dpo, "/staff/requests/"+f.id.String()).body, path)
	for _, c := range []*http.Client{dpo, auditor} {
		page := b.get(c, path)
		require.Equal(t, 200, page.status)
		require.Contains(t, page.body, "another person&#39;s identifier")
		require.NotContains(t, page.body, "neighbour", "what is in it is hidden")
	}
	require.NotContains(t, b.get(auditor, path).body, `action="`+path)
	require.Equal(t, 404, b.get(other, path).status)
	require.Equal(t, 404, b.post(other, path+"/values", nil).status)
	require.Equal(t, 403, b.post(auditor, path+"/values", nil).status)
	require.Equal(t, 404, b.get(dpo, "/staff/requests/"+f.id.String()+"/groups/7").status)
	require.Equal(t, 404, b.get(dpo, "/staff/requests/"+f.id.String()+"/groups/x").status)

	shown := b.post(dpo, path+"/values?after=0&from=0", nil)
	require.Equal(t, 200, shown.status)
	require.Contains(t, shown.body, "Dear &lt;b&gt;neighbour&lt;/b&gt;")
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	require.Equal(t, "rows.viewed", entries[len(entries)-1].Kind)
	require.Equal(t, models.RoleDPO, entries[len(entries)-1].Actor.Role)

	_, after, _ := strings.Cut(shown.body, `name="row" value="`)
	name, _, _ := strings.Cut(after, `"`)
	form := url.Values{"plan_digest": {p.Digest()}, "rows": {"chosen"}, "treatment": {"redact"}, "field": {"body"}, "reason": {"It names somebody."}}
	a := b.post(dpo, path+"/decision", form)
	require.Equal(t, 400, a.status)
	require.Contains(t, a.body, "Choose the records")
	form.Set("row", name)
	require.Equal(t, 403, b.post(b.signIn(b.keys[models.RoleHandler]), path+"/decision", form).status)
	require.Equal(t, http.StatusSeeOther, b.post(dpo, path+"/decision", form).status)
	a = b.post(dpo, path+"/decision", form)
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, a.body, "not the one that was shown")
	got := b.call("GET", "/v1/requests/"+f.id.String()+"/plan", b.keys[models.RoleController], "")
	require.Contains(t, got.body, `"marked":["body"]`)
	require.NotContains(t, b.log.String(), "neighbour")
}

func TestACorrectionIsEnteredInTheConsoleAndTakenBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, p := b.sharedRows(models.Rectification)
	path := "/staff/requests/" + f.id.String() + "/groups/1"
	dpo := b.signIn(b.keys[models.RoleDPO])
	form := url.Values{"plan_digest": {p.Digest()}, "field": {"id"}, "value": {"Sam Canary"}}
	a := b.post(dpo, path+"/corrections", form)
	require.Equal(t, 400, a.status)
	require.Contains(t, a.body, "cannot be corrected")
	form.Set("field", "body")
	require.Equal(t, http.StatusSeeOther, b.post(dpo, path+"/corrections", form).status)
	require.NotContains(t, b.get(dpo, path).body, "Sam Canary", "shown only with the records")
	require.Contains(t, b.post(dpo, path+"/values", nil).body, "Sam Canary")
	list := b.call("GET", "/v1/requests/"+f.id.String()+"/corrections", b.keys[models.RoleController], "")
	require.Contains(t, list.body, `"field":"body"`)
	require.NotContains(t, list.body, "Canary")
	require.Equal(t, "not_found", b.call("GET", "/v1/requests/"+f.id.String()+"/corrections", b.globexK, "").code(t))
	require.Equal(t, "key_missing", b.call("GET", "/v1/requests/"+f.id.String()+"/corrections", "", "").code(t))

	body := b.get(dpo, path).body
	_, after, _ := strings.Cut(body, `name="plan_digest" value="`)
	digest, _, _ := strings.Cut(after, `"`)
	_, after, _ = strings.Cut(body, `name="correction" value="`)
	id, _, _ := strings.Cut(after, `"`)
	require.Equal(t, http.StatusSeeOther, b.post(dpo, path+"/corrections/drop", url.Values{"plan_digest": {digest}, "correction": {id}}).status)
	require.NotContains(t, b.get(dpo, path).body, "Corrections entered")
	request := b.get(dpo, "/staff/requests/"+f.id.String()).body
	require.Contains(t, request, "Approve the corrections")
	require.NotContains(t, b.log.String(), "Canary")
}

func TestTheSuppressionListAnswersItsOwnControllerAndNobodyElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := store.Submission{
		Controller: b.acme, Right: models.Objection, Channel: request.ChannelController, Vouched: true, Language: "en", Actor: models.Actor{Role: models.RoleController},
		Subject: request.Subject{
			Email: "sam@example.com", Identities: []request.Identity{{Kind: "email", Value: "sam@example.com"}},
			Statement: request.Statement{Purposes: []request.Purpose{request.DirectMarketing}},
		},
	}
	got, err := b.Submit(t.Context(), sub)
	require.NoError(t, err)
	require.NoError(t, b.AddObjection(t.Context(), got.RequestID, sub.Subject.Statement.Purposes))
	ask := func(key, controller, purpose string) answer {
		return b.call("POST", "/v1/suppressions/check", key,
			`{`+controller+`"purpose":"`+purpose+`","identities":[{"kind":"email","value":"Sam@example.com"},{"kind":"email","value":"kim@example.com"}]}`)
	}
	const yes, no = `{"suppressed":[true,false]}`, `{"suppressed":[false,false]}`
	acme := b.keys[models.RoleController]
	require.JSONEq(t, yes, ask(acme, "", "direct_marketing").body)
	require.JSONEq(t, no, ask(acme, "", "profiling").body)
	require.JSONEq(t, no, ask(b.globexK, "", "direct_marketing").body)
	require.Equal(t, "unknown_controller", ask(b.globexK, `"controller":"acme",`, "direct_marketing").code(t))
	require.Equal(t, "unknown_controller", ask(b.globexK, `"controller":"nobody",`, "direct_marketing").code(t), "the same whether or not there is one")
	require.JSONEq(t, yes, ask(b.keys[models.RoleDPO], `"controller":"acme",`, "direct_marketing").body)
	require.Equal(t, "missing_controller", ask(b.keys[models.RoleDPO], "", "direct_marketing").code(t))
	require.Equal(t, "key_missing", ask("", "", "direct_marketing").code(t))
	require.Equal(t, "role_forbidden", ask(b.keys[models.RoleAuditor], "", "direct_marketing").code(t))
	require.Equal(t, "unknown_purpose", ask(acme, "", "erased").code(t), "why somebody is on the list is not said")
	limited := 0
	for range 200 {
		if a := ask(b.globexK, "", "direct_marketing"); a.status == http.StatusTooManyRequests {
			require.NotEmpty(t, a.header.Get("Retry-After"))
			limited++
		}
	}
	require.Positive(t, limited)
	require.JSONEq(t, yes, ask(acme, "", "direct_marketing").body, "another key has its own measure")
	require.NotContains(t, b.log.String(), "sam@")
}
