package api

import (
	"cmp"
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
	limit  string        // rate limit by client address: "" none, or a name of server.rates
	each   string        // rate limit by access key: "" none, "check"
	half   bool          // somebody who must set something up before they are signed in may, too
	asks   account.Act   // a person must have shown who they are a short while ago, where the operator wants it for what the route does; "" never
	grant  models.Grant  // the scope that a key with scopes needs; "" keeps such keys out
}

// after is the same for an act before which a person shows once more who they are.
func (a access) after(act account.Act) access {
	a.asks = act
	return a
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
	signing  = access{public: true, limit: "login"} // failures count
	asking   = access{public: true, limit: "forgot"}
	greeting = access{public: true, limit: "passkey"}
	owners   = access{roles: everyone.roles}
	changers = owners.after(account.ActAccount)
	settlers = access{roles: everyone.roles, half: true} // what somebody sets up who must before they go on
	adders   = settlers.after(account.ActAccount)        // likewise
	managers = access{roles: member.Managers()}
	changing = managers.after(account.ActMembers)
)

// keepers may add and change webhooks and access keys: a customer its own.
var keepers = access{roles: []models.Role{models.RoleController, models.RoleDPO, models.RoleOperator}}

// orderers may end a contract: a customer its own, the DPO on its instruction.
var orderers = access{roles: []models.Role{models.RoleController, models.RoleDPO}}

// agents are known by tokens of their own, which api/drp looks at: here they are anybody.
var agents = public

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
		next, err := s.limited(c, rule.limit, next)
		if err != nil {
			return err
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
		case s.account.Asks(r.Context(), rule.asks):
			return s.account.AskAgain(c, formOf(c))
		}
		for _, limit := range rule.limits(r) {
			if err := s.rates[limit].TakeOf(c.Response().Header(), who.ID.String()); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// limited counts a call against the limit of its client address, and fails when there is no room. Of signing in only failures count, so that an office
// behind one address is not kept out by being many, and a browser in which somebody has signed in before is let through to the limits of its own account.
func (s *server) limited(c echo.Context, limit string, next echo.HandlerFunc) (echo.HandlerFunc, error) {
	if limit == "" {
		return next, nil
	}
	r := c.Request()
	err := s.rates[limit].Take(c.Response().Header(), s.address(r))
	if limit != "login" {
		return next, err
	}
	if err != nil {
		known, unknown := s.account.KnownBrowser(r)
		if unknown != nil || !known {
			return next, cmp.Or(unknown, err)
		}
		c.Response().Header().Del("Retry-After")
		return next, nil
	}
	return func(c echo.Context) error {
		err := next(c)
		if err == nil && c.Response().Status < http.StatusBadRequest {
			s.rates[limit].Back(s.address(r))
		}
		return err
	}, nil
}

// formOf is the page on which the form stands that a call sent: the nearest one above it in the table, or the one for something new.
func formOf(c echo.Context) string {
	template, path := c.Path(), c.Request().URL.Path
	if _, ok := table["GET "+template+"/new"]; ok {
		return path + "/new"
	}
	for template != "" {
		if _, ok := table["GET "+template]; ok {
			return path
		}
		template, path = template[:strings.LastIndex(template, "/")], path[:strings.LastIndex(path, "/")]
	}
	return "/staff/account"
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
