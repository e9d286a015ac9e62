package api_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api"
	drpapi "habeas/api/drp"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/request"
	"habeas/models/store"
)

// agentSide is an authorised agent that has set up its token for acme.
type agentSide struct {
	*bundle
	id    string
	key   ed25519.PrivateKey
	token string
}

// claims are members of a message.
type claims map[string]any

// agents makes a server with two agents, of which the second is trusted to know its people, and two businesses.
func agents(t *testing.T) (slip, sure *agentSide) {
	t.Helper()
	c := &drpapi.Config{
		Agents: map[string]drpapi.Agent{}, LapseAfter: 30 * 24 * time.Hour, PhoneKind: "phone_number",
		Businesses: map[string]drpapi.Business{"ACME": {Controller: "acme", Regimes: []string{"ccpa"}}, "GLOBEX": {Controller: "globex"}, "GONE": {Controller: "gone"}},
		LegalDate:  func(request.Controller, time.Time) (time.Time, error) { return expected, nil },
	}
	slip, sure = &agentSide{id: "SLIP"}, &agentSide{id: "SURE"}
	for _, a := range []*agentSide{slip, sure} {
		public, private, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		a.key, c.Agents[a.id] = private, drpapi.Agent{Key: public, Vouches: a == sure}
	}
	b := setup(t, func(d *api.Deps) { d.DRP = c })
	for _, a := range []*agentSide{slip, sure} {
		a.bundle = b
		a.token = a.setUp(a.id, a.head("ACME"))
	}
	return slip, sure
}

// head are the claims that every message has.
func (a *agentSide) head(business string) claims {
	return claims{
		"agent-id": a.id, "business-id": business, "issued-at": a.now().Format(time.RFC3339), "expires-at": a.now().Add(10 * time.Minute).Format(time.RFC3339),
		"drp.version": "1.0",
	}
}

func (a *agentSide) sign(c claims) string {
	a.t.Helper()
	body, err := json.Marshal(c)
	require.NoError(a.t, err)
	return base64.StdEncoding.EncodeToString(append(ed25519.Sign(a.key, body), body...))
}

func (a *agentSide) ask(method, path, token, body string) answer {
	a.t.Helper()
	return a.call(method, "/drp/v1/"+path, token, body, "Content-Type", "text/plain")
}

func (a *agentSide) setUp(agent string, c claims) string {
	a.t.Helper()
	got := a.ask("POST", "agent/"+agent, "", a.sign(c))
	require.Equal(a.t, 200, got.status, got.body)
	require.Equal(a.t, agent, got.json(a.t)["agent-id"])
	return got.json(a.t)["token"].(string)
}

