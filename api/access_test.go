package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
)

// callers are everybody who may try a route. other is a customer whose data it is not.
var callers = []string{"nobody", "controller", "other", "dpo", "case_handler", "auditor", "operator"}

// may says who gets through to each route; "other" gets through and then finds nothing, unless the route has no object.
var may = map[string]string{
	"GET /":                                                "all",
	"GET /requests/new":                                    "all",
	"POST /requests":                                       "all",
	"GET /requests/sent/:token":                            "all",
	"GET /verify/:token":                                   "all",
	"POST /verify/:token":                                  "all",
	"GET /status/:token":                                   "all",
	"POST /status/:token/verify":                           "all",
	"POST /status/:token/resend":                           "all",
	"POST /status/:token/withdraw":                         "all",
	"POST /status/:token/answer":                           "all",
	"GET /package/:token":                                  "all",
	"POST /package/:token/code":                            "all",
	"POST /package/:token/download":                        "all",
	"GET /notices/:token":                                  "all",
	"POST /notices/:token":                                 "all",
	"GET /staff/login":                                     "all",
	"POST /staff/login":                                    "all",
	"POST /staff/logout":                                   "all",
	"GET /staff":                                           "controller other dpo case_handler auditor",
	"GET /staff/requests/:id":                              "controller other dpo case_handler auditor",
	"POST /staff/requests/:id/decisions":                   "controller other dpo case_handler",
	"POST /staff/requests/:id/identity":                    "controller other dpo case_handler",
	"POST /staff/requests/:id/scan":                        "dpo case_handler",
	"GET /staff/requests/:id/receipts/:receipt":            "controller other dpo case_handler auditor",
	"GET /report":                                          "all",
	"POST /report":                                         "all",
	"GET /breaches/:token":                                 "all",
	"POST /breaches/:token":                                "all",
	"GET /staff/breaches":                                  "controller other dpo case_handler auditor operator",
	"POST /staff/breaches":                                 "dpo case_handler auditor operator",
	"GET /staff/breaches/new":                              "dpo case_handler auditor operator",
	"GET /staff/breaches/register.json":                    "dpo case_handler auditor",
	"GET /staff/breaches/register.csv":                     "dpo case_handler auditor",
	"GET /staff/breaches/register.pdf":                     "dpo case_handler auditor",
	"GET /staff/breaches/:id":                              "controller other dpo case_handler auditor operator",
	"POST /staff/breaches/:id/events":                      "dpo case_handler operator",
	"GET /staff/breaches/:id/notification":                 "dpo case_handler auditor",
	"GET /staff/breaches/:id/letter":                       "dpo case_handler auditor",
	"POST /staff/breaches/:id/letter":                      "dpo case_handler",
	"POST /staff/breaches/:id/letter/test":                 "dpo case_handler",
	"POST /staff/breaches/:id/letter/approve":              "dpo",
	"POST /staff/breaches/:id/letter/settle":               "dpo",
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
	"GET /staff/requests/:id/groups/:no":                   "controller other dpo case_handler auditor",
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
	"GET /staff/recipients/:id":                            "dpo case_handler auditor",
	"POST /staff/recipients/:id":                           "dpo",
	"GET /staff/recipients/:id/edit":                       "dpo",
	"GET /staff/changes":                                   "controller other dpo case_handler auditor",
	"POST /staff/changes":                                  "dpo",
	"GET /staff/changes/new":                               "dpo",
	"GET /staff/changes/:id":                               "controller other dpo case_handler auditor",
	"POST /staff/changes/:id/events":                       "dpo",
	"POST /staff/changes/:id/object":                       "controller other",
	"GET /changes/:token":                                  "all",
	"POST /changes/:token":                                 "all",
	"GET /trust":                                           "all",
	"GET /.well-known/security.txt":                        "all",

	"GET /staff/dashboard":                 "controller other dpo case_handler auditor",
	"GET /staff/reports":                   "controller other dpo case_handler auditor",
	"GET /staff/reports/report.pdf":        "controller other dpo case_handler auditor",
	"GET /staff/reports/report.csv":        "controller other dpo case_handler auditor",
	"GET /staff/holds":                     "controller other dpo case_handler auditor",
	"GET /staff/instructions":              "controller other dpo case_handler auditor",
	"POST /staff/instructions":             "controller other",
	"POST /staff/instructions/:id/end":     "controller other",
	"GET /staff/map":                       "dpo case_handler auditor operator",
	"GET /staff/ledger":                    "dpo case_handler auditor operator",
	"POST /staff/ledger/verify":            "dpo case_handler auditor operator",
	"GET /staff/requests/:id/evidence.zip": "controller other dpo case_handler auditor",
	"POST /staff/search":                   "controller other dpo case_handler auditor",
	"POST /staff/views":                    "controller other dpo case_handler auditor",
	"POST /staff/views/:id/remove":         "controller other dpo case_handler auditor",
	"GET /staff/requests/new":              "controller other dpo case_handler",
	"POST /staff/requests":                 "controller other dpo case_handler",
	"POST /staff/bulk":                     "controller other dpo case_handler",
	"POST /staff/bulk/decisions":           "controller other dpo case_handler",

	"GET /staff/webhooks":                               "controller other dpo case_handler auditor operator",
	"POST /staff/webhooks":                              "controller other dpo operator",
	"GET /staff/webhooks/:id":                           "controller other dpo case_handler auditor operator",
	"POST /staff/webhooks/:id/rotate":                   "controller other dpo operator",
	"POST /staff/webhooks/:id/switch":                   "controller other dpo operator",
	"POST /staff/webhooks/:id/test":                     "controller other dpo operator",
	"POST /staff/webhooks/:id/messages/:message/replay": "controller other dpo operator",
	"GET /opendsr/v2/discovery":                         "all",
	"GET /opendsr/v2/certificate.pem":                   "all",
	"POST /opendsr/v2/requests":                         "controller other",
	"GET /opendsr/v2/requests/:id":                      "controller other",
	"DELETE /opendsr/v2/requests/:id":                   "controller other",
	"GET /opendsr/v2/requests/:id/results":              "controller other",
	"GET /opendsr/v2/status/:id":                        "controller other",
	"GET /opendsr/v1/discovery":                         "all",
	"GET /opendsr/v1/certificate.pem":                   "all",
	"POST /opendsr/v1/opengdpr_requests":                "controller other",
	"GET /opendsr/v1/opengdpr_requests/:id":             "controller other",
	"DELETE /opendsr/v1/opengdpr_requests/:id":          "controller other",
	"GET /opendsr/v1/opengdpr_requests/:id/results":     "controller other",
	"GET /opendsr/v1/status/:id":                        "controller other",
}

