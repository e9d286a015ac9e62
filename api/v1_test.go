package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/store"
)

func TestSubmittingARequestIsAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.call("POST", "/v1/requests", "", `{"controller":"acme","right":"access","email":"sam@example.com","name":"Sam",
		"identities":[{"kind":"phone_number","value":"+49 30 1"}],"message":"hello","language":"de-AT"}`)
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	got := a.json(t)
	require.Equal(t, "verifying", got["state"])
	require.NotEmpty(t, got["reference"])
	require.Equal(t, got["status_url"], a.header.Get("Location"))
	require.True(t, strings.HasPrefix(got["status_url"].(string), "http://habeas.test/status/"))

	subject, err := b.Subject(t.Context(), models.ScopeOperator(), models.MustParseID(got["id"].(string)))
	require.NoError(t, err)
	require.Len(t, subject.Identities, 1, "the mail will prove the address and nothing else")
	require.Equal(t, "email", subject.Identities[0].Kind)
	require.Equal(t, "+49 30 1", subject.Claimed[0].Value.Reveal())
}

func TestBadSubmissionsAreRefusedWithStableCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := strings.Repeat("x", 70<<10)
	for name, c := range map[string]struct {
		body, key, code string
		status          int
		pointer         string
	}{
		"unknown right":         {`{"controller":"acme","right":"oblivion","email":"a@example.com"}`, "", "unknown_right", 400, "/right"},
		"malformed address":     {`{"controller":"acme","right":"access","email":"canary-at-example"}`, "", "bad_email", 400, "/email"},
		"address with a name":   {`{"controller":"acme","right":"access","email":"Sam <a@example.com>"}`, "", "bad_email", 400, "/email"},
		"address with newline":  {`{"controller":"acme","right":"access","email":"a@example.com\r\nBcc: x@y.example"}`, "", "bad_email", 400, "/email"},
		"no domain":             {`{"controller":"acme","right":"access","email":"a@localhost"}`, "", "bad_email", 400, "/email"},
		"no address":            {`{"controller":"acme","right":"access"}`, "", "bad_email", 400, "/email"},
		"missing controller":    {`{"right":"access","email":"a@example.com"}`, "", "missing_controller", 400, "/controller"},
		"unknown controller":    {`{"controller":"canary","right":"access","email":"a@example.com"}`, "", "unknown_controller", 400, "/controller"},
		"another's controller":  {`{"controller":"globex","right":"access","email":"a@example.com"}`, "controller", "unknown_controller", 400, "/controller"},
		"unknown member":        {`{"controller":"acme","right":"access","email":"a@example.com","canary":1}`, "", "unknown_field", 400, "/"},
		"state set by a client": {`{"controller":"acme","right":"access","email":"a@example.com","state":"closed"}`, "", "unknown_field", 400, "/"},
		"wrong type":            {`{"controller":"acme","right":1,"email":"a@example.com"}`, "", "wrong_type", 400, "/right"},
		"too many identities":   {`{"controller":"acme","right":"access","email":"a@example.com","identities":[` + strings.TrimSuffix(strings.Repeat(`{"kind":"k","value":"v"},`, 11), ",") + `]}`, "", "too_many_items", 400, "/identities"},
		"a second address":      {`{"controller":"acme","right":"access","email":"a@example.com","identities":[{"kind":"email","value":"canary@example.com"}]}`, "", "bad_identity", 400, "/identities"},
		"bad language":          {`{"controller":"acme","right":"access","email":"a@example.com","language":"<x>"}`, "", "bad_language", 400, "/language"},
		"vouched by a stranger": {`{"controller":"acme","right":"access","email":"a@example.com","identity_vouched":true}`, "", "not_vouchable", 400, "/identity_vouched"},
		"no JSON":               {`{"canary"`, "", "bad_json", 400, ""},
		"empty":                 {``, "", "missing_body", 400, ""},
		"too large":             {`{"message":"` + long + `"}`, "", "body_too_large", 413, ""},
		"text too long":         {`{"controller":"acme","right":"access","email":"a@example.com","message":"` + long[:5000] + `"}`, "", "too_long", 400, "/message"},
		"bad key":               {`{"controller":"acme","right":"access","email":"a@example.com"}`, "habeas_dpo_00_canary", "bad_key", 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			key := c.key
			if key == "controller" {
				key = b.keys[models.RoleController]
			}
			a := b.call("POST", "/v1/requests", key, c.body)
			require.Equal(t, c.code, a.code(t), a.body)
			require.Equal(t, c.status, a.status)
			require.NotContains(t, a.body, "canary", "what was sent is never repeated")
			got := a.json(t)
			require.Equal(t, "http://habeas.test/problems/"+c.code, got["type"])
			require.Equal(t, a.header.Get("X-Request-Id"), got["instance"])
			if c.pointer != "" {
				first := got["errors"].([]any)[0].(map[string]any)
				require.Equal(t, map[string]any{"pointer": c.pointer, "code": c.code}, first)
			}
		})
	}
}

