package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

const shopMap = `
dataset:
  - fides_key: shop
    name: Web shop
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
          - {name: buyer, fides_meta: {references: [{dataset: shop, field: buyers.id, direction: from}]}}
          - {name: total, data_categories: [user.financial]}
  - fides_key: own
    habeas: {system: erp}
    collections:
      - name: staff
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.job], fides_meta: {identity: email}}
`

// mapped is a server that knows a data map with collections of acme and of the operator.
func mapped(t *testing.T) *bundle {
	t.Helper()
	datasets, problems := file.Parse("shop.yml", []byte(shopMap))
	require.Empty(t, problems)
	g, err := datamap.Compile(datasets)
	require.NoError(t, err)
	return setup(t, func(d *api.Deps) { d.Graph = g })
}

func TestAnInstructionIsNarrowedOverTheInterface(t *testing.T) {
	t.Parallel()
	b := mapped(t)
	key := b.keys[models.RoleController]
	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction)
	path := "/v1/requests/" + f.id.String()

	parts := b.call("GET", path+"/parts", key, "")
	require.Equal(t, http.StatusOK, parts.status, parts.body)
	require.JSONEq(t, `{"parts":[
		{"collection":"shop.buyers","system":"shop","dataset":"Web shop","description":"Customer accounts","categories":["user.contact.email"]},
		{"collection":"shop.invoices","system":"shop","dataset":"Web shop","categories":["user.financial"]}]}`, parts.body)
	require.Equal(t, 404, b.call("GET", path+"/parts", b.globexK, "").status)

	for name, c := range map[string]struct{ narrow, more, code, at string }{
		"an unknown category":        {`{"leave_out":{"categories":["user.job"]}}`, `,"reason":"x"`, "unknown_category", "/narrow/leave_out/categories"},
		"another's collection":       {`{"leave_out":{"collections":["own.staff"]}}`, `,"reason":"x"`, "unknown_collection", "/narrow/leave_out/collections"},
		"another's system":           {`{"only":{"systems":["erp"]}}`, `,"reason":"x"`, "unknown_system", "/narrow/only/systems"},
		"nothing is left":            {`{"leave_out":{"systems":["shop"]}}`, `,"reason":"x"`, "nothing_left", "/narrow/leave_out"},
		"nothing is left out":        {`{"leave_out":{}}`, `,"reason":"x"`, "nothing_left_out", "/narrow/leave_out"},
		"neither":                    {`{}`, `,"reason":"x"`, "bad_narrow", "/narrow"},
		"both":                       {`{"only":{"systems":["shop"]},"leave_out":{"systems":["shop"]}}`, `,"reason":"x"`, "bad_narrow", "/narrow"},
		"no reason":                  {`{"leave_out":{"categories":["user.financial"]}}`, "", "reason_missing", "/reason"},
		"a member that is not known": {`{"leave_out":{"tables":["x"]}}`, `,"reason":"x"`, "unknown_field", "/narrow"},
	} {
		a := b.call("POST", path+"/decisions", key, `{"kind":"instruct","narrow":`+c.narrow+c.more+`}`)
		require.Equal(t, http.StatusBadRequest, a.status, "%s: %s", name, a.body)
		require.Equal(t, c.code, a.code(t), name)
		require.Equal(t, c.at, a.json(t)["errors"].([]any)[0].(map[string]any)["pointer"], name)
	}
	a := b.call("POST", path+"/decisions", key, `{"kind":"instruct","narrow":{"leave_out":{"categories":["user.financial"]}},"reason":"We answer for them."}`)
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	narrowed, err := b.Narrowed(t.Context(), f.id)
	require.NoError(t, err)
	require.Equal(t, request.Narrowing{Categories: []string{"user.financial"}}, narrowed.Instruction)

	b.advance(f, models.Locating, models.InReview)
	_, err = b.SavePlan(t.Context(), plan.Plan{RequestID: f.id, Right: models.Erasure, Narrowed: narrowed, NeedsDecision: true, Groups: []plan.Group{
		{No: 1, System: "shop", Dataset: "shop", Collection: "invoices", Rows: 9, Proposed: models.TreatKeep, Reason: plan.ReasonLeftOut},
	}})
	require.NoError(t, err)
	got := b.call("GET", path+"/plan", key, "").json(t)["narrowed"].(map[string]any)
	require.Equal(t, "acme", got["controller"])
	require.Equal(t, "We answer for them.", got["reason"])
	require.Equal(t, map[string]any{"leave_out": map[string]any{"categories": []any{"user.financial"}}}, got["narrow"])

	page := b.get(b.signIn(b.keys[models.RoleDPO]), "/staff/requests/"+f.id.String()).body
	require.Contains(t, page, "Left out by instruction of Company acme")
	require.Contains(t, page, "payments and prices")
	require.Contains(t, page, "We answer for them.")
}

func TestWithoutADataMapNothingCanBeLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction)
	path, key := "/v1/requests/"+f.id.String(), b.keys[models.RoleController]
	require.Equal(t, "no_data_map", b.call("GET", path+"/parts", key, "").code(t))
	require.Equal(t, "no_data_map", b.call("POST", path+"/decisions", key, `{"kind":"instruct","narrow":{"only":{"systems":["x"]}},"reason":"x"}`).code(t))
}

func TestACustomerLeavesPartsOutOnThePage(t *testing.T) {
	t.Parallel()
	b := mapped(t)
	acme := b.signIn(b.keys[models.RoleController])
	f := b.verified(models.Access, "sam@example.com", models.AwaitingInstruction)
	path := "/staff/requests/" + f.id.String()
	require.Contains(t, b.get(acme, path).body, `href="`+path+`/narrow"`)
	page := b.get(acme, path+"/narrow")
	require.Equal(t, http.StatusOK, page.status, b.log.String())
	for _, said := range []string{"payments and prices", "Customer accounts", "Web shop: invoices", "All records of shop"} {
		require.Contains(t, page.body, said)
	}
	require.NotContains(t, page.body, "own.staff", "the operator's own data is none of the customer's")
	require.Equal(t, 404, b.get(b.signIn(b.globexK), path+"/narrow").status)
	require.Equal(t, 403, b.get(b.signIn(b.keys[models.RoleDPO]), path+"/narrow").status)

	for name, c := range map[string]struct {
		form url.Values
		says string
	}{
		"nothing chosen": {url.Values{"how": {"leave_out"}, "reason": {"x"}}, "Choose what stays out"},
		"all":            {url.Values{"how": {"leave_out"}, "system": {"shop"}, "reason": {"x"}}, "This leaves out all of the data"},
		"no reason":      {url.Values{"how": {"only"}, "collection": {"shop.buyers"}}, "Write the reason"},
		"another's":      {url.Values{"how": {"only"}, "collection": {"own.staff"}, "reason": {"x"}}, "The data map has changed"},
	} {
		a := b.post(acme, path+"/narrow", c.form)
		require.Equal(t, http.StatusBadRequest, a.status, name)
		require.Contains(t, a.body, c.says, name)
	}
	form := url.Values{"how": {"only"}, "collection": {"shop.buyers"}, "reason": {"Only the account is ours."}}
	require.Equal(t, http.StatusSeeOther, b.post(acme, path+"/narrow", form).status)
	narrowed, err := b.Narrowed(t.Context(), f.id)
	require.NoError(t, err)
	require.Equal(t, request.Narrowing{Only: true, Collections: []string{"shop.buyers"}}, narrowed.Instruction)
	require.Contains(t, b.get(acme, path).body, "Only: Customer accounts. All else is left out.")
	require.Equal(t, http.StatusConflict, b.post(acme, path+"/narrow", form).status)
}