// wish is a request for sam, with some members changed; nil takes one away.
func (a *agentSide) wish(change claims) claims {
	c := a.head("ACME")
	maps.Copy(c, claims{
		"exercise": "deletion", "regime": "ccpa", "relationships": []string{"customer"}, "agent-request-id": "job-7", "name": "Sam Canary",
		"email": "sam@example.com", "email_verified": true, "phone_number": "+12135550123", "phone_number_verified": true,
		"address": map[string]string{"formatted": "canary"}, "power_of_attorney": "canary",
	})
	for name, value := range change {
		if value == nil {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
	return c
}

func (a *agentSide) send(change claims) answer {
	return a.ask("POST", "data-rights-request", a.token, a.sign(a.wish(change)))
}

// sent is the identifier of a request that was taken.
func (a *agentSide) sent(change claims) string {
	a.t.Helper()
	got := a.send(change)
	require.Equal(a.t, 200, got.status, got.body)
	return got.json(a.t)["request_id"].(string)
}

// standing is how a request stands: status, and reason where there is one.
func (a *agentSide) standing(id string) string {
	a.t.Helper()
	got := a.ask("GET", "data-rights-request/"+id, a.token, "")
	require.Equal(a.t, 200, got.status, got.body)
	reason, _ := got.json(a.t)["reason"].(string)
	return strings.TrimSuffix(got.json(a.t)["status"].(string)+" "+reason, " ")
}

func (a *agentSide) failure(got answer, status int, fatal bool) {
	a.t.Helper()
	require.Equal(a.t, status, got.status, got.body)
	require.Equal(a.t, "application/json", got.header.Get("Content-Type"))
	f := got.json(a.t)
	require.NotEmpty(a.t, f["message"])
	require.Len(a.t, f["code"], 3)
	require.Equal(a.t, fatal, f["fatal"] == true, got.body)
	for _, canary := range []string{"canary", "Canary", "sam@", "5550123"} {
		require.NotContains(a.t, got.body, canary)
	}
}

// only is the one request there is.
func (a *agentSide) only() request.Request {
	a.t.Helper()
	page, _, err := a.Requests(a.t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(a.t, err)
	require.Len(a.t, page, 1)
	r, err := a.Request(a.t.Context(), models.ScopeOperator(), page[0].ID)
	require.NoError(a.t, err)
	return r
}

// mails are the verifications that wait to be mailed.
func (a *agentSide) mails() []store.Issued {
	a.t.Helper()
	got, err := a.IssueVerifications(a.t.Context(), a.only().ID)
	require.NoError(a.t, err)
	return got
}

func TestAnAgentsRequestIsTakenAndThePersonConfirmsIt(t *testing.T) {
	t.Parallel()
	a, _ := agents(t)
	got := a.send(nil)
	require.Equal(t, 200, got.status, got.body)
	id := got.json(t)["request_id"].(string)
	require.JSONEq(t, `{"request_id":"`+id+`","agent_request_id":"job-7","received_at":"2027-02-01T09:00:00Z","expected_by":"2027-03-01T23:00:00Z",
		"status":"in_progress","reason":"need_user_verification","processing_details":"The person was asked by mail to confirm the request.",
		"user_verification_url":"http://habeas.test/drp/verify/`+id+`","expires_at":"2027-03-03T09:00:00Z"}`, got.body)
	r := a.only()
	require.Equal(t, models.Erasure, r.Right)
	require.Equal(t, a.acme.ID, r.ControllerID)
	require.True(t, r.VerifiedAt.IsZero(), "an agent's word is not the person's")
	subject, err := a.Subject(t.Context(), models.ScopeOperator(), r.ID)
	require.NoError(t, err)
	require.Equal(t, []request.Identity{{Kind: "email", Value: "sam@example.com"}}, subject.Identities)
	require.Equal(t, []request.Identity{{Kind: "phone_number", Value: "+12135550123"}}, subject.Claimed)
	require.Equal(t, models.Personal("Sam Canary"), subject.Name)

	mails := a.mails()
	require.Len(t, mails, 1)
	require.Equal(t, models.Personal("sam@example.com"), mails[0].To)
	_, err = a.VerifyByToken(t.Context(), mails[0].Token)
	require.NoError(t, err)
	require.Equal(t, "in_progress", a.standing(id))
	require.False(t, a.only().VerifiedAt.IsZero())
	require.NotContains(t, a.log.String(), "sam@")
}

func TestTheAgentsLinkTakesTheCodeAndOpensNothing(t *testing.T) {
	t.Parallel()
	a, _ := agents(t)
	id := a.sent(nil)
	got := a.call("GET", "/drp/verify/"+id+"?request_id="+id+"&redirect_to=https://elsewhere.example", "", "")
	require.Equal(t, http.StatusSeeOther, got.status, got.body)
	page := got.header.Get("Location")
	require.Regexp(t, `^/status/[\w-]{43}$`, page)
	require.Equal(t, 404, a.call("GET", "/drp/verify/"+id+"?request_id=another", "", "").status)
	require.Equal(t, 404, a.call("GET", "/drp/verify/"+a.only().ID.String(), "", "").status)

	form := a.post(a.browser(), page+"/verify", url.Values{"code": {a.mails()[0].Code}})
	require.Equal(t, http.StatusSeeOther, form.status, form.body)
	require.Equal(t, "in_progress", a.standing(id))
	st, err := a.StatusByToken(t.Context(), strings.TrimPrefix(page, "/status/"))
	require.NoError(t, err)
	require.True(t, st.Masked, "the agent knows this address")
	token, err := a.StatusToken(t.Context(), a.only().ID)
	require.NoError(t, err)
	st, err = a.StatusByToken(t.Context(), token)
	require.NoError(t, err)
	require.False(t, st.Masked, "the person's own page")
}

func TestMessagesAreCheckedInTheOrderOfTheText(t *testing.T) {
	t.Parallel()
	a, other := agents(t)
	requests := "data-rights-request"
	a.failure(a.ask("POST", requests, "", a.sign(a.wish(nil))), 401, false)
	a.failure(a.ask("POST", requests, "nonsense", a.sign(a.wish(nil))), 401, false)
	a.failure(a.ask("POST", requests, a.keys[models.RoleController], a.sign(a.wish(nil))), 401, false)
	a.failure(a.ask("POST", requests, a.token, `{"email":"sam@example.com"}`), 400, true)
	a.failure(a.ask("POST", requests, a.token, other.sign(a.wish(nil))), 403, true)
	for _, x := range []struct {
		change claims
		status int
	}{
		{claims{"agent-id": "SURE", "business-id": "GLOBEX"}, 403},
		{claims{"business-id": "GLOBEX", "issued-at": "2027-02-01T09:00:01Z"}, 403},
		{claims{"issued-at": "2027-02-01T09:00:01Z"}, 400},
		{claims{"expires-at": "2027-02-01T09:00:00Z"}, 400},
		{claims{"expires-at": nil}, 400},
		{claims{"drp.version": "0.5"}, 400},
		{claims{"exercise": "canary"}, 400},
		{claims{"exercise": nil}, 400},
		{claims{"agent-request-id": "sam@example.com"}, 400},
		{claims{"email": "canary"}, 400},
		{claims{"phone_number": strings.Repeat("5550123", 50)}, 400},
		{claims{"name": 7}, 400},
		{claims{"status_callback": "http://canary.example/"}, 400},
		{claims{"status_callback": "https://user:canary@agent.example/"}, 400},
		{claims{"status_callback": "https://agent.example/" + strings.Repeat("x", 2000)}, 400},
		{claims{"status_callback": []string{"https://canary.example/"}}, 400},
	} {
		a.failure(a.send(x.change), x.status, true)
	}
	a.failure(a.ask("POST", requests, a.token, strings.Repeat("A", 70<<10)), 413, false)
	page, _, err := a.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(t, err)
	require.Empty(t, page)
	require.Equal(t, 200, a.ask("POST", requests+"/", a.token, a.sign(a.wish(claims{"drp.version": "0.9.4", "regime": nil}))).status, "the older path and version, and no regime")
}

func TestAMessageIsTakenOnce(t *testing.T) {
	t.Parallel()
	a, _ := agents(t)
	m := a.sign(a.wish(nil))
	require.Equal(t, 200, a.ask("POST", "data-rights-request", a.token, m).status)
	a.failure(a.ask("POST", "data-rights-request", a.token, m), 409, false)
	a.failure(a.ask("POST", "data-rights-request", a.token, m[:40]+"\n"+m[40:]), 409, false)
	denied := a.sign(a.wish(claims{"exercise": "sale:opt-out"}))
	require.Equal(t, 200, a.ask("POST", "data-rights-request", a.token, denied).status)
	a.failure(a.ask("POST", "data-rights-request", a.token, denied), 409, false)
	require.Equal(t, m, a.sign(a.wish(nil)), "the same words have the same signature")

	setUp := a.head("GLOBEX")
	setUp["nonce"] = "1"
	globex := a.setUp(a.id, setUp)
	got := a.ask("POST", "agent/"+a.id, "", a.sign(setUp))
	require.Equal(t, 403, got.status, "who has seen it must not get the token")
	require.Equal(t, 200, a.ask("GET", "agent/"+a.id, globex, "").status, "nor end the one there is")
	require.Equal(t, 403, a.ask("POST", "agent/"+a.id, "", a.sign(a.wish(nil))).status, "a request asks for no token")
	a.clock(11 * time.Minute)
	require.Equal(t, 403, a.ask("POST", "agent/"+a.id, "", a.sign(setUp)).status, "once forgotten it has expired")
	renewed := a.setUp(a.id, a.head("GLOBEX"))
	require.Equal(t, 200, a.ask("GET", "agent/"+a.id, renewed, "").status)
	require.Equal(t, 401, a.ask("GET", "agent/"+a.id, globex, "").status)
}

func TestATokenIsSetUpForOneAgentAndOneBusiness(t *testing.T) {
	t.Parallel()
	a, other := agents(t)
	require.Equal(t, 200, a.ask("GET", "agent/SLIP", a.token, "").status)
	require.JSONEq(t, `{}`, a.ask("GET", "agent/SLIP", a.token, "").body)
	a.failure(a.ask("GET", "agent/SURE", a.token, ""), 403, false)
	a.failure(a.ask("GET", "agent/SLIP", "nonsense", ""), 401, false)
	for name, x := range map[string]struct{ path, body string }{
		"an unknown agent":        {"agent/NOBODY", a.sign(a.head("ACME"))},
		"another agent's address": {"agent/SURE", a.sign(a.head("ACME"))},
		"another agent's claim":   {"agent/SURE", other.sign(a.head("ACME"))},
		"an unknown business":     {"agent/SLIP", a.sign(a.head("NOBODY"))},
		"no business":             {"agent/SLIP", a.sign(a.head(""))},
		"no message":              {"agent/SLIP", "{}"},
	} {
		got := a.ask("POST", x.path, "", x.body)
		require.Equal(t, 403, got.status, name)
		require.Empty(t, got.body, name)
	}
	// A request for one business is none for another, whichever token comes with it.
	globex := a.setUp(a.id, a.head("GLOBEX"))
	a.failure(a.ask("POST", "data-rights-request", globex, a.sign(a.wish(nil))), 403, true)
	a.failure(a.ask("POST", "data-rights-request", a.setUp(a.id, a.head("GONE")), a.sign(a.wish(claims{"business-id": "GONE"}))), 503, false)
	id := a.sent(nil)
	for _, token := range []string{globex, other.token} {
		a.failure(a.ask("GET", "data-rights-request/"+id, token, ""), 403, false)
	}
	a.failure(a.ask("DELETE", "data-rights-request/"+id, other.token, other.sign(claims{})), 403, false)
	a.failure(a.ask("GET", "data-rights-request/"+a.only().ID.String(), a.token, ""), 404, false)
	a.failure(a.ask("GET", "data-rights-request/nonsense", a.token, ""), 404, false)
	require.Equal(t, "in_progress need_user_verification", a.standing(id))
}

func TestWhatIsNotExercisedHereIsDeniedAndNothingKept(t *testing.T) {
	t.Parallel()
	a, _ := agents(t)
	for _, x := range []struct {
		change claims
		reason string
	}{
		{claims{"exercise": "sale:opt-out"}, "claim_not_covered"},
		{claims{"exercise": "sale:opt_in"}, "claim_not_covered"},
		{claims{"regime": "lgpd"}, "outside_jurisdiction"},
		{claims{"email": nil}, "insuf_verification"},
	} {
		id := a.sent(x.change)
		require.Equal(t, "denied "+x.reason, a.standing(id))
		a.failure(a.ask("DELETE", "data-rights-request/"+id, a.token, a.sign(claims{})), 409, false)
		require.Equal(t, 404, a.call("GET", "/drp/verify/"+id, "", "").status)
	}
	page, _, err := a.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(t, err)
	require.Empty(t, page)
}

func TestOnlyATrustedAgentVouchesForAPerson(t *testing.T) {
	t.Parallel()
	_, sure := agents(t)
	id := sure.sent(nil)
	require.Equal(t, "in_progress", sure.standing(id))
	r := sure.only()
	require.False(t, r.VerifiedAt.IsZero())
	subject, err := sure.Subject(t.Context(), models.ScopeOperator(), r.ID)
	require.NoError(t, err)
	require.Equal(t, []request.Identity{{Kind: "email", Value: "sam@example.com"}, {Kind: "phone_number", Value: "+12135550123"}}, subject.Identities)
	require.Empty(t, sure.mails())
	unsure := sure.sent(claims{"email": "kim@example.com", "email_verified": false})
	require.Equal(t, "in_progress need_user_verification", sure.standing(unsure), "which it does only where it says so")
}

func TestAnAgentLearnsAndEndsNothingOfWhatThePersonHasFiledThemselves(t *testing.T) {
	t.Parallel()
	a, _ := agents(t)
	f := a.verified(models.Erasure, "sam@example.com", models.Locating)
	id := a.sent(nil)
	require.Equal(t, f.id, a.only().ID, "it joined the person's open request")
	require.Equal(t, "in_progress need_user_verification", a.standing(id))
	got := a.ask("DELETE", "data-rights-request/"+id, a.token, a.sign(claims{"reason": "canary"}))
	require.Equal(t, 200, got.status, got.body)
	require.Equal(t, "revoked", a.standing(id))
	require.Equal(t, models.Locating, a.only().State)

	a.clock(time.Minute)
	id = a.sent(claims{"agent-request-id": "job-8"})
	_, err := a.VerifyByToken(t.Context(), a.mails()[1].Token)
	require.NoError(t, err)
	require.Equal(t, "in_progress", a.standing(id), "confirmed, it is the person's word that the agent may follow it")
	require.NoError(t, a.Advance(t.Context(), f.id, models.Closed, models.Fulfilled))
	require.Equal(t, "fulfilled", a.standing(id))
	a.failure(a.ask("DELETE", "data-rights-request/"+id, a.token, a.sign(claims{})), 409, false)
}

func TestAnAgentTakesItsRequestBackWhileItIsPending(t *testing.T) {
	t.Parallel()
	a, sure := agents(t)
	id := sure.sent(nil)
	path := "data-rights-request/" + id
	sure.failure(sure.ask("DELETE", path, sure.token, a.sign(claims{})), 403, false)
	sure.failure(sure.ask("DELETE", path, sure.token, "{}"), 400, false)
	sure.failure(sure.ask("DELETE", path, sure.token, sure.sign(sure.wish(nil))), 400, false)
	require.Equal(t, "in_progress", sure.standing(id))
	for range 2 {
		got := sure.ask("DELETE", path, sure.token, sure.sign(claims{"reason": "I don't want my account deleted"}))
		require.Equal(t, 200, got.status, got.body)
		require.Equal(t, "revoked", got.json(t)["status"])
	}
	entries, err := sure.Ledger(t.Context(), models.ScopeOperator(), sure.only().ID)
	require.NoError(t, err)
	require.Equal(t, "decision.withdraw", entries[len(entries)-1].Kind)
	require.Equal(t, "SURE", entries[0].Data["agent"])

	late := sure.sent(claims{"email": "kim@example.com", "exercise": "access"})
	page, _, err := sure.Requests(t.Context(), models.ScopeOperator(), store.Filter{Right: models.Access}, "", 10)
	require.NoError(t, err)
	require.Len(t, page, 1)
	sure.advance(filed{id: page[0].ID}, models.Locating, models.InReview, models.Executing)
	sure.failure(sure.ask("DELETE", "data-rights-request/"+late, sure.token, sure.sign(claims{})), 409, false)
	require.Equal(t, "in_progress", sure.standing(late))
}

func TestAStatusFollowsTheRequestItsClockAndItsEnd(t *testing.T) {
	t.Parallel()
	_, a := agents(t)
	id := a.sent(nil)
	r := a.only()
	a.advance(filed{id: r.ID}, models.Locating)
	require.NoError(t, a.RecordClock(t.Context(), r.ID, request.Clock{
		Regime: "EU_GDPR", Timezone: "Europe/Berlin", DueOn: calendar.Date{Year: 2027, Month: 5, Day: 3}, DueBefore: time.Date(2027, 5, 3, 22, 0, 0, 0, time.UTC),
		ExtendedTo: calendar.Date{Year: 2027, Month: 5, Day: 3}, RuleSet: "test",
	}, "extended"))
	got := a.ask("GET", "data-rights-request/"+id, a.token, "").json(t)
	require.Equal(t, "2027-05-03T22:00:00Z", got["expected_by"])
	require.Contains(t, got["processing_details"], "extended")
	require.NotContains(t, got, "user_verification_url")
	require.NoError(t, a.Advance(t.Context(), r.ID, models.Closed, models.Refused))
	require.Equal(t, "denied other", a.standing(id))
}

func TestARequestThatNobodyConfirmsIsDenied(t *testing.T) {
	t.Parallel()
	a, _ := agents(t)
	id := a.sent(nil)
	a.clock(30*24*time.Hour - time.Second)
	require.Equal(t, "in_progress need_user_verification", a.standing(id))
	a.clock(time.Second)
	require.Equal(t, "denied insuf_verification", a.standing(id))
}

func TestWithoutAFileNoAgentIsHeard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, call := range []string{"POST /drp/v1/agent/SLIP", "GET /drp/v1/agent/SLIP", "POST /drp/v1/data-rights-request", "GET /drp/v1/data-rights-request/x", "DELETE /drp/v1/data-rights-request/x", "GET /drp/v1/else", "GET /drp/verify/x"} {
		method, path, _ := strings.Cut(call, " ")
		require.Equal(t, 404, b.call(method, path, "", "").status, call)
	}
}
