package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/store"
	"habeas/models/webhook"
)

// callers are everybody who may try a route. other is a customer whose data it is not.
var callers = []string{"nobody", "controller", "other", "dpo", "case_handler", "auditor", "operator", "controller_viewer"}

// may says who gets through to each route; "other" gets through and then finds nothing, unless the route has no object.
var may = map[string]string{
	"GET /":                                                "all",
	"GET /requests/new":                                    "all",
	"GET /c/:slug":                                         "all",
	"GET /brand/:slug/:file":                               "all",
	"POST /requests":                                       "all",
	"POST /requests/agent":                                 "all",
	"GET /requests/sent/:token":                            "all",
	"GET /verify/:token":                                   "all",
	"POST /verify/:token":                                  "all",
	"POST /verify/:token/object":                           "all",
	"GET /status/:token":                                   "all",
	"GET /status/:token/recipients":                        "all",
	"POST /status/:token/verify":                           "all",
	"POST /status/:token/resend":                           "all",
	"POST /status/:token/withdraw":                         "all",
	"POST /status/:token/answer":                           "all",
	"POST /status/:token/complain":                         "all",
	"GET /authorities":                                     "all",
	"GET /package/:token":                                  "all",
	"POST /package/:token/code":                            "all",
	"POST /package/:token/download":                        "all",
	"GET /notices/:token":                                  "all",
	"POST /notices/:token":                                 "all",
	"GET /staff/login":                                     "all",
	"POST /staff/login":                                    "all",
	"POST /staff/logout":                                   "all",
	"GET /staff":                                           "controller controller_viewer other dpo case_handler auditor",
	"GET /staff/requests/:id":                              "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/requests/:id/decisions":                   "controller other dpo case_handler",
	"GET /staff/requests/:id/narrow":                       "controller other",
	"POST /staff/requests/:id/narrow":                      "controller other",
	"POST /staff/requests/:id/identity":                    "controller other dpo case_handler",
	"POST /staff/requests/:id/scan":                        "dpo case_handler",
	"POST /staff/requests/:id/agents/:submission":          "dpo",
	"POST /staff/requests/:id/complaints/:complaint":       "dpo",
	"POST /staff/requests/:id/agents/:submission/proof":    "dpo case_handler",
	"GET /staff/requests/:id/receipts/:receipt":            "controller controller_viewer other dpo case_handler auditor",
	"GET /report":                                          "all",
	"POST /report":                                         "all",
	"GET /breaches/:token":                                 "all",
	"POST /breaches/:token":                                "all",
	"GET /staff/breaches":                                  "controller controller_viewer other dpo case_handler auditor operator",
	"POST /staff/breaches":                                 "dpo case_handler auditor operator",
	"GET /staff/breaches/new":                              "dpo case_handler auditor operator",
	"GET /staff/breaches/register.json":                    "dpo case_handler auditor",
	"GET /staff/breaches/register.csv":                     "dpo case_handler auditor",
	"GET /staff/breaches/register.pdf":                     "dpo case_handler auditor",
	"GET /staff/breaches/:id":                              "controller controller_viewer other dpo case_handler auditor operator",
	"POST /staff/breaches/:id/events":                      "dpo case_handler operator",
	"GET /staff/breaches/:id/notification":                 "dpo case_handler auditor",
	"GET /staff/breaches/:id/letter":                       "dpo case_handler auditor",
	"POST /staff/breaches/:id/letter":                      "dpo case_handler",
	"POST /staff/breaches/:id/letter/test":                 "dpo case_handler",
	"POST /staff/breaches/:id/letter/approve":              "dpo",
	"POST /staff/breaches/:id/letter/settle":               "dpo",
	"POST /staff/breaches/:id/letter/retry":                "dpo",
	"POST /staff/breaches/:id/persons":                     "controller other dpo case_handler",
	"GET /staff/tasks":                                     "dpo case_handler auditor",
	"GET /staff/tasks/:id":                                 "dpo case_handler auditor",
	"POST /staff/tasks/:id/decisions":                      "dpo case_handler",
	"POST /staff/tasks/:id/files":                          "dpo case_handler",
	"POST /staff/tasks/:id/files/:file/remove":             "dpo case_handler",
	"POST /staff/tasks/:id/files/:file/fetch":              "dpo case_handler",
	"GET /staff/operations":                                "dpo case_handler auditor operator",
	"GET /staff/rules":                                     "dpo case_handler auditor operator",
	"POST /staff/rules":                                    "dpo case_handler auditor operator",
	"POST /v1/requests":                                    "all",
	"GET /v1/requests":                                     "controller other dpo case_handler auditor",
	"GET /v1/requests/:id":                                 "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/plan":                            "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/parts":                           "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/groups/:no/rows":                 "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/groups/:no/values":               "other dpo case_handler",
	"POST /v1/requests/:id/groups/:no/decision":            "other dpo", // only the DPO decides
	"POST /v1/requests/:id/decisions":                      "controller other dpo case_handler",
	"GET /v1/requests/:id/ledger":                          "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/notices":                         "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/deferrals":                       "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/tasks":                           "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/scans":                           "dpo case_handler auditor",
	"POST /v1/requests/:id/scans":                          "dpo case_handler",
	"GET /v1/tasks":                                        "dpo case_handler auditor",
	"GET /v1/requests/:id/receipts":                        "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/receipts/:receipt_id":            "controller other dpo case_handler auditor",
	"POST /v1/breaches":                                    "controller other dpo case_handler auditor operator",
	"GET /v1/breaches":                                     "controller other dpo case_handler auditor operator",
	"GET /v1/breaches/:id":                                 "controller other dpo case_handler auditor operator",
	"GET /v1/breaches/:id/letter":                          "dpo case_handler auditor",
	"POST /v1/breaches/:id/events":                         "controller other dpo case_handler operator",
	"POST /v1/breach-reports/:recipient":                   "all",
	"GET /v1/status/:token":                                "all",
	"POST /v1/status/:token/verify":                        "all",
	"POST /v1/status/:token/resend":                        "all",
	"POST /v1/status/:token/withdraw":                      "all",
	"POST /v1/status/:token/answer":                        "all",
	"GET /.well-known/habeas-keys.json":                    "all",
	"GET /livez":                                           "all",
	"GET /readyz":                                          "all",
	"GET /openapi.yaml":                                    "all",
	"GET /static/:file":                                    "all",
	"GET /staff/requests/:id/groups/:no":                   "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/requests/:id/groups/:no/values":           "other dpo case_handler", // another customer is told that there is nothing
	"POST /staff/requests/:id/groups/:no/decision":         "controller other dpo case_handler",
	"POST /staff/requests/:id/groups/:no/corrections":      "other dpo",
	"POST /staff/requests/:id/groups/:no/corrections/drop": "controller other dpo case_handler",
	"GET /v1/requests/:id/corrections":                     "controller other dpo case_handler auditor",
	"POST /v1/requests/:id/corrections":                    "other dpo", // only the DPO decides
	"POST /v1/suppressions/check":                          "controller other dpo",
	"GET /staff/recipients":                                "dpo case_handler auditor",
	"POST /staff/recipients":                               "dpo",
	"GET /staff/recipients/new":                            "dpo",
	"GET /staff/recipients/register.csv":                   "dpo case_handler auditor",
	"GET /staff/recipients/register.json":                  "dpo case_handler auditor",
	"GET /staff/recipients/:id":                            "dpo case_handler auditor",
	"POST /staff/recipients/:id":                           "dpo",
	"GET /staff/recipients/:id/edit":                       "dpo",
	"GET /staff/changes":                                   "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/changes":                                  "dpo",
	"GET /staff/changes/new":                               "dpo",
	"GET /staff/changes/:id":                               "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/changes/:id/events":                       "dpo",
	"POST /staff/changes/:id/object":                       "controller other",
	"GET /changes/:token":                                  "all",
	"POST /changes/:token":                                 "all",
	"GET /trust":                                           "all",
	"GET /trust/files/:file":                               "all",
	"GET /staff/trust":                                     "controller controller_viewer other dpo case_handler auditor",
	"GET /staff/trust/preview":                             "dpo case_handler auditor",
	"GET /staff/trust/new":                                 "dpo",
	"POST /staff/trust/items":                              "dpo",
	"GET /staff/trust/items/:item":                         "dpo case_handler auditor",
	"GET /staff/trust/items/:item/edit":                    "dpo",
	"POST /staff/trust/items/:item":                        "dpo",
	"POST /staff/trust/items/:item/remove":                 "dpo",
	"POST /staff/trust/publish":                            "dpo",
	"GET /staff/trust/files/:file":                         "dpo case_handler auditor",
	"POST /trust/subscribe":                                "all",
	"GET /trust/subscribed":                                "all",
	"GET /trust/subscribe/:token":                          "all",
	"POST /trust/subscribe/:token":                         "all",
	"GET /trust/unsubscribe/:token":                        "all",
	"POST /trust/unsubscribe/:token":                       "all",
	"GET /.well-known/security.txt":                        "all",

	"GET /staff/dashboard":                 "controller controller_viewer other dpo case_handler auditor",
	"GET /staff/reports":                   "controller controller_viewer other dpo case_handler auditor",
	"GET /staff/reports/report.pdf":        "controller controller_viewer other dpo case_handler auditor",
	"GET /staff/reports/report.csv":        "controller controller_viewer other dpo case_handler auditor",
	"GET /staff/holds":                     "controller controller_viewer other dpo case_handler auditor",
	"GET /staff/instructions":              "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/instructions":             "controller other",
	"POST /staff/instructions/:id/end":     "controller other",
	"GET /staff/map":                       "dpo case_handler auditor operator",
	"GET /staff/ledger":                    "dpo case_handler auditor operator",
	"POST /staff/ledger/verify":            "dpo case_handler auditor operator",
	"GET /staff/requests/:id/evidence.zip": "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/search":                   "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/views":                    "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/views/:id/remove":         "controller controller_viewer other dpo case_handler auditor",
	"GET /staff/requests/new":              "controller other dpo case_handler",
	"POST /staff/requests":                 "controller other dpo case_handler",
	"POST /staff/bulk":                     "controller other dpo case_handler",
	"POST /staff/bulk/decisions":           "controller other dpo case_handler",
	"POST /staff/reminders":                "dpo case_handler",
	"POST /staff/reminders/send":           "dpo case_handler",

	"GET /staff/contracts":                                 "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/contracts":                                "controller other dpo",
	"GET /staff/contracts/new":                             "controller other dpo",
	"GET /staff/contracts/:id":                             "controller controller_viewer other dpo case_handler auditor",
	"POST /staff/contracts/:id/events":                     "controller other dpo",
	"GET /staff/contracts/:id/certificate.pdf":             "controller controller_viewer other dpo case_handler auditor",
	"GET /certificates/:token":                             "all",
	"GET /certificates/:token/certificate.pdf":             "all",
	"GET /certificates/:token/receipts/:receipt":           "all",
	"GET /staff/webhooks":                                  "controller controller_viewer other dpo case_handler auditor operator",
	"POST /staff/webhooks":                                 "controller other dpo operator",
	"GET /staff/webhooks/:id":                              "controller controller_viewer other dpo case_handler auditor operator",
	"POST /staff/webhooks/:id/rotate":                      "controller other dpo operator",
	"POST /staff/webhooks/:id/switch":                      "controller other dpo operator",
	"POST /staff/webhooks/:id/test":                        "controller other dpo operator",
	"POST /staff/webhooks/:id/messages/:message/replay":    "controller other dpo operator",
	"GET /v1/deferrals":                                    "controller other dpo case_handler auditor",
	"GET /v1/webhooks":                                     "controller other dpo case_handler auditor operator",
	"POST /v1/webhooks":                                    "controller other dpo operator",
	"GET /v1/webhooks/:id":                                 "controller other dpo case_handler auditor operator",
	"POST /v1/webhooks/:id/rotate":                         "controller other dpo operator",
	"POST /v1/webhooks/:id/switch":                         "controller other dpo operator",
	"POST /v1/webhooks/:id/test":                           "controller other dpo operator",
	"GET /v1/webhooks/:id/messages":                        "controller other dpo case_handler auditor operator",
	"POST /v1/webhooks/:id/messages/:message_id/replay":    "controller other dpo operator",
	"GET /v1/instructions":                                 "controller other dpo case_handler auditor",
	"POST /v1/instructions":                                "controller other",
	"POST /v1/instructions/:id/end":                        "controller other",
	"GET /v1/contract-ends":                                "controller other dpo case_handler auditor",
	"POST /v1/contract-ends":                               "controller other dpo",
	"GET /v1/contract-ends/:id":                            "controller other dpo case_handler auditor",
	"POST /v1/contract-ends/:id/events":                    "controller other dpo",
	"GET /v1/contract-ends/:id/certificate":                "controller other dpo case_handler auditor",
	"GET /v1/holds":                                        "controller other dpo case_handler auditor",
	"GET /v1/dashboard":                                    "controller other dpo case_handler auditor",
	"GET /v1/reports/:period":                              "controller other dpo case_handler auditor",
	"GET /v1/reports/:period/csv":                          "controller other dpo case_handler auditor",
	"GET /v1/requests/:id/evidence":                        "controller other dpo case_handler auditor",
	"GET /v1/ledger/verification":                          "dpo case_handler auditor operator",
	"POST /v1/ledger/verification":                         "dpo case_handler auditor operator",
	"POST /v1/agent-requests":                              "all",
	"GET /v1/requests/:id/agents":                          "controller other dpo case_handler auditor",
	"POST /v1/requests/:id/agents/:submission_id/decision": "dpo",
	"GET /v1/requests/:id/agents/:submission_id/proof":     "dpo case_handler",
	"GET /v1/requests/:id/person":                          "controller other dpo case_handler",
	"POST /v1/requests/search":                             "controller other dpo case_handler auditor",
	"GET /v1/tasks/:id":                                    "dpo case_handler auditor",
	"POST /v1/tasks/:id/files":                             "dpo case_handler",
	"GET /v1/tasks/:id/files/:file_id":                     "dpo case_handler",
	"POST /v1/tasks/:id/files/:file_id/remove":             "dpo case_handler",
	"GET /v1/recipients":                                   "dpo case_handler auditor",
	"GET /v1/recipients/:slug":                             "dpo case_handler auditor",
	"GET /v1/subprocessor-changes":                         "controller other dpo case_handler auditor",
	"GET /v1/subprocessor-changes/:id":                     "controller other dpo case_handler auditor",
	"POST /v1/subprocessor-changes/:id/objection":          "controller other",
	"GET /v1/keys":                                         "controller other dpo operator",
	"POST /v1/keys":                                        "controller other dpo operator",
	"POST /v1/keys/:id/rotate":                             "controller other dpo operator",
	"POST /v1/keys/:id/revoke":                             "controller other dpo operator",
	"POST /oauth/token":                                    "all",
	"GET /.well-known/oauth-authorization-server":          "all",
	"GET /staff/keys":                                      "controller other dpo operator",
	"POST /staff/keys":                                     "controller other dpo operator",
	"POST /staff/keys/:id/rotate":                          "controller other dpo operator",
	"POST /staff/keys/:id/revoke":                          "controller other dpo operator",
	"GET /reference":                                       "all",
	"GET /reference/schemas":                               "all",
	"GET /reference/schemas/:name":                         "all",
	"GET /reference/problems":                              "all",
	"GET /problems/:code":                                  "all",
	"POST /opendsr/v2/callbacks":                           "all",
	"GET /opendsr/v2/discovery":                            "all",
	"GET /opendsr/v2/certificate.pem":                      "all",
	"POST /opendsr/v2/requests":                            "controller other",
	"GET /opendsr/v2/requests/:id":                         "controller other",
	"DELETE /opendsr/v2/requests/:id":                      "controller other",
	"GET /opendsr/v2/requests/:id/results":                 "controller other",
	"GET /opendsr/v2/status/:id":                           "controller other",
	"GET /opendsr/v1/discovery":                            "all",
	"GET /opendsr/v1/certificate.pem":                      "all",
	"POST /opendsr/v1/opengdpr_requests":                   "controller other",
	"GET /opendsr/v1/opengdpr_requests/:id":                "controller other",
	"DELETE /opendsr/v1/opengdpr_requests/:id":             "controller other",
	"GET /opendsr/v1/opengdpr_requests/:id/results":        "controller other",
	"GET /opendsr/v1/status/:id":                           "controller other",
	"POST /drp/v1/agent/:agent":                            "all",
	"GET /drp/v1/agent/:agent":                             "all",
	"POST /drp/v1/data-rights-request":                     "all",
	"POST /drp/v1/data-rights-request/":                    "all",
	"GET /drp/v1/data-rights-request/:id":                  "all",
	"DELETE /drp/v1/data-rights-request/:id":               "all",
	"GET /drp/results/:id":                                 "all",
	"GET /drp/verify/:id":                                  "all",
	"GET /.well-known/change-password":                     "all",
	"GET /staff/login/factor":                              "all", // leads to signing in
	"POST /staff/login/factor":                             "all",
	"POST /staff/login/passkey/options":                    "all",
	"POST /staff/login/passkey":                            "all",
	"GET /staff/login/sso":                                 "all",
	"GET /staff/login/sso/callback":                        "all",
	"GET /staff/forgot":                                    "all",
	"POST /staff/forgot":                                   "all",
	"GET /staff/link/:token":                               "all",
	"POST /staff/link/:token":                              "all",
	"GET /staff/confirm":                                   person,
	"POST /staff/confirm":                                  person,
	"GET /staff/account":                                   person,
	"POST /staff/account/password":                         person,
	"GET /staff/account/factor":                            person,
	"POST /staff/account/factor/begin":                     person,
	"POST /staff/account/factor/confirm":                   person,
	"POST /staff/account/factor/remove":                    person,
	"POST /staff/account/continue":                         person,
	"POST /staff/account/recovery":                         person,
	"POST /staff/account/passkeys/options":                 person,
	"POST /staff/account/passkeys":                         person,
	"POST /staff/account/passkeys/:id/remove":              person,
	"POST /staff/account/sessions/end":                     person,
	"POST /staff/account/sessions/:id/end":                 person,
	"GET /staff/members":                                   "controller other dpo operator",
	"POST /staff/members":                                  "controller other dpo operator",
	"POST /staff/members/:id/role":                         "controller other dpo operator",
	"POST /staff/members/:id/link":                         "controller other dpo operator",
	"POST /staff/members/:id/factors":                      "controller other dpo operator",
	"POST /staff/members/:id/deactivate":                   "controller other dpo operator",
	"GET /staff/permissions":                               person,
}

