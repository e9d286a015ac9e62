package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/api"
	dsr "habeas/api/opendsr"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/opendsr"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// expected is what the processor of the tests expects at first.
var expected = time.Date(2027, time.March, 1, 23, 0, 0, 0, time.UTC)

// processor makes the server an OpenDSR processor with a certificate of an authority of its own.
func processor(t testing.TB) (*dsr.Config, *opendsrtest.Authority) {
	t.Helper()
	authority, err := opendsrtest.NewAuthority("Authority")
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	file, err := authority.Issue(key, "habeas.test", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	p, err := opendsr.NewProcessor("habeas.test", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), file)
	require.NoError(t, err)
	return &dsr.Config{
		Processor: p, Kinds: map[string]string{"email": "email", "controller_customer_id": "customer_number"}, Private: []string{"127.0.0.1:1"},
		LegalDate: func(request.Controller, time.Time) (time.Time, error) { return expected, nil },
	}, authority
}

const exampleID = "a7551968-d5d6-44b2-9831-815ac9017798"

// example is the request of section 7.2, without the comma that the text has too many.
const example = `{
  "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
  "subject_request_type": "erasure",
  "submitted_time": "2018-10-02T15:00:00Z",
  "subject_identities": [
    {
      "identity_type": "email",
      "identity_value": "johndoe@example.com",
      "identity_format": "raw"
    }
  ],
  "api_version": "2.0",
  "status_callback_urls": [
    "https://examplecontroller.com/opendsr/callbacks"
  ],
  "extensions": {
    "example-processor.com": {
      "foo-processor-custom-id":123456,
      "property_id": "123456"
    },
    "example-other-processor.com": {
      "foo-other-processor-custom-id":654321
    }
  }
}`

// controllerSide is a customer that speaks OpenDSR and believes only what is signed.
type controllerSide struct {
	*bundle
	key  string
	cert *x509.Certificate
}

func speaks(t *testing.T) *controllerSide {
	t.Helper()
	b := setup(t)
	c := &controllerSide{bundle: b, key: b.keys[models.RoleController]}
	var d opendsr.Discovery
	a := b.call("GET", "/opendsr/v2/discovery", "", "")
	require.Equal(t, 200, a.status, a.body)
	require.NoError(t, json.Unmarshal([]byte(a.body), &d))
	path, ok := strings.CutPrefix(d.Certificate, "http://habeas.test")
	require.True(t, ok)
	file := b.call("GET", path, "", "")
	require.Equal(t, 200, file.status)
	var err error
	c.cert, err = opendsr.Certificate([]byte(file.body), "habeas.test", b.authority.Roots(), time.Now())
	require.NoError(t, err)
	return c
}

// ask calls and checks the signature of whatever comes back.
func (c *controllerSide) ask(method, path, key, body string) answer {
	c.t.Helper()
	a := c.call(method, path, key, body)
	require.Equal(c.t, "habeas.test", a.header.Get("X-OpenDSR-Processor-Domain"), "%d %s", a.status, a.body)
	require.NoError(c.t, opendsr.Verify(c.cert, []byte(a.body), a.header.Get("X-OpenDSR-Signature")))
	return a
}

func (c *controllerSide) send(body string) answer {
	return c.ask("POST", "/opendsr/v2/requests", c.key, body)
}

func (c *controllerSide) standing(id string) opendsr.StatusReport {
	c.t.Helper()
	a := c.ask("GET", "/opendsr/v2/requests/"+id, c.key, "")
	require.Equal(c.t, 200, a.status, a.body)
	var r opendsr.StatusReport
	require.NoError(c.t, json.Unmarshal([]byte(a.body), &r))
	return r
}

// failure is an error in the text's form.
func (c *controllerSide) failure(a answer, status int, reasons ...string) opendsr.Failure {
	c.t.Helper()
	require.Equal(c.t, status, a.status, a.body)
	require.Equal(c.t, "application/json;charset=UTF-8", a.header.Get("Content-Type"))
	var f opendsr.Failure
	require.NoError(c.t, json.Unmarshal([]byte(a.body), &f))
	require.Equal(c.t, status, f.Error.Code)
	var have []string
	for _, e := range f.Error.Errors {
		have = append(have, e.Reason)
		require.NotEmpty(c.t, e.Message)
		require.NotEmpty(c.t, e.Domain)
	}
	require.Equal(c.t, reasons, have)
	return f
}

