package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/account"
	"habeas/api/middleware"
	"habeas/api/opendsr"
	"habeas/models"
	"habeas/models/member"
)

// access says who may call a route. A route that is not in the table stops the server from starting.
type access struct {
	public bool          // anybody; a key that is sent is looked at all the same
	roles  []models.Role // who else
	limit  string        // rate limit by client address: "" none, "post" for forms and JSON, "login", "callback"
	each   string        // rate limit by access key: "" none, "check"
	half   bool          // somebody who must set something up before they are signed in may, too
	fresh  bool          // a person must have shown who they are a short while ago
	grant  models.Grant  // the scope that a key with scopes needs; "" keeps such keys out
}

// with is the same for programs, whose keys may have scopes.
func (a access) with(g models.Grant) access {
	a.grant = g
	return a
}

var (
	public   = access{public: true}
	posting  = access{public: true, limit: "post"}
	readers  = access{roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleAuditor, models.RoleController, models.RoleViewer}}
	deciders = access{roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleController}}
	casework = access{roles: []models.Role{models.RoleDPO, models.RoleHandler}}
	team     = access{roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleAuditor, models.RoleOperator}}
)

// Breaches: an operator hears alarms too, and a customer sees those that concern its data. Manual tasks are for watchers and casework.
var (
	everyone   = access{roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleAuditor, models.RoleOperator, models.RoleController, models.RoleViewer}}
	reporters  = access{roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleAuditor, models.RoleOperator, models.RoleController}}
	responders = access{roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleOperator}}
	noters     = access{roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleOperator, models.RoleController}}
	writers    = access{roles: []models.Role{models.RoleDPO, models.RoleHandler}}
	approvers  = access{roles: []models.Role{models.RoleDPO}}
	customers  = access{roles: []models.Role{models.RoleController}}
	watchers   = access{roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleAuditor}}
)

// People and their accounts: everybody has their own, and managers those of others. Who changes what somebody signs in with has just shown who they are.
var (
	signing  = access{public: true, limit: "login"}
	owners   = access{roles: everyone.roles}
	changers = access{roles: everyone.roles, fresh: true}
	settlers = access{roles: everyone.roles, half: true}              // what somebody sets up who must before they go on
	adders   = access{roles: everyone.roles, half: true, fresh: true} // likewise
	managers = access{roles: member.Managers()}
	changing = access{roles: member.Managers(), fresh: true}
)

// keepers may add and change webhooks and access keys: a customer its own.
var keepers = access{roles: []models.Role{models.RoleController, models.RoleDPO, models.RoleOperator}}

// orderers may end a contract: a customer its own, the DPO on its instruction.
var orderers = access{roles: []models.Role{models.RoleController, models.RoleDPO}}

// agents are known by tokens of their own, which api/drp looks at: here they are anybody.
var agents = public