// limited are the routes that one address may call five times at once.
var limited = regexp.MustCompile(`^POST /staff/(login|forgot|link)`)

// person is everybody who can sign in.
const person = "controller controller_viewer other dpo case_handler auditor operator"

// bodies are what is posted to a JSON route so that the document is followed and nothing happens.
var bodies = map[string]string{
	"POST /v1/contract-ends":                               `{"controller":"nobody","confirm":"nobody","last_day":"2027-03-31","return":true,"reason":"x"}`,
	"POST /v1/contract-ends/:id/events":                    `{"kind":"none"}`,
	"POST /v1/requests":                                    `{"right":"none","email":"a@example.com"}`,
	"POST /v1/requests/:id/decisions":                      `{"kind":"none"}`,
	"POST /v1/requests/:id/groups/:no/decision":            `{"plan_digest":"x","all":true,"treatment":"none","reason":"x"}`,
	"POST /v1/requests/:id/corrections":                    `{"plan_digest":"x","group":1,"field":"f","value":"v"}`,
	"POST /v1/suppressions/check":                          `{"controller":"nobody","purpose":"direct_marketing","identities":[{"kind":"email","value":"a@example.com"}]}`,
	"POST /v1/status/:token/verify":                        `{"code":"0"}`,
	"POST /v1/status/:token/answer":                        `{"answer":"x"}`,
	"POST /v1/webhooks":                                    `{"url":"none","events":["none"]}`,
	"POST /v1/webhooks/:id/switch":                         `{"active":true}`,
	"POST /v1/subprocessor-changes/:id/objection":          `{"reason":"x"}`,
	"POST /v1/keys":                                        `{"name":"","role":"none"}`,
	"POST /v1/keys/:id/rotate":                             `{"overlap_hours":0}`,
	"POST /v1/instructions":                                `{"right":"none"}`,
	"POST /v1/agent-requests":                              `{"right":"none","email":"a@example.com","agent_name":"A","agent_email":"b@example.com","agent_basis":"none","proof":"AA=="}`,
	"POST /v1/requests/search":                             `{"email":"a@example.com"}`,
	"POST /v1/requests/:id/agents/:submission_id/decision": `{"accept":true,"reason":"x"}`,
	"POST /v1/breaches":                                    `{"what":"x","source":"none"}`,
	"POST /v1/breaches/:id/events":                         `{"kind":"none"}`,
}