func (c *controllerSide) found(id string) request.Request {
	c.t.Helper()
	got, err := c.OpenDSR(c.t.Context(), models.ScopeOf(c.acme.ID), models.MustParseID(id))
	require.NoError(c.t, err)
	r, err := c.Request(c.t.Context(), models.ScopeOperator(), got.RequestID)
	require.NoError(c.t, err)
	return r
}

func TestTheExampleOfTheTextIsTakenInAsTheControllersInstruction(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	a := c.send(example)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.Equal(t, map[string]any{
		"controller_id": "acme", "expected_completion_time": "2027-03-01T23:00:00Z", "received_time": "2027-02-01T09:00:00Z",
		"encoded_request": base64.StdEncoding.EncodeToString([]byte(example)), "subject_request_id": exampleID,
	}, a.json(t))
	r := c.found(exampleID)
	require.Equal(t, models.Erasure, r.Right)
	require.Equal(t, request.ChannelController, r.Channel)
	require.False(t, r.VerifiedAt.IsZero())
	subject, err := c.Subject(t.Context(), models.ScopeOperator(), r.ID)
	require.NoError(t, err)
	require.Equal(t, []request.Identity{{Kind: "email", Value: "johndoe@example.com"}}, subject.Identities)
	require.Empty(t, subject.Email, "the controller answers the person")
	s := c.standing(exampleID)
	require.Equal(t, "pending", s.Status)
	require.Equal(t, "2.0", s.Version)
	require.Equal(t, "acme", s.Controller)
	entries, err := c.Ledger(t.Context(), models.ScopeOperator(), r.ID)
	require.NoError(t, err)
	require.Equal(t, exampleID, entries[0].Data["subject_request_id"])
	require.NotContains(t, c.log.String(), "johndoe")
}

func TestTheSameRequestSentAgainIsTheSameAndAnotherUnderItsIdentifierIsRefused(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	first := c.send(example)
	c.clock(time.Hour)
	again := c.send(strings.Join(strings.Fields(example), " "))
	require.Equal(t, http.StatusCreated, again.status, again.body)
	require.Equal(t, first.json(t)["received_time"], again.json(t)["received_time"])
	page, _, err := c.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(t, err)
	require.Len(t, page, 1)
	for _, other := range []string{strings.Replace(example, "erasure", "access", 1), strings.Replace(example, "johndoe", "janedoe", 1)} {
		c.failure(c.send(other), 400, "subject_request_id_reused")
	}
	require.Equal(t, "pending", c.standing(exampleID).Status)
	// Another request about the same person stands for itself: cancelling one does not end the other.
	require.Equal(t, http.StatusCreated, c.send(strings.Replace(example, "a7551968", "b7551968", 1)).status)
	require.Equal(t, http.StatusAccepted, c.ask("DELETE", "/opendsr/v2/requests/"+exampleID, c.key, "").status)
	require.Equal(t, "cancelled", c.standing(exampleID).Status)
	require.Equal(t, "pending", c.standing(strings.Replace(exampleID, "a7551968", "b7551968", 1)).Status)
}

func TestTheStatedErrorOfTheTextIsToldInItsForm(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	f := c.failure(c.send(strings.Replace(example, `"subject_request_id": "`+exampleID+`",`, "", 1)), 400, "field_required")
	require.Equal(t, "subject_request_id field is required", f.Error.Message)
	require.Equal(t, "Validation", f.Error.Errors[0].Domain)
	swap := func(old, now string) string {
		require.Contains(t, example, old)
		return strings.Replace(example, old, now, 1)
	}
	for name, x := range map[string]struct {
		body    string
		reasons []string
	}{
		"no JSON":                      {`{"subject_request_id"`, []string{"bad_json"}},
		"nothing":                      {`{}`, []string{"field_required", "field_required", "field_required", "field_required"}},
		"a number for an object":       {`7`, []string{"bad_json"}},
		"another UUID":                 {swap("44b2", "14b2"), []string{"bad_subject_request_id"}},
		"no UUID":                      {swap(exampleID, "canary"), []string{"bad_subject_request_id"}},
		"another right":                {swap("erasure", "restriction"), []string{"unknown_request_type"}},
		"another law":                  {swap(`"subject_request_type"`, `"regulation": "lgpd", "subject_request_type"`), []string{"unknown_regulation"}},
		"no time":                      {swap("2018-10-02T15:00:00Z", "yesterday"), []string{"field_required"}},
		"a time to come":               {swap("2018-10-02", "2038-10-02"), []string{"bad_submitted_time"}},
		"another version":              {swap(`"2.0"`, `"3.0"`), []string{"unsupported_version"}},
		"no identity":                  {swap(`"subject_identities"`, `"identities"`), []string{"field_required"}},
		"an identity without a format": {swap(`"identity_format": "raw"`, `"x": ""`), []string{"field_required"}},
		"an identity nobody knows":     {swap(`"identity_type": "email"`, `"identity_type": "android_id"`), []string{"unsupported_identity_type"}},
		"a hash":                       {swap(`"raw"`, `"sha256"`), []string{"unsupported_identity_format"}},
		"another format":               {swap(`"raw"`, `"rot13"`), []string{"unsupported_identity_format"}},
		"an address that is none":      {swap("johndoe@example.com", "canary"), []string{"bad_identity"}},
		"a callback that is none":      {swap("https://examplecontroller", "http://examplecontroller"), []string{"bad_callback_url"}},
		"two faults":                   {strings.Replace(swap("erasure", "x"), "raw", "md5", 1), []string{"unknown_request_type", "unsupported_identity_format"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.send(x.body)
			c.failure(a, 400, x.reasons...)
			for _, canary := range []string{"canary", "johndoe", "examplecontroller"} {
				require.NotContains(t, a.body, canary)
			}
		})
	}
	page, _, err := c.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(t, err)
	require.Empty(t, page)
}