// table is every route with who may call it.
var table = map[string]access{
	"GET /":                                                public,
	"GET /requests/new":                                    public,
	"GET /c/:slug":                                         public,
	"GET /brand/:slug/:file":                               public,
	"POST /requests":                                       posting,
	"POST /requests/agent":                                 posting,
	"GET /requests/sent/:token":                            public,
	"GET /verify/:token":                                   public,
	"POST /verify/:token":                                  posting,
	"POST /verify/:token/object":                           posting,
	"GET /status/:token":                                   public,
	"GET /status/:token/recipients":                        public,
	"POST /status/:token/verify":                           posting,
	"POST /status/:token/resend":                           posting,
	"POST /status/:token/withdraw":                         posting,
	"POST /status/:token/answer":                           posting,
	"GET /package/:token":                                  public,
	"POST /package/:token/code":                            posting,
	"POST /package/:token/download":                        posting,
	"GET /notices/:token":                                  public,
	"POST /notices/:token":                                 posting,
	"GET /staff/login":                                     public,
	"POST /staff/login":                                    signing,
	"POST /staff/logout":                                   public,
	"GET /.well-known/change-password":                     public,
	"GET /staff/login/factor":                              public,
	"POST /staff/login/factor":                             signing,
	"POST /staff/login/passkey/options":                    signing,
	"POST /staff/login/passkey":                            signing,
	"GET /staff/login/sso":                                 public,
	"GET /staff/login/sso/callback":                        public,
	"GET /staff/forgot":                                    public,
	"POST /staff/forgot":                                   signing,
	"GET /staff/link/:token":                               public,
	"POST /staff/link/:token":                              signing,
	"GET /staff/confirm":                                   owners,
	"POST /staff/confirm":                                  owners,
	"GET /staff/account":                                   settlers,
	"POST /staff/account/password":                         settlers,
	"GET /staff/account/factor":                            settlers,
	"POST /staff/account/factor/begin":                     adders,
	"POST /staff/account/factor/confirm":                   adders,
	"POST /staff/account/factor/remove":                    changers,
	"POST /staff/account/continue":                         settlers,
	"POST /staff/account/recovery":                         changers,
	"POST /staff/account/passkeys/options":                 adders,
	"POST /staff/account/passkeys":                         adders,
	"POST /staff/account/passkeys/:id/remove":              changers,
	"POST /staff/account/sessions/end":                     owners,
	"POST /staff/account/sessions/:id/end":                 owners,
	"GET /staff/members":                                   managers,
	"POST /staff/members":                                  changing,
	"POST /staff/members/:id/role":                         changing,
	"POST /staff/members/:id/link":                         changing,
	"POST /staff/members/:id/factors":                      changing,
	"POST /staff/members/:id/deactivate":                   changing,
	"GET /staff/permissions":                               owners,
	"GET /staff":                                           readers,
	"GET /staff/requests/:id":                              readers,
	"POST /staff/requests/:id/decisions":                   deciders,
	"POST /staff/requests/:id/identity":                    deciders,
	"POST /staff/requests/:id/scan":                        casework,
	"POST /staff/requests/:id/agents/:submission":          approvers,
	"POST /staff/requests/:id/agents/:submission/proof":    casework,
	"GET /staff/requests/:id/receipts/:receipt":            readers,
	"GET /report":                                          public,
	"POST /report":                                         posting,
	"GET /breaches/:token":                                 public,
	"POST /breaches/:token":                                posting,
	"GET /staff/breaches":                                  everyone,
	"POST /staff/breaches":                                 team,
	"GET /staff/breaches/new":                              team,
	"GET /staff/breaches/register.json":                    watchers,
	"GET /staff/breaches/register.csv":                     watchers,
	"GET /staff/breaches/register.pdf":                     watchers,
	"GET /staff/breaches/:id":                              everyone,
	"POST /staff/breaches/:id/events":                      responders,
	"GET /staff/breaches/:id/notification":                 watchers,
	"GET /staff/breaches/:id/letter":                       watchers,
	"POST /staff/breaches/:id/letter":                      writers,
	"POST /staff/breaches/:id/letter/test":                 writers,
	"POST /staff/breaches/:id/letter/approve":              approvers,
	"POST /staff/breaches/:id/letter/settle":               approvers,
	"POST /staff/breaches/:id/persons":                     deciders,
	"GET /staff/tasks":                                     watchers,
	"GET /staff/tasks/:id":                                 watchers,
	"POST /staff/tasks/:id/decisions":                      casework,
	"POST /staff/tasks/:id/files":                          casework,
	"POST /staff/tasks/:id/files/:file/remove":             casework,
	"POST /staff/tasks/:id/files/:file/fetch":              casework,
	"GET /staff/operations":                                team,
	"GET /staff/rules":                                     team,
	"POST /staff/rules":                                    team,
	"POST /v1/requests":                                    posting.with(models.GrantWriteRequests),
	"GET /v1/requests":                                     readers.with(models.GrantReadRequests),
	"GET /v1/requests/:id":                                 readers.with(models.GrantReadRequests),
	"GET /v1/requests/:id/plan":                            readers.with(models.GrantReadRequests),
	"POST /v1/requests/:id/decisions":                      deciders.with(models.GrantDecisions),
	"GET /v1/requests/:id/ledger":                          readers.with(models.GrantReadRequests),
	"GET /v1/requests/:id/notices":                         readers.with(models.GrantReadRequests),
	"GET /v1/requests/:id/deferrals":                       readers.with(models.GrantReadRequests),
	"GET /v1/requests/:id/tasks":                           readers.with(models.GrantReadRequests),
	"GET /v1/requests/:id/scans":                           watchers.with(models.GrantReadRequests),
	"POST /v1/requests/:id/scans":                          casework.with(models.GrantWriteRequests),
	"GET /v1/tasks":                                        watchers.with(models.GrantReadRequests),
	"GET /v1/requests/:id/receipts":                        readers.with(models.GrantReadRequests),
	"GET /v1/requests/:id/receipts/:receipt_id":            readers.with(models.GrantReadRequests),
	"POST /v1/breaches":                                    reporters.with(models.GrantBreaches),
	"GET /v1/breaches":                                     everyone.with(models.GrantBreaches),
	"GET /v1/breaches/:id":                                 everyone.with(models.GrantBreaches),
	"POST /v1/breaches/:id/events":                         noters.with(models.GrantBreaches),
	"POST /v1/breach-reports/:recipient":                   posting,
	"GET /v1/status/:token":                                public,
	"POST /v1/status/:token/verify":                        posting,
	"POST /v1/status/:token/resend":                        posting,
	"POST /v1/status/:token/withdraw":                      posting,
	"POST /v1/status/:token/answer":                        posting,
	"GET /v1/deferrals":                                    readers.with(models.GrantReadRequests),
	"GET /v1/webhooks":                                     everyone.with(models.GrantWebhooks),
	"POST /v1/webhooks":                                    keepers.with(models.GrantWebhooks),
	"GET /v1/webhooks/:id":                                 everyone.with(models.GrantWebhooks),
	"POST /v1/webhooks/:id/rotate":                         keepers.with(models.GrantWebhooks),
	"POST /v1/webhooks/:id/switch":                         keepers.with(models.GrantWebhooks),
	"POST /v1/webhooks/:id/test":                           keepers.with(models.GrantWebhooks),
	"GET /v1/webhooks/:id/messages":                        everyone.with(models.GrantWebhooks),
	"POST /v1/webhooks/:id/messages/:message_id/replay":    keepers.with(models.GrantWebhooks),
	"GET /v1/recipients":                                   watchers.with(models.GrantRecipients),
	"GET /v1/recipients/:slug":                             watchers.with(models.GrantRecipients),
	"GET /v1/subprocessor-changes":                         readers.with(models.GrantChanges),
	"GET /v1/subprocessor-changes/:id":                     readers.with(models.GrantChanges),
	"POST /v1/subprocessor-changes/:id/objection":          customers.with(models.GrantChanges),
	"GET /v1/keys":                                         keepers.with(models.GrantKeys),
	"POST /v1/keys":                                        keepers.with(models.GrantKeys),
	"POST /v1/keys/:id/rotate":                             reporters.with(models.GrantKeys),
	"POST /v1/keys/:id/revoke":                             keepers.with(models.GrantKeys),
	"POST /oauth/token":                                    posting,
	"GET /.well-known/oauth-authorization-server":          public,
	"GET /.well-known/habeas-keys.json":                    public,
	"GET /livez":                                           public,
	"GET /readyz":                                          public,
	"GET /openapi.yaml":                                    public,
	"GET /static/:file":                                    public,
	"GET /staff/requests/:id/groups/:no":                   readers,
	"POST /staff/requests/:id/groups/:no/values":           deciders,
	"POST /staff/requests/:id/groups/:no/decision":         deciders,
	"POST /staff/requests/:id/groups/:no/corrections":      deciders,
	"POST /staff/requests/:id/groups/:no/corrections/drop": deciders,
	"GET /v1/requests/:id/corrections":                     readers.with(models.GrantReadRequests),
	"POST /v1/requests/:id/corrections":                    deciders.with(models.GrantWriteRequests),
	"POST /v1/suppressions/check":                          {roles: []models.Role{models.RoleController, models.RoleDPO}, each: "check", grant: models.GrantSuppressions},
	"GET /staff/recipients":                                watchers,
	"POST /staff/recipients":                               approvers,
	"GET /staff/recipients/new":                            approvers,
	"GET /staff/recipients/register.csv":                   watchers,
	"GET /staff/recipients/register.json":                  watchers,
	"GET /staff/recipients/:id":                            watchers,
	"POST /staff/recipients/:id":                           approvers,
	"GET /staff/recipients/:id/edit":                       approvers,
	"GET /staff/changes":                                   readers,
	"POST /staff/changes":                                  approvers,
	"GET /staff/changes/new":                               approvers,
	"GET /staff/changes/:id":                               readers,
	"POST /staff/changes/:id/events":                       approvers,
	"POST /staff/changes/:id/object":                       customers,
	"GET /changes/:token":                                  public,
	"POST /changes/:token":                                 posting,
	"GET /trust":                                           public,
	"GET /trust/files/:file":                               public,
	"GET /staff/trust":                                     readers,
	"GET /staff/trust/preview":                             watchers,
	"GET /staff/trust/new":                                 approvers,
	"POST /staff/trust/items":                              approvers,
	"GET /staff/trust/items/:item":                         watchers,
	"GET /staff/trust/items/:item/edit":                    approvers,
	"POST /staff/trust/items/:item":                        approvers,
	"POST /staff/trust/items/:item/remove":                 approvers,
	"POST /staff/trust/publish":                            approvers,
	"GET /staff/trust/files/:file":                         watchers,
	"POST /trust/subscribe":                                posting,
	"GET /trust/subscribed":                                public,
	"GET /trust/subscribe/:token":                          public,
	"POST /trust/subscribe/:token":                         posting,
	"GET /trust/unsubscribe/:token":                        public,
	"POST /trust/unsubscribe/:token":                       public, // a mail provider calls it for many readers, from one address
	"GET /.well-known/security.txt":                        public,

	"POST /staff/search":                   readers,
	"GET /staff/dashboard":                 readers,
	"GET /staff/reports":                   readers,
	"GET /staff/reports/report.pdf":        readers,
	"GET /staff/reports/report.csv":        readers,
	"GET /staff/holds":                     readers,
	"GET /staff/instructions":              readers,
	"POST /staff/instructions":             customers,
	"POST /staff/instructions/:id/end":     customers,
	"GET /staff/map":                       team,
	"GET /staff/ledger":                    team,
	"POST /staff/ledger/verify":            team,
	"GET /staff/requests/:id/evidence.zip": readers,
	"POST /staff/views":                    readers,
	"POST /staff/views/:id/remove":         readers,
	"GET /staff/requests/new":              deciders,
	"POST /staff/requests":                 deciders,
	"POST /staff/bulk":                     deciders,
	"POST /staff/bulk/decisions":           deciders,

	"GET /staff/contracts":                              readers,
	"POST /staff/contracts":                             orderers,
	"GET /staff/contracts/new":                          orderers,
	"GET /staff/contracts/:id":                          readers,
	"POST /staff/contracts/:id/events":                  orderers,
	"GET /staff/contracts/:id/certificate.pdf":          readers,
	"GET /certificates/:token":                          public,
	"GET /certificates/:token/certificate.pdf":          public,
	"GET /certificates/:token/receipts/:receipt":        public,
	"GET /staff/webhooks":                               everyone,
	"POST /staff/webhooks":                              keepers,
	"GET /staff/webhooks/:id":                           everyone,
	"POST /staff/webhooks/:id/rotate":                   keepers,
	"POST /staff/webhooks/:id/switch":                   keepers,
	"POST /staff/webhooks/:id/test":                     keepers,
	"POST /staff/webhooks/:id/messages/:message/replay": keepers,
	"GET /staff/keys":                                   keepers,
	"POST /staff/keys":                                  keepers,
	"POST /staff/keys/:id/rotate":                       keepers,
	"POST /staff/keys/:id/revoke":                       keepers,
	"GET /reference":                                    public,
	"GET /reference/schemas":                            public,
	"GET /reference/problems":                           public,
	"GET /problems/:code":                               public,
	"POST /opendsr/v2/callbacks":                        {public: true, limit: "callback"},
	"GET /opendsr/v2/discovery":                         public,
	"GET /opendsr/v2/certificate.pem":                   public,
	"POST /opendsr/v2/requests":                         customers.with(models.GrantWriteRequests),
	"GET /opendsr/v2/requests/:id":                      customers.with(models.GrantReadRequests),
	"DELETE /opendsr/v2/requests/:id":                   customers.with(models.GrantWriteRequests),
	"GET /opendsr/v2/requests/:id/results":              customers.with(models.GrantReadRequests),
	"GET /opendsr/v2/status/:id":                        customers.with(models.GrantReadRequests),
	"GET /opendsr/v1/discovery":                         public,
	"GET /opendsr/v1/certificate.pem":                   public,
	"POST /opendsr/v1/opengdpr_requests":                customers.with(models.GrantWriteRequests),
	"GET /opendsr/v1/opengdpr_requests/:id":             customers.with(models.GrantReadRequests),
	"DELETE /opendsr/v1/opengdpr_requests/:id":          customers.with(models.GrantWriteRequests),
	"GET /opendsr/v1/opengdpr_requests/:id/results":     customers.with(models.GrantReadRequests),
	"GET /opendsr/v1/status/:id":                        customers.with(models.GrantReadRequests),
	"POST /drp/v1/agent/:agent":                         posting,
	"GET /drp/v1/agent/:agent":                          agents,
	"POST /drp/v1/data-rights-request":                  agents,
	"POST /drp/v1/data-rights-request/":                 agents,
	"GET /drp/v1/data-rights-request/:id":               agents,
	"DELETE /drp/v1/data-rights-request/:id":            agents,
	"GET /drp/verify/:id":                               public,
}