func TestABodyOfUnknownLengthIsLimitedToo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r, err := http.NewRequestWithContext(t.Context(), "POST", b.url+"/v1/requests", struct{ *strings.Reader }{strings.NewReader(`{"message":"` + strings.Repeat("x", 70<<10) + `"}`)})
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	require.Equal(t, "body_too_large", b.do(b.client, r).code(t))
}

func TestAReplayedIdempotencyKeyGivesTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := `{"controller":"acme","right":"access","email":"sam@example.com"}`
	first := b.call("POST", "/v1/requests", "", body, "Idempotency-Key", "k1")
	require.Equal(t, http.StatusAccepted, first.status)
	again := b.call("POST", "/v1/requests", "", `{ "email":"sam@example.com", "right":"access","controller":"acme"}`, "Idempotency-Key", "k1")
	require.Equal(t, first.body, again.body, "the members' order does not matter")
	other := b.call("POST", "/v1/requests", "", strings.Replace(body, "sam", "tom", 1), "Idempotency-Key", "k1")
	require.Equal(t, http.StatusUnprocessableEntity, other.status)
	require.Equal(t, "idempotency_key_reused", other.code(t))
}

func TestKnownAndUnknownAddressesGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.verified(models.Access, "known@example.com", models.AwaitingInstruction)
	shape := func(email string) (int, []string, string, int) {
		a := b.call("POST", "/v1/requests", "", `{"controller":"acme","right":"access","email":"`+email+`"}`)
		var names []string
		got := a.json(t)
		for name := range got {
			names = append(names, fmt.Sprint(name, len(fmt.Sprint(got[name]))))
		}
		return a.status, names, got["state"].(string), len(a.body)
	}
	status, names, state, size := shape("known@example.com")
	status2, names2, state2, size2 := shape("never@example.com")
	require.Equal(t, status, status2)
	require.ElementsMatch(t, names, names2)
	require.Equal(t, state, state2)
	require.Equal(t, size, size2)
}

func TestAControllerFilesForItsOwnPersonAndVouches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.call("POST", "/v1/requests", b.keys[models.RoleController], `{"right":"erasure","email":"sam@example.com","identity_vouched":true,
		"identities":[{"kind":"customer_number","value":"C-1"},{"kind":"email","value":"old@example.com"}]}`)
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	subject, err := b.Subject(t.Context(), models.ScopeOperator(), models.MustParseID(a.json(t)["id"].(string)))
	require.NoError(t, err)
	require.Len(t, subject.Identities, 3)
	require.Empty(t, subject.Claimed)
	r, err := b.Request(t.Context(), models.ScopeOf(b.acme.ID), models.MustParseID(a.json(t)["id"].(string)))
	require.NoError(t, err)
	require.False(t, r.VerifiedAt.IsZero())
	require.Equal(t, "controller", string(r.Channel))
}

func TestStatusIsMaskedUntilVerified(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.file(models.Erasure, "sam@example.com")
	masked := b.call("GET", "/v1/status/"+f.token, "", "").json(t)
	require.Equal(t, map[string]any{"reference": masked["reference"], "masked": true, "state": "verifying"}, masked)
	require.Equal(t, "not_verified", b.call("POST", "/v1/status/"+f.token+"/withdraw", "", "").code(t))

	issued := b.issue(f)
	wrong := b.call("POST", "/v1/status/"+f.token+"/verify", "", `{"code":"0000-0000"}`)
	require.Equal(t, "wrong_code", wrong.code(t))
	require.Equal(t, 400, wrong.status)
	right := b.call("POST", "/v1/status/"+f.token+"/verify", "", `{"code":" `+issued.Code+` "}`)
	require.Equal(t, 200, right.status, right.body)
	require.Equal(t, "erasure", right.json(t)["right"])
	require.Equal(t, "link_used", b.call("POST", "/v1/status/"+f.token+"/verify", "", `{"code":"`+issued.Code+`"}`).code(t))
	require.Equal(t, 202, b.call("POST", "/v1/status/"+f.token+"/withdraw", "", "").status)
	require.Equal(t, "not_found", b.call("GET", "/v1/status/nonsense", "", "").code(t))
}

func TestWrongCodesEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.file(models.Access, "sam@example.com")
	issued := b.issue(f)
	var last answer
	for range 5 {
		last = b.call("POST", "/v1/status/"+f.token+"/verify", "", `{"code":"00000000"}`)
	}
	require.Equal(t, "too_many_attempts", last.code(t))
	require.Equal(t, "too_many_attempts", b.call("POST", "/v1/status/"+f.token+"/verify", "", `{"code":"`+issued.Code+`"}`).code(t))
	require.Equal(t, 202, b.call("POST", "/v1/status/"+f.token+"/resend", "", "").status)
	require.Equal(t, 200, b.call("POST", "/v1/status/"+f.token+"/verify", "", `{"code":"`+b.issue(f).Code+`"}`).status)
}

func TestADecisionNeedsThePlanThatWasShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, p := b.inReview("sam@example.com")
	path := "/v1/requests/" + f.id.String()
	shown := b.call("GET", path+"/plan", b.keys[models.RoleDPO], "").json(t)
	require.Equal(t, p.Digest(), shown["digest"])
	decide := func(key, body string) answer { return b.call("POST", path+"/decisions", key, body) }
	dpo := b.keys[models.RoleDPO]

	require.Equal(t, "plan_changed", decide(dpo, `{"kind":"approve","plan_digest":"`+strings.Repeat("0", 64)+`"}`).code(t))
	missing := decide(dpo, `{"kind":"approve","plan_digest":"`+p.Digest()+`"}`)
	require.Equal(t, "choice_missing", missing.code(t))
	require.Equal(t, "choice_not_offered", decide(dpo, `{"kind":"approve","plan_digest":"`+p.Digest()+`","choices":{"1":"keep"}}`).code(t))
	require.Equal(t, "unknown_group", decide(dpo, `{"kind":"approve","plan_digest":"`+p.Digest()+`","choices":{"x":"keep"}}`).code(t))
	require.Equal(t, "reason_missing", decide(dpo, `{"kind":"refuse"}`).code(t))
	require.Equal(t, "unknown_decision", decide(dpo, `{"kind":"canary"}`).code(t))
	require.Equal(t, "decision_forbidden", decide(b.keys[models.RoleHandler], `{"kind":"approve","plan_digest":"`+p.Digest()+`"}`).code(t))
	require.Equal(t, "decision_not_open", decide(b.keys[models.RoleController], `{"kind":"instruct"}`).code(t))
	require.Equal(t, "not_found", decide(b.globexK, `{"kind":"instruct"}`).code(t))

	ok := decide(dpo, `{"kind":"approve","plan_digest":"`+p.Digest()+`","choices":{"3":"keep"}}`)
	require.Equal(t, http.StatusAccepted, ok.status, ok.body)
	require.Equal(t, http.StatusConflict, decide(dpo, `{"kind":"refuse","reason":"late"}`).status)
	require.Equal(t, true, b.call("GET", path+"/plan", dpo, "").json(t)["decided"])
}

func TestOnlyTheInstructingControllerMayInstruct(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction)
	path := "/v1/requests/" + f.id.String() + "/decisions"
	require.Equal(t, 404, b.call("POST", path, b.globexK, `{"kind":"instruct"}`).status)
	require.Equal(t, 403, b.call("POST", path, b.keys[models.RoleDPO], `{"kind":"instruct"}`).status)
	require.Equal(t, 202, b.call("POST", path, b.keys[models.RoleController], `{"kind":"instruct"}`).status)
	require.Equal(t, "already_decided", b.call("POST", path, b.keys[models.RoleController], `{"kind":"decline","reason":"no"}`).code(t))
}

func TestAnotherCustomersRequestIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	require.NoError(t, b.SaveReceipt(t.Context(), f.id, models.ID{}, []byte(`{"signed":true}`)))
	receipts, err := b.Receipts(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	for _, tail := range []string{"", "/plan", "/ledger", "/notices", "/deferrals", "/receipts", "/receipts/" + receipts[0].ID.String()} {
		path := "/v1/requests/" + f.id.String() + tail
		require.Equal(t, "not_found", b.call("GET", path, b.globexK, "").code(t), tail)
		require.Equal(t, 200, b.call("GET", path, b.keys[models.RoleController], "").status, tail)
		require.Equal(t, 200, b.call("GET", path, b.keys[models.RoleAuditor], "").status, tail)
	}
	got := b.call("GET", "/v1/requests/"+f.id.String()+"/receipts/"+receipts[0].ID.String(), b.keys[models.RoleDPO], "")
	require.Equal(t, `{"signed":true}`, got.body, "the exact bytes")
	require.Equal(t, "bad_id", b.call("GET", "/v1/requests/not-an-id", b.keys[models.RoleDPO], "").code(t))
	var list struct{ Requests []any }
	require.NoError(t, json.Unmarshal([]byte(b.call("GET", "/v1/requests", b.globexK, "").body), &list))
	require.Empty(t, list.Requests)
}

func TestTheListIsPagedAndFiltered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 5 {
		b.file(models.Access, fmt.Sprintf("p%d@example.com", i))
	}
	f, _ := b.inReview("sam@example.com")
	dpo := b.keys[models.RoleDPO]
	page := func(query string) (ids []string, next string) {
		a := b.call("GET", "/v1/requests?"+query, dpo, "")
		require.Equal(t, 200, a.status, a.body)
		got := a.json(t)
		for _, r := range got["requests"].([]any) {
			ids = append(ids, r.(map[string]any)["id"].(string))
		}
		next, _ = got["next"].(string)
		return ids, next
	}
	seen := map[string]bool{}
	ids, next := page("limit=4")
	require.Equal(t, f.id.String(), ids[0], "the one with a legal date comes first")
	for {
		for _, id := range ids {
			require.False(t, seen[id])
			seen[id] = true
		}
		if next == "" {
			break
		}
		ids, next = page("limit=4&cursor=" + next)
	}
	require.Len(t, seen, 6)
	ids, _ = page("state=in_review&right=erasure&controller=acme&open=true")
	require.Equal(t, []string{f.id.String()}, ids)
	ids, _ = page("open=false")
	require.Empty(t, ids)
	require.Equal(t, "bad_cursor", b.call("GET", "/v1/requests?cursor=x", dpo, "").code(t))
	require.Equal(t, "out_of_range", b.call("GET", "/v1/requests?limit=1000", dpo, "").code(t))
	require.Equal(t, "unknown_controller", b.call("GET", "/v1/requests?controller=none", dpo, "").code(t))
}

func TestUnknownRoutesAreProblems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, "not_found", b.call("GET", "/v1/nothing", "", "").code(t))
	require.Equal(t, "method_not_allowed", b.call("DELETE", "/v1/requests", "", "").code(t))
	require.Equal(t, "unsupported_media_type", b.call("POST", "/v1/requests", "", "a=b", "Content-Type", "application/x-www-form-urlencoded").code(t))
}

func TestPublicFilesNeedNoKey(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.Keys = nil })
	require.Equal(t, "ok\n", b.call("GET", "/livez", "", "").body)
	require.Equal(t, "ready\n", b.call("GET", "/readyz", "", "").body)
	require.Contains(t, b.call("GET", "/openapi.yaml", "", "").body, "openapi: 3.0.3")
	require.JSONEq(t, `{"keys":[]}`, b.call("GET", "/.well-known/habeas-keys.json", "", "").body)
}

func TestARevokedKeyOpensNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret, id, err := b.CreateKey(t.Context(), store.KeySpec{Role: models.RoleDPO, Name: "leaver"})
	require.NoError(t, err)
	browser := b.signIn(secret)
	require.Equal(t, 200, b.get(browser, "/staff").status)
	require.NoError(t, b.RevokeKey(t.Context(), models.ScopeOperator(), models.System(), id))
	require.Equal(t, "bad_key", b.call("GET", "/v1/requests", secret, "").code(t))
	a := b.get(browser, "/staff")
	require.Equal(t, http.StatusSeeOther, a.status)
	require.Equal(t, "/staff/login", a.header.Get("Location"))
}