func TestAHashThatRepeatsARawIdentityIsNoReasonToRefuse(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	hash, _ := opendsr.SHA256.Of("johndoe@example.com")
	both := strings.Replace(example, `"subject_identities": [`, `"subject_identities": [{"identity_type":"email","identity_format":"sha256","identity_value":"`+hash+`"},
		{"identity_type":"controller_customer_id","identity_format":"raw","identity_value":"C-1"},`, 1)
	require.Equal(t, http.StatusCreated, c.send(both).status)
	subject, err := c.Subject(t.Context(), models.ScopeOperator(), c.found(exampleID).ID)
	require.NoError(t, err)
	require.Equal(t, []request.Identity{{Kind: "customer_number", Value: "C-1"}, {Kind: "email", Value: "johndoe@example.com"}}, subject.Identities)
}

func TestDiscoverySaysWhatCanBeSearchedAndNamesTheCertificate(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	for version, number := range map[string]string{"v2": "2.0", "v1": "1.0"} {
		a := c.ask("GET", "/opendsr/"+version+"/discovery", "", "")
		require.JSONEq(t, `{"api_version":"`+number+`","supported_identities":[{"identity_type":"controller_customer_id","identity_format":"raw"},{"identity_type":"email","identity_format":"raw"}],
			"supported_subject_request_types":["access","portability","erasure"],"processor_certificate":"http://habeas.test/opendsr/`+version+`/certificate.pem"}`, a.body)
		require.Equal(t, version == "v1", a.header.Get("X-OpenGDPR-Signature") != "", "the names that it had before")
	}
}

func TestOnlyTheControllerThatSentARequestKnowsIt(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	require.Equal(t, http.StatusCreated, c.send(example).status)
	for _, call := range [][2]string{{"GET", ""}, {"DELETE", ""}, {"GET", "/results"}} {
		path := "/opendsr/v2/requests/" + exampleID + call[1]
		c.failure(c.ask(call[0], path, c.globexK, ""), 404, "not_found")
		c.failure(c.ask(call[0], path, "", ""), 401, "key_missing")
		c.failure(c.ask(call[0], path, "nonsense", ""), 401, "bad_key")
		c.failure(c.ask(call[0], path, c.keys[models.RoleDPO], ""), 403, "role_forbidden")
		c.failure(c.ask(call[0], "/opendsr/v2/requests/nonsense"+call[1], c.key, ""), 404, "not_found")
	}
	c.failure(c.ask("PUT", "/opendsr/v2/requests/"+exampleID, c.key, ""), 405, "method_not_allowed")
	for _, size := range []int{70 << 10, 10 << 20} {
		c.failure(c.ask("POST", "/opendsr/v2/requests", c.key, strings.Repeat(" ", size)), 413, "body_too_large")
	}
	require.Equal(t, "pending", c.standing(exampleID).Status)
	// The identifier is the controller's own: another may choose the same.
	require.Equal(t, http.StatusCreated, c.ask("POST", "/opendsr/v2/requests", c.globexK, example).status)
	require.Equal(t, http.StatusAccepted, c.ask("DELETE", "/opendsr/v2/requests/"+exampleID, c.globexK, "").status)
	require.Equal(t, "pending", c.standing(exampleID).Status)
}