// limits are the limits by access key that hold for a call: those of every call of a program, and the route's own.
func (a access) limits(r *http.Request) (names []string) {
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		names = append(names, "key")
	}
	if a.each != "" {
		names = append(names, a.each)
	}
	return names
}

// Routes lists every route as method and template, e.g. "GET /v1/requests/:id".
func Routes() []string { return slices.Sorted(maps.Keys(table)) }

// permissions is the table for the page that shows it.
func permissions() []account.Permission {
	var out []account.Permission
	for _, route := range Routes() {
		out = append(out, account.Permission{Route: route, Public: table[route].public, Roles: table[route].roles})
	}
	return out
}

// checkRoutes fails when a route has no entry in the table, or an entry no route.
func checkRoutes(routes []*echo.Route) error {
	seen := map[string]bool{}
	for _, r := range routes {
		key := r.Method + " " + r.Path
		if _, ok := table[key]; !ok {
			return fmt.Errorf("route %s has no entry in the access table", key)
		}
		seen[key] = true
	}
	for key := range table {
		if !seen[key] {
			return fmt.Errorf("the access table has an entry for %s, which is no route", key)
		}
	}
	return nil
}

// allow finds out who calls and refuses those who may not. It runs after the router, which knows the route's template.
func (s *server) allow(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		rule, ok := table[r.Method+" "+c.Path()]
		if !ok { // the router's own answer: not found, or another method
			return next(c)
		}
		call := middleware.CallOf(r.Context())
		call.Route = c.Path()
		if rule.limit != "" {
			if err := s.rates[rule.limit].Take(c.Response().Header(), s.address(r)); err != nil {
				return err
			}
		}
		who, err := s.authenticate(r, rule.half)
		if err != nil {
			return err
		}
		call.Principal, call.Half = who, who.Role != "" && inConsole(r) && s.account.Half(r.Context())
		switch {
		case who.Role != "" && !who.May(rule.grant) && (!rule.public || rule.grant != ""):
			return models.Errorf(models.Forbidden, "scope_missing", "The scopes of this key do not allow it.")
		case rule.public:
			return next(c)
		case who.Role == "":
			return models.Errorf(models.Unauthenticated, "key_missing", "Send an access key, or sign in.")
		case !slices.Contains(rule.roles, who.Role):
			return models.Errorf(models.Forbidden, "role_forbidden", "Your role may not do this.")
		case rule.fresh && !s.account.Fresh(r.Context()):
			return s.account.AskAgain(c)
		}
		for _, limit := range rule.limits(r) {
			if err := s.rates[limit].TakeOf(c.Response().Header(), who.ID.String()); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// authenticate finds the caller: by the key of a JSON call, by the session of a console page. Public pages know nobody.
func (s *server) authenticate(r *http.Request, half bool) (models.Principal, error) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1/"), opendsr.Mine(r.URL.Path):
		header := r.Header.Get("Authorization")
		if header == "" {
			return models.Principal{}, nil
		}
		key, ok := strings.CutPrefix(header, "Bearer ")
		if !ok {
			return models.Principal{}, models.Errorf(models.Unauthenticated, "bad_key", "The access key is not valid.")
		}
		return s.Store.Bearer(r.Context(), strings.TrimSpace(key))
	case inConsole(r):
		return s.account.Principal(r.Context(), half)
	}
	return models.Principal{}, nil
}

// inConsole reports whether a call is about the console, which has sessions.
func inConsole(r *http.Request) bool {
	return r.URL.Path == "/staff" || strings.HasPrefix(r.URL.Path, "/staff/")
}