func TestEveryRouteAdmitsWhomItShould(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	require.NoError(t, b.SaveReceipt(t.Context(), f.id, models.ID{}, []byte("{}")))
	receipts, err := b.Receipts(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	keys := map[string]string{"other": b.globexK}
	for role, key := range b.keys {
		keys[string(role)] = key
	}
	browsers := map[string]*http.Client{"nobody": b.browser()}
	for who, key := range keys {
		b.clock(60e9) // signing in is limited by address
		browsers[who] = b.signIn(key)
	}
	hook, _, err := b.AddEndpoint(t.Context(), models.ScopeOperator(), models.System(), store.Endpoint{ControllerID: b.acme.ID, URL: "https://h.acme.example/", Events: webhook.Kinds()[:1]})
	require.NoError(t, err)
	_, key, err := b.CreateKey(t.Context(), store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "of acme"})
	require.NoError(t, err)
	b.clock(60e9)
	viewer := b.person(models.RoleViewer, b.acme.ID, "viewer@acme.example")
	browsers["controller_viewer"] = b.browser()
	b.enter(browsers["controller_viewer"], viewer)
	own := strings.NewReplacer("/webhooks/:id", "/webhooks/"+hook.ID.String(), "/keys/:id", "/keys/"+key.String())
	fill := strings.NewReplacer(":id", f.id.String(), ":token", "nonsense", ":message_id", f.id.String(), ":slug", "nobody", ":code", "already_decided", ":receipt_id", receipts[0].ID.String(), ":receipt", receipts[0].ID.String(), ":file_id", f.id.String(), ":file", "none.css", ":no", "1", ":period", "2027", ":name", "Request", ":submission_id", f.id.String(), ":message", f.id.String())

	var statuses strings.Builder
	for _, route := range api.Routes() {
		fmt.Fprint(&statuses, route, ":")
		allowed, listed := may[route]
		require.True(t, listed, "say who may call %s", route)
		method, template, _ := strings.Cut(route, " ")
		path := fill.Replace(own.Replace(template))
		for _, who := range callers {
			var a answer
			if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/opendsr/") || strings.HasPrefix(path, "/drp/") {
				a = b.call(method, path, keys[who], bodies[route])
			} else if route != "POST /staff/logout" { // which would end the session that is used here
				if limited.MatchString(route) {
					b.clock(13 * time.Second)
				}
				a = b.page(browsers[who], method, path)
			}
			fmt.Fprintf(&statuses, " %s=%d", who, a.status)
			through := allowed == "all" || slices.Contains(strings.Fields(allowed), who)
			refused := a.status == 401 || a.status == 403 || a.header.Get("Location") == "/staff/login"
			if route == "POST /staff/login" || route == "POST /oauth/token" || route == "POST /opendsr/v2/callbacks" {
				refused = false // 401 is its own answer to a wrong key, and 403 that to what is not proved
			}
			require.Equal(t, through, !refused, "%s by %s: %d", route, who, a.status)
			require.Less(t, a.status, 500, "%s by %s", route, who)
			requirePolicy(t, route, a.header)
			if who == "other" && through && strings.Contains(template, ":id") {
				require.Equal(t, 404, a.status, "%s by another customer", route)
			}
		}
		fmt.Fprintln(&statuses)
	}
	const exact = "testdata/access.txt"
	if *update {
		require.NoError(t, os.WriteFile(exact, []byte(statuses.String()), 0o644))
	}
	want, err := os.ReadFile(exact)
	require.NoError(t, err)
	require.Equal(t, string(want), statuses.String(), "run go test ./api -run TestEveryRoute -update, and look at what has changed")
}

