package api

import (
	_ "embed"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"habeas/api/account"
	"habeas/api/audit"
	"habeas/api/drp"
	"habeas/api/middleware"
	"habeas/api/oauth"
	"habeas/api/opendsr"
	"habeas/api/portal"
	"habeas/api/problem"
	"habeas/api/reference"
	"habeas/api/staff"
	v1 "habeas/api/v1"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/request"
	"habeas/models/rules"
	"habeas/models/store"
	"habeas/models/trust"
	"habeas/templates"
)

//go:embed openapi.yaml
var document []byte

// Deps is what the server needs.
type Deps struct {
	Store    *store.Store
	Sessions scs.Store                // of the console, e.g. pgxstore over the table sessions; tokens reach it hashed
	Codes    portal.CodeSender        // mails the one-time code of a package; nil refuses with code mail_unavailable
	Keys     func() ([]byte, error)   // the JWK set that verifies receipts and checkpoints; nil serves an empty one
	Eval     func(line []byte) []byte // answers a case of the rules, for the page to try dates; nil uses the built-in rules
	OpenDSR  *opendsr.Config          // nil: no OpenDSR processor; its routes answer 404
	Handed   opendsr.Processors       // that requests are handed to; nil: nothing that they call back is believed
	DRP      *drp.Config              // nil: no Data Rights Protocol; its routes answer 404
	Graph    *datamap.Graph           // the data map, for the console to show; nil: none is loaded
	Log      *slog.Logger             // nil is slog.Default()
	Now      func() time.Time         // nil is time.Now
	Config
}

// Config is the part of the server that an operator sets.
type Config struct {
	BaseURL        string         // as people reach it, e.g. "https://privacy.example.com"; with https, cookies and headers ask for TLS
	Contact        string         // of the data protection officer, shown on pages; may be empty
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed; none by default
	IdentityKinds  []string       // further identifiers that the form offers, of the data map's kinds; the e-mail address is always asked for
	PostsPerMinute int            // by client address; 20 when zero
	CallsPerMinute int            // by access key, to the JSON interface; 1200 when zero
	// PublicSystems is under which name the public page shows a system, by the name that the data map uses; others it shows together and unnamed.
	PublicSystems map[string]string
	SignIn        account.Config // to the console
}

// checksPerMinute bounds how often one access key asks the suppression list, each time for some hundred people.
const checksPerMinute = 120

// callbacksPerMinute bounds what comes from one address to be verified: a processor tells a handful of statuses of each request.
const callbacksPerMinute = 600

// asksPerMinute bounds how many links for a new password one address orders, and greetingsPerMinute how many passkeys it begins to use.
const (
	asksPerMinute      = 5
	greetingsPerMinute = 120
)

type server struct {
	Deps
	engine  *templates.Engine
	base    *url.URL
	address func(*http.Request) string
	rates   map[string]*middleware.Rate
	portal  *portal.Portal
	account *account.Account
	console *staff.Console
	openDSR *opendsr.Server
	drp     *drp.Server
	about   *reference.Server
	audit   *audit.Audit // of the ledger, for pages and programs
	spec    *openapi3.T
}

// specification is the document of the JSON interface, read once in a process: all its servers share it.
var specification = sync.OnceValues(func() (*openapi3.T, error) { return v1.Read(document) })

// New builds the whole HTTP server. It fails when a page does not fit its view, the document is not right, a route has no entry in
// the access table or the base URL is not one.
func New(d Deps) (http.Handler, error) {
	s, err := prepare(d)
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if c.Response().Committed { // nothing can be told any more
			s.logFailure(c.Request(), "internal", err)
			return
		}
		s.fail(c.Response(), c.Request(), err)
	}
	validate := v1.Validator(s.spec, s.fail)
	machines := v1.New(v1.Deps{Store: s.Store, Graph: s.Graph, Base: s.BaseURL, Keys: s.published, Audit: s.audit, Text: s.engine.Text, Now: s.Now})
	e.Use(s.allow, onV1(v1.Whole(v1.Readable)), onV1(v1.Whole(echo.WrapMiddleware(validate))), onV1(v1.Whole(machines.Once)))
	s.routes(e, machines)
	if err := checkRoutes(e.Routes()); err != nil {
		return nil, err
	}
	return s.wrap(e)
}

