package opendsr

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/request"
	"habeas/models/store"
)

// Config is what makes an installation a processor.
type Config struct {
	Processor *opendsr.Processor
	Kinds     map[string]string // the data maps' kinds of identity by the protocol's types
	// LegalDate is the instant before which a request that comes in now is to be answered; it is told until the request's clock is recorded.
	LegalDate func(c request.Controller, received time.Time) (time.Time, error)
	Private   []string // host:port that callbacks may name inside the network
}

// Server answers controllers, and hears the processors of its own requests.
type Server struct {
	config     *Config // nil: every route answers 404 but that for callbacks
	processors Processors
	store      *store.Store
	base       string // the installation's address, without a slash at its end
	now        func() time.Time
}

// New makes the server; without a configuration its routes answer 404, and without processors no callback is believed.
func New(c *Config, p Processors, s *store.Store, base string, now func() time.Time) *Server {
	return &Server{config: c, processors: p, store: s, base: base, now: now}
}

// prefix leads every route; Old is the part of the paths of OpenGDPR 1.0.
const (
	prefix = "/opendsr/"
	old    = prefix + "v1/"
)

// Mine reports whether a call is about this interface.
func Mine(path string) bool { return strings.HasPrefix(path, prefix) }

// IsDownload reports whether a call fetches a result, which may take long.
func IsDownload(path string) bool { return Mine(path) && strings.HasSuffix(path, "/results") }

// Routes adds the routes: those of the text, and those that it had under its former name, section 10.1.
func (s *Server) Routes(e *echo.Echo) {
	e.POST(opendsr.CallbackPath, s.called)
	for version, requests := range map[string]string{"v2": "/requests", "v1": "/opengdpr_requests"} {
		at := prefix + version
		e.GET(at+"/discovery", s.on(s.discovery))
		e.GET(at+"/certificate.pem", s.on(s.certificate))
		e.POST(at+requests, s.on(s.submit))
		e.GET(at+requests+"/:id", s.on(s.status))
		e.DELETE(at+requests+"/:id", s.on(s.cancel))
		e.GET(at+requests+"/:id/results", s.on(s.results))
		e.GET(at+"/status/:id", s.on(s.status)) // section 3.1 names it beside /requests
	}
}

// on answers 404 where this installation is no processor.
func (s *Server) on(h echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.config == nil {
			return echo.ErrNotFound
		}
		return h(c)
	}
}

func version(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, old) {
		return opendsr.VersionOld
	}
	return opendsr.Version
}

// discovery says what is supported, section 6. Hashed identities are not: nothing can be searched by a hash of what it holds.
func (s *Server) discovery(c echo.Context) error {
	r := c.Request()
	d := opendsr.Discovery{Version: version(r), Types: opendsr.Types(), Certificate: s.base + strings.TrimSuffix(r.URL.Path, "discovery") + "certificate.pem"}
	for _, typ := range s.types() {
		d.Identities = append(d.Identities, opendsr.Identity{Type: typ, Format: opendsr.Raw})
	}
	return s.answer(c, http.StatusOK, d)
}

func (s *Server) types() []string {
	var out []string
	for typ := range s.config.Kinds {
		out = append(out, typ)
	}
	slices.Sort(out)
	return out
}

func (s *Server) certificate(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=300")
	return s.send(c.Response(), c.Request(), http.StatusOK, "application/x-pem-file", s.config.Processor.File)
}

// answer signs a body and sends it.
func (s *Server) answer(c echo.Context, status int, body any) error {
	b, err := encode(body)
	if err != nil {
		return err
	}
	return s.send(c.Response(), c.Request(), status, "application/json", b)
}

// encode is json.Marshal that leaves <, > and & as they are.
func encode(body any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(body)
	return bytes.TrimSpace(buf.Bytes()), err
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, status int, media string, body []byte) error {
	h := w.Header()
	if err := s.config.Processor.Seal(h, body, version(r) == opendsr.VersionOld); err != nil {
		return err
	}
	h.Set("Content-Type", media)
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return nil // the caller has gone; there is nobody left to tell
	}
	return nil
}

// Fail tells a problem in the text's form, sections 7.5 and 7.6, signed. What is wrong with what was sent has status 400, as the text wants. Who calls back
// is a processor, which the text promises no such form.
func (s *Server) Fail(w http.ResponseWriter, r *http.Request, p problem.Problem, err error) {
	if r.URL.Path == opendsr.CallbackPath {
		p.Write(w)
		return
	}
	status := p.Status
	if status == http.StatusConflict || status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	if s.config == nil {
		status = http.StatusNotFound
		w.WriteHeader(status)
		return
	}
	f := failure(status, p, err)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="habeas"`)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	body, broken := encode(f)
	if broken == nil {
		broken = s.send(w, r, status, "application/json;charset=UTF-8", body)
	}
	if broken != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// domains are the sorts of errors by status; the text names Validation only.
var domains = map[int]string{http.StatusBadRequest: "Validation", http.StatusUnauthorized: "Authentication", http.StatusForbidden: "Authorization"}

func failure(status int, p problem.Problem, err error) opendsr.Failure {
	domain := domains[status]
	if domain == "" {
		domain = "Request"
	}
	var f opendsr.Failure
	f.Error.Code, f.Error.Message = status, p.Detail
	for _, e := range faultsOf(err) {
		f.Error.Errors = append(f.Error.Errors, opendsr.Detail{Domain: domain, Reason: e.Code, Message: e.Message})
	}
	if len(f.Error.Errors) == 0 {
		f.Error.Errors = []opendsr.Detail{{Domain: domain, Reason: p.Code, Message: p.Detail}}
	}
	return f
}

func caller(c echo.Context) models.Principal {
	return middleware.CallOf(c.Request().Context()).Principal
}