// page sends what a browser would.
func (b *bundle) page(c *http.Client, method, path string) answer {
	b.t.Helper()
	if method == http.MethodPost {
		return b.post(c, path, url.Values{"kind": {"none"}, "hours": {"1"}, "input": {"{}"}, "right": {"access"}})
	}
	return b.get(c, path)
}

func TestTheDocumentDescribesExactlyTheRoutes(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	var inDocument []string
	for path, item := range spec.Paths.Map() {
		for method := range item.Operations() {
			inDocument = append(inDocument, method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path))
		}
	}
	var served []string
	for _, r := range api.Routes() {
		if _, path, _ := strings.Cut(r, " "); described(path) {
			served = append(served, r)
		}
	}
	require.ElementsMatch(t, served, inDocument)
}

func TestEveryAnswerIsGuardedByHeaders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/", "/nothing", "/v1/nothing", "/staff", "/staff/login", "/livez", "/verify/x", "/requests/new?right=access"} {
		h := b.get(b.client, path).header
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Opener-Policy"), path)
		require.Contains(t, h.Get("Permissions-Policy"), "camera=()", path)
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
		require.Empty(t, h.Get("Strict-Transport-Security"), "not without TLS: %s", path)
		require.Empty(t, h.Get("Server"))
	}
}

func TestStaticFilesAreKeptByBrowsers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, after, _ := strings.Cut(b.get(b.client, "/").body, `rel="stylesheet" href="`)
	path, _, _ := strings.Cut(after, `"`)
	a := b.get(b.client, path)
	require.Equal(t, 200, a.status)
	require.Equal(t, "text/css; charset=utf-8", a.header.Get("Content-Type"))
	require.Contains(t, a.header.Get("Cache-Control"), "immutable")
	require.NotContains(t, a.body, "http", "nothing is loaded from elsewhere")
	require.Equal(t, 404, b.get(b.client, "/static/../api.go").status)
}