func prepare(d Deps) (*server, error) {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Eval == nil {
		d.Eval = func(line []byte) []byte { return rules.Eval(line, time.LoadLocation) }
	}
	if d.PostsPerMinute == 0 {
		d.PostsPerMinute = 20
	}
	if d.CallsPerMinute == 0 {
		d.CallsPerMinute = 1200
	}
	if d.SignIn.FailuresPerAddress == 0 {
		d.SignIn.FailuresPerAddress = store.FailuresPerAddress
	}
	base, err := url.Parse(d.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, models.Errorf(models.Invalid, "bad_base_url", "The base URL must be like https://privacy.example.com.")
	}
	d.BaseURL = strings.TrimSuffix(d.BaseURL, "/")
	engine, err := templates.New()
	if err != nil {
		return nil, err
	}
	spec, err := specification()
	if err != nil {
		return nil, err
	}
	s := &server{Deps: d, engine: engine, spec: spec, base: base, address: addressOf(d.TrustedProxies)}
	s.rates = map[string]*middleware.Rate{
		"post":     middleware.NewRate("post", time.Minute/time.Duration(d.PostsPerMinute), d.PostsPerMinute, d.Now),
		"callback": middleware.NewRate("callback", time.Minute/callbacksPerMinute, callbacksPerMinute, d.Now),
		"login":    middleware.NewRate("login", store.AttemptWindow/time.Duration(d.SignIn.FailuresPerAddress), d.SignIn.FailuresPerAddress, d.Now),
		"forgot":   middleware.NewRate("forgot", time.Minute/asksPerMinute, 2*asksPerMinute, d.Now),
		"passkey":  middleware.NewRate("passkey", time.Minute/greetingsPerMinute, greetingsPerMinute, d.Now),
		"check":    middleware.NewRate("check", time.Minute/checksPerMinute, checksPerMinute, d.Now),
		"key":      middleware.NewRate("key", time.Minute/time.Duration(d.CallsPerMinute), d.CallsPerMinute, d.Now),
	}
	show := &pages{engine: engine, store: d.Store, contact: d.Contact, tls: base.Scheme == "https"}
	s.audit = audit.New(d.Store, d.Now)
	s.portal = portal.New(portal.Deps{Store: d.Store, Show: show.public, Codes: d.Codes, Graph: d.Graph, IdentityKinds: d.IdentityKinds, PublicSystems: d.PublicSystems, Now: d.Now})
	s.console = staff.New(staff.Deps{
		Store: d.Store, Show: show.console, Text: engine.Text, Keys: s.published, Audit: s.audit, Graph: d.Graph, IdentityKinds: d.IdentityKinds,
		Eval: d.Eval, Preview: s.portal.TrustPreview, Now: d.Now,
	})
	s.account, err = account.New(account.Deps{
		Store: d.Store, Sessions: d.Sessions, Show: show.console, Address: s.address, Base: base, Permissions: permissions, Now: d.Now, Config: d.SignIn,
	})
	if err != nil {
		return nil, err
	}
	show.asked = s.account.AskedNow
	s.openDSR = opendsr.New(d.OpenDSR, d.Handed, d.Store, d.BaseURL, d.Now)
	s.drp = drp.New(d.DRP, d.Store, d.BaseURL, d.Now)
	s.about, err = reference.New(s.spec, d.BaseURL, show.public)
	return s, err
}

// addressOf finds the client's address: the peer's, unless a trusted proxy says otherwise.
func addressOf(trusted []netip.Prefix) func(*http.Request) string {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		options = append(options, echo.TrustIPRange(prefixNet(p)))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// onV1 applies a middleware to the routes of the JSON interface.
func onV1(m echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		guarded := m(next)
		return func(c echo.Context) error {
			if strings.HasPrefix(c.Path(), "/v1/") {
				return guarded(c)
			}
			return next(c)
		}
	}
}

// published is the JWK set that verifies receipts and the ledger; it fails with no_keys.
func (s *server) published() ([]byte, error) {
	if s.Keys == nil {
		return nil, models.Errorf(models.Unavailable, "no_keys", "No signing key is configured, so that there is nothing to verify with.")
	}
	return s.Keys()
}