func TestThePathsAndHeadersOfOpenGDPRAreHonoured(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	a := c.ask("POST", "/opendsr/v1/opengdpr_requests", c.key, strings.Replace(example, `"2.0"`, `"1.0"`, 1))
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.Equal(t, a.header.Get("X-OpenDSR-Signature"), a.header.Get("X-OpenGDPR-Signature"))
	require.Equal(t, "habeas.test", a.header.Get("X-OpenGDPR-Processor-Domain"))
	a = c.ask("GET", "/opendsr/v1/opengdpr_requests/"+strings.ToUpper(exampleID), c.key, "")
	require.Equal(t, "1.0", a.json(t)["api_version"])
	require.Equal(t, 200, c.ask("GET", "/opendsr/v2/status/"+exampleID, c.key, "").status)
}

func TestStatusFollowsTheRequestAndCancellingEndsWithPending(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	require.Equal(t, http.StatusCreated, c.send(example).status)
	r := c.found(exampleID)
	c.advance(filed{id: r.ID}, models.Locating)
	require.NoError(t, c.RecordClock(t.Context(), r.ID, request.Clock{
		Regime: "EU_GDPR", Timezone: "Europe/Berlin", DueOn: calendar.Date{Year: 2027, Month: 3, Day: 2}, DueBefore: expected.AddDate(0, 0, 1), RuleSet: "test",
	}, "received"))
	require.Equal(t, "pending", c.standing(exampleID).Status)
	require.Equal(t, expected.AddDate(0, 0, 1), c.standing(exampleID).ExpectBy.Time)
	p, err := c.SavePlan(t.Context(), plan.Plan{RequestID: r.ID, Right: models.Erasure, RuleSet: "test", Groups: []plan.Group{
		{No: 1, System: "erp", Dataset: "d", Collection: "c", Rows: 1, Proposed: models.TreatErase, Reason: plan.ReasonGround},
	}})
	require.NoError(t, err)
	c.advance(filed{id: r.ID}, models.InReview)
	require.Equal(t, "pending", c.standing(exampleID).Status)
	require.NoError(t, c.ApproveByPolicy(t.Context(), r.ID, p.Digest()))
	require.Equal(t, "in_progress", c.standing(exampleID).Status)
	c.failure(c.ask("DELETE", "/opendsr/v2/requests/"+exampleID, c.key, ""), 400, "not_pending")
	for _, s := range []models.State{models.Executing, models.Notifying, models.Delivering} {
		c.advance(filed{id: r.ID}, s)
		require.Equal(t, "in_progress", c.standing(exampleID).Status)
	}
	require.NoError(t, c.Advance(t.Context(), r.ID, models.Closed, models.PartlyFulfilled))
	s := c.standing(exampleID)
	require.Equal(t, "completed", s.Status)
	require.JSONEq(t, `{"reference":"`+r.Reference+`","outcome":"partly_fulfilled"}`, string(s.Extensions["habeas.test"]), "what is retained is not kept quiet")
	c.failure(c.ask("DELETE", "/opendsr/v2/requests/"+exampleID, c.key, ""), 400, "not_pending")
}

func TestARefusalIsDeniedAndACancellationIsRepeatable(t *testing.T) {
	t.Parallel()
	c := speaks(t)
	require.Equal(t, http.StatusCreated, c.send(example).status)
	r := c.found(exampleID)
	require.NoError(t, c.Advance(t.Context(), r.ID, models.Closed, models.Refused))
	require.Equal(t, "denied", c.standing(exampleID).Status)
	other := strings.Replace(exampleID, "a7551968", "b7551968", 1)
	require.Equal(t, http.StatusCreated, c.send(strings.Replace(example, "a7551968", "b7551968", 1)).status)
	for range 2 {
		a := c.ask("DELETE", "/opendsr/v2/requests/"+other, c.key, "")
		require.Equal(t, http.StatusAccepted, a.status, a.body)
		require.JSONEq(t, `{"controller_id":"acme","subject_request_id":"`+other+`","received_time":"2027-02-01T09:00:00Z","api_version":"2.0"}`, a.body)
	}
}

func TestWithoutAKeyThereIsNoProcessor(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.OpenDSR = nil })
	for _, call := range []string{"GET /opendsr/v2/discovery", "GET /opendsr/v2/certificate.pem", "POST /opendsr/v2/requests", "GET /opendsr/v2/requests/x", "GET /opendsr/v3"} {
		method, path, _ := strings.Cut(call, " ")
		a := b.call(method, path, b.keys[models.RoleController], "")
		require.Equal(t, 404, a.status, call)
		require.Empty(t, a.body)
	}
}