// bodies are what is posted to a JSON route so that the document is followed and nothing happens.
var bodies = map[string]string{
	"POST /v1/requests":                 `{"right":"none","email":"a@example.com"}`,
	"POST /v1/requests/:id/decisions":   `{"kind":"none"}`,
	"POST /v1/requests/:id/corrections": `{"plan_digest":"x","group":1,"field":"f","value":"v"}`,
	"POST /v1/suppressions/check":       `{"controller":"nobody","purpose":"direct_marketing","identities":[{"kind":"email","value":"a@example.com"}]}`,
	"POST /v1/status/:token/verify":     `{"code":"0"}`,
	"POST /v1/status/:token/answer":     `{"answer":"x"}`,
	"POST /v1/breaches":                 `{"what":"x","source":"none"}`,
	"POST /v1/breaches/:id/events":      `{"kind":"none"}`,
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
	fill := strings.NewReplacer(":id", f.id.String(), ":token", "nonsense", ":receipt_id", receipts[0].ID.String(), ":receipt", receipts[0].ID.String(), ":file", "none.css", ":no", "1", ":message", f.id.String())

	for _, route := range api.Routes() {
		allowed, listed := may[route]
		require.True(t, listed, "say who may call %s", route)
		method, template, _ := strings.Cut(route, " ")
		path := fill.Replace(template)
		for _, who := range callers {
			var a answer
			if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/opendsr/") {
				a = b.call(method, path, keys[who], bodies[route])
			} else if route != "POST /staff/logout" { // which would end the session that is used here
				a = b.page(browsers[who], method, path)
			}
			through := allowed == "all" || slices.Contains(strings.Fields(allowed), who)
			refused := a.status == 401 || a.status == 403 || a.header.Get("Location") == "/staff/login"
			if route == "POST /staff/login" {
				refused = false // 401 is its own answer to a wrong key
			}
			require.Equal(t, through, !refused, "%s by %s: %d", route, who, a.status)
			require.Less(t, a.status, 500, "%s by %s", route, who)
			if who == "other" && through && strings.Contains(template, ":id") {
				require.Equal(t, 404, a.status, "%s by another customer", route)
			}
		}
	}
}

// page sends what a browser would.
func (b *bundle) page(c *http.Client, method, path string) answer {
	b.t.Helper()
	if method == http.MethodPost {
		return b.post(c, path, url.Values{"kind": {"none"}, "input": {"{}"}, "right": {"access"}})
	}
	return b.get(c, path)
}

func TestTheDocumentDescribesExactlyTheRoutes(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	var described []string
	for path, item := range spec.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path))
		}
	}
	var served []string
	for _, r := range api.Routes() {
		if strings.Contains(r, " /v1/") {
			served = append(served, r)
		}
	}
	require.ElementsMatch(t, served, described)
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