func TestAStandingInstructionIsNarrowedOnThePage(t *testing.T) {
	t.Parallel()
	b := mapped(t)
	acme := b.signIn(b.keys[models.RoleController])
	form := url.Values{"right": {"access"}, "how": {"leave_out"}, "channel": {"portal", "api"}}
	a := b.post(acme, "/staff/instructions", form)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "Choose what stays out")
	form.Set("category", "user.financial")
	require.Contains(t, b.post(acme, "/staff/instructions", form).body, "Write the reason")
	form.Set("reason", "We answer for our invoices.")
	require.Equal(t, http.StatusSeeOther, b.post(acme, "/staff/instructions", form).status)
	page := b.get(b.signIn(b.keys[models.RoleDPO]), "/staff/instructions").body
	for _, said := range []string{"Left out: payments and prices.", "by the portal, by the API", "We answer for our invoices."} {
		require.Contains(t, page, said)
	}
	f := b.verified(models.Access, "sam@example.com", models.AwaitingInstruction)
	narrowed, err := b.Narrowed(t.Context(), f.id)
	require.NoError(t, err)
	require.Equal(t, []string{"user.financial"}, narrowed.Instruction.Categories)
}

func TestAStandingInstructionIsNarrowedOverTheInterface(t *testing.T) {
	t.Parallel()
	b := mapped(t)
	key := b.keys[models.RoleController]
	body := func(more string) string {
		return `{"right":"access","channels":["portal"],"narrow":{"only":{"collections":["shop.buyers"]}}` + more + `}`
	}
	require.Equal(t, "reason_missing", b.call("POST", "/v1/instructions", key, body("")).code(t))
	require.Equal(t, "unknown_collection", b.call("POST", "/v1/instructions", key, `{"right":"access","narrow":{"only":{"collections":["own.staff"]}},"reason":"x"}`).code(t))
	require.Equal(t, "bad_channel", b.call("POST", "/v1/instructions", key, `{"right":"access","channels":["pigeon"]}`).code(t))
	made := b.call("POST", "/v1/instructions", key, body(`,"reason":"Only the account is ours."`))
	require.Equal(t, http.StatusCreated, made.status, made.body)
	got := made.json(t)
	require.Equal(t, []any{"portal"}, got["channels"])
	require.Equal(t, "Only the account is ours.", got["reason"])
	require.Equal(t, map[string]any{"only": map[string]any{"collections": []any{"shop.buyers"}}}, got["narrow"])
}

// fourEyes has two persons approve acme's plans.
func (b *bundle) fourEyes() {
	b.t.Helper()
	b.acme.FourEyes = request.FourEyesErasure
	_, err := b.PutController(b.t.Context(), b.acme)
	require.NoError(b.t, err)
}

func TestTwoPersonsApproveAPlanOverTheInterface(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fourEyes()
	f, p := b.inReview("sam@example.com")
	path := "/v1/requests/" + f.id.String()
	approve := func(role models.Role, digest, choices string) answer {
		return b.call("POST", path+"/decisions", b.keys[role], fmt.Sprintf(`{"kind":"approve","plan_digest":%q%s}`, digest, choices))
	}
	first := approve(models.RoleDPO, p.Digest(), `,"choices":{"3":"keep"}`)
	require.Equal(t, http.StatusAccepted, first.status, first.body)
	require.Equal(t, true, first.json(t)["waits_for_second"])
	shown := b.call("GET", path+"/plan", b.keys[models.RoleDPO], "").json(t)
	require.Equal(t, true, shown["four_eyes"])
	require.Equal(t, "dpo", shown["first_approval"].(map[string]any)["role"])
	require.Equal(t, first.json(t)["id"], shown["first_approval"].(map[string]any)["id"])
	require.Equal(t, false, shown["decided"])
	digest := shown["digest"].(string)

	again := approve(models.RoleDPO, digest, "")
	require.Equal(t, http.StatusConflict, again.status)
	require.Equal(t, "approved_already", again.code(t))
	require.Equal(t, "plan_changed", approve(models.RoleHandler, p.Digest(), "").code(t), "not the plan as it was first shown")
	require.Equal(t, "approval_differs", approve(models.RoleHandler, digest, `,"choices":{"3":"erase"}`).code(t))
	second := approve(models.RoleHandler, digest, "")
	require.Equal(t, http.StatusAccepted, second.status, second.body)
	require.NotContains(t, second.json(t), "waits_for_second")
	shown = b.call("GET", path+"/plan", b.keys[models.RoleDPO], "").json(t)
	require.Equal(t, true, shown["decided"])
	require.NotContains(t, shown, "first_approval")
}

func TestTheFirstOfTwoApprovalsIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fourEyes()
	f, p := b.inReview("sam@example.com")
	path := "/staff/requests/" + f.id.String()
	ada, handler, acme := b.signIn(b.keys[models.RoleDPO]), b.signIn(b.keys[models.RoleHandler]), b.signIn(b.keys[models.RoleController])
	require.Contains(t, b.get(ada, path).body, "Two persons have to approve this plan")
	require.Contains(t, b.get(handler, path).body, "Approve the plan", "a case handler may be one of them")

	first := b.post(ada, path+"/decisions", url.Values{"kind": {"approve"}, "plan_digest": {p.Digest()}, "choice-3": {"keep"}, "reason": {"Checked."}})
	require.Equal(t, path+"?done=first", first.header.Get("Location"))
	own := b.get(ada, path+"?done=first").body
	require.Contains(t, own, "A second person has to approve the plan before it is carried out.")
	require.Contains(t, own, "You approved this plan on")
	require.NotContains(t, own, `name="kind" value="approve"`)
	theirs := b.get(handler, path).body
	require.Contains(t, theirs, "Key of dpo (data protection officer) approved this plan on")
	require.Contains(t, theirs, "Remark: Checked.")
	require.Contains(t, theirs, `name="kind" value="approve"`)
	require.Contains(t, b.get(acme, path).body, "Somebody (data protection officer) approved this plan on")
	require.NotContains(t, b.get(acme, path).body, "Key of dpo")

	chosen, _, err := b.Plan(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	require.Equal(t, http.StatusConflict, b.post(ada, path+"/decisions", url.Values{"kind": {"approve"}, "plan_digest": {chosen.Digest()}}).status)
	second := b.post(handler, path+"/decisions", url.Values{"kind": {"approve"}, "plan_digest": {chosen.Digest()}, "choice-3": {"keep"}})
	require.Equal(t, path+"?done=decided", second.header.Get("Location"))
	require.NotContains(t, b.get(ada, path).body, "approved this plan on")
}

func TestSeveralPlansAreApprovedByTwo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fourEyes()
	f, _ := b.inReview("sam@example.com")
	p, err := b.SavePlan(t.Context(), plan.Plan{RequestID: f.id, Right: models.Erasure, Groups: []plan.Group{
		{No: 1, System: "erp", Dataset: "shipments", Collection: "parties", Rows: 12, Proposed: models.TreatErase, Reason: plan.ReasonGround},
	}})
	require.NoError(t, err)
	ada, bob := b.signIn(b.keys[models.RoleDPO]), b.signIn(b.key(store.KeySpec{Role: models.RoleDPO, Name: "Bob"}))
	form := url.Values{"action": {"approve"}, "request": {f.id.String()}, "digest-" + f.id.String(): {p.Digest()}}
	require.Contains(t, b.post(ada, "/staff/bulk", form).body, "As the first of two approvals.")
	require.Contains(t, b.post(ada, "/staff/bulk/decisions", form).body, "A second person has to approve it.")
	require.Contains(t, b.post(ada, "/staff/bulk", form).body, "Somebody else has to approve it, too.")
	require.Contains(t, b.post(ada, "/staff/bulk/decisions", form).body, "Somebody else has to approve it, too.")
	require.NotContains(t, b.post(bob, "/staff/bulk", form).body, "As the first of two approvals.")
	done := b.post(bob, "/staff/bulk/decisions", form).body
	require.NotContains(t, done, "A second person")
	_, decided, err := b.Plan(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	require.True(t, decided)
}