func (s *server) routes(e *echo.Echo, machines *v1.Server) {
	v1.RegisterHandlers(e, v1.NewStrictHandler(machines, nil))
	e.POST("/v1/breach-reports/:recipient", machines.ReceiveBreachReport)
	s.portal.Routes(e)
	s.account.Routes(e)
	s.console.Routes(e)
	s.openDSR.Routes(e)
	s.drp.Routes(e)
	oauth.New(s.Store, s.BaseURL).Routes(e)
	s.about.Routes(e)
	e.GET("/.well-known/habeas-keys.json", s.keys)
	e.GET("/livez", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", s.ready)
	e.GET("/.well-known/security.txt", s.security)
	e.GET("/openapi.yaml", func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", document) })
	e.GET("/static/:file", s.static)
	e.GET("/brand/:slug/:file", s.brandFile)
}

// wrap puts what every call passes around the routes, the outermost last.
func (s *server) wrap(h http.Handler) (http.Handler, error) {
	sameOrigin, err := middleware.SameOrigin(s.base, s.fail)
	if err != nil {
		return nil, err
	}
	h = middleware.Head(h)
	h = s.account.LoadSession(inConsole, h, s.fail)
	h = sameOrigin(h)
	h = middleware.ReadableAddress(s.fail)(h)
	h = middleware.LimitBody(largestBody, s.fail)(h)
	h = middleware.Timeout(20*time.Second, time.Hour, isDownload, s.fail)(h)
	h = middleware.Secure(s.base.Scheme == "https")(h)
	h = middleware.Recover(s.Log, s.fail)(h)
	h = middleware.Log(s.Log, s.Now)(h)
	return middleware.Identify(h), nil
}

// isDownload reports the calls that may take long: files go out, or come in.
func isDownload(r *http.Request) bool {
	path := r.URL.Path
	return strings.HasPrefix(path, "/trust/files/") || strings.HasPrefix(path, "/package/") && strings.HasSuffix(path, "/download") ||
		strings.HasPrefix(path, "/staff/tasks/") && strings.HasSuffix(path, "/fetch") || strings.HasPrefix(path, "/v1/tasks/") && strings.Contains(path, "/files/") ||
		strings.HasPrefix(path, "/staff/requests/") && strings.HasSuffix(path, "/proof") || isUpload(r) || opendsr.IsDownload(path)
}

// isUpload reports the calls that bring a file. Who may not call them is refused before any of it is read.
func isUpload(r *http.Request) bool {
	return uploadSize(r) > 0
}

// maxBreachFile is how much a list of persons, or a copy of what was sent to an authority, may have: a list of some hundred thousand addresses.
const maxBreachFile = 20 << 20

// uploadSize is how much a file may have that a call brings; 0 for a call that brings none.
func uploadSize(r *http.Request) int64 {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/staff/tasks/") && strings.HasSuffix(path, "/files"):
		return store.MaxTaskFile
	case path == "/staff/trust/items", strings.HasPrefix(path, "/staff/trust/items/"):
		return trust.MaxFile
	case path == "/requests/agent", path == "/v1/agent-requests":
		return 2 * request.MaxProof // one that is somewhat too large is told beside its field
	case v1.Streamed(r):
		return store.MaxTaskFile
	case strings.HasPrefix(path, "/staff/breaches/") && (strings.HasSuffix(path, "/persons") || strings.HasSuffix(path, "/events")):
		return maxBreachFile
	}
	return 0
}

// largestBody is how much a call may bring: a file has some lines around it.
func largestBody(r *http.Request) int64 { return uploadSize(r) + middleware.MaxBody }

// fail tells an error: JSON for the JSON interface and machines, a page for people. What is unexpected is logged with the call's
// identifier; its text may quote a row, so only its type and code go to the log.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	call := middleware.CallOf(r.Context())
	p := problem.Of(err, s.BaseURL, call.ID)
	if p.Status >= http.StatusInternalServerError {
		s.logFailure(r, p.Code, err)
	}
	if opendsr.Mine(r.URL.Path) {
		s.openDSR.Fail(w, r, p, err)
		return
	}
	if drp.Mine(r.URL.Path) {
		s.drp.Fail(w, r, p)
		return
	}
	if !wantsPage(r) {
		p.Write(w)
		return
	}
	if p.Status == http.StatusUnauthorized && inConsole(r) {
		http.Redirect(w, r, "/staff/login", http.StatusSeeOther)
		return
	}
	s.failPage(w, r, p)
}

func (s *server) logFailure(r *http.Request, code string, err error) {
	call := middleware.CallOf(r.Context())
	s.Log.ErrorContext(r.Context(), "call failed", "call", call.ID, "route", call.Route, "code", code, "cause", cause(err))
}

func wantsPage(r *http.Request) bool {
	path := r.URL.Path
	for _, machine := range []string{"/v1", "/oauth/", "/.well-known/", "/livez", "/readyz", "/openapi.yaml"} {
		if strings.HasPrefix(path, machine) {
			return false
		}
	}
	return !strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

// cause names the types of an error's chain: enough to find the place, without any text that a database may have put values into.
func cause(err error) string {
	var names []string
	for ; err != nil && len(names) < 8; err = errors.Unwrap(err) {
		names = append(names, typeName(err))
	}
	return strings.Join(names, " < ")
}
