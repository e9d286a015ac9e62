package drp

import (
	"crypto/ed25519"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/drp"
	"habeas/models/request"
	"habeas/models/store"
)

// Agent is an authorised agent that the operator trusts.
type Agent struct {
	Key     ed25519.PublicKey
	Vouches bool // its email_verified counts: the person is not asked to confirm by mail
}

// Business is whom requests are sent to.
type Business struct {
	Controller string // slug
	Regimes    []string
}

// Config is what an installation needs to speak the protocol.
type Config struct {
	Agents     map[string]Agent    // by agent-id
	Businesses map[string]Business // by business-id
	LapseAfter time.Duration       // in which a person confirms what an agent has sent
	Private    []string            // hosts that callbacks may reach inside the network
	PhoneKind  string              // the data maps' kind of identity for a telephone number; "" when they have none
	// LegalDate is the instant before which a request that comes in now is to be answered; it is told until the request's clock is recorded.
	LegalDate func(c request.Controller, received time.Time) (time.Time, error)
}

// Server answers agents.
type Server struct {
	config *Config // nil: every route answers 404
	store  *store.Store
	base   string // the installation's address, without a slash at its end
	now    func() time.Time
}

// New makes the server; without a configuration its routes answer 404.
func New(c *Config, s *store.Store, base string, now func() time.Time) *Server {
	return &Server{config: c, store: s, base: base, now: now}
}

// prefix leads every route for agents; below the API base that a business publishes, /drp, stand the text's own paths.
const prefix = "/drp/v1/"

// Mine reports whether a call is an agent's.
func Mine(path string) bool { return strings.HasPrefix(path, prefix) }

// Routes adds the routes.
func (s *Server) Routes(e *echo.Echo) {
	const requests = prefix + "data-rights-request"
	e.POST(prefix+"agent/:agent", s.on(s.setUp))
	e.GET(prefix+"agent/:agent", s.on(s.agent))
	e.POST(requests, s.on(s.exercise))
	e.POST(requests+"/", s.on(s.exercise)) // as it was before 0.9.3
	e.GET(requests+"/:id", s.on(s.status))
	e.DELETE(requests+"/:id", s.on(s.revoke))
	e.GET("/drp/verify/:id", s.on(s.verify))
	e.GET("/drp/results/:id", s.on(s.results))
}

// on answers 404 where this installation does not speak the protocol.
func (s *Server) on(h echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.config == nil {
			return echo.ErrNotFound
		}
		return h(c)
	}
}

// caller is whom the token of a call stands for, as long as the operator's file still names both. It fails with key_missing or bad_key.
func (s *Server) caller(c echo.Context) (store.DRPPair, error) {
	token, ok := strings.CutPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
	if !ok {
		return store.DRPPair{}, models.Errorf(models.Unauthenticated, "key_missing", "Send the token of this agent and business.")
	}
	p, err := s.store.DRPPairOf(c.Request().Context(), strings.TrimSpace(token))
	if err != nil && models.KindOf(err) != models.NotFound {
		return p, err
	}
	_, agent := s.config.Agents[p.Agent]
	_, business := s.config.Businesses[p.Business]
	if err != nil || !agent || !business {
		return p, models.Errorf(models.Unauthenticated, "bad_key", "The token is not valid; set up a new one.")
	}
	return p, nil
}

// open reads the body of a call as a message of the agent.
func (s *Server) open(c echo.Context, agent string) (drp.Message, error) {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return drp.Message{}, err
	}
	return drp.Read(s.config.Agents[agent].Key, []byte(strings.TrimSpace(string(body))))
}

// setUpPath is where a failure is told by its status alone, section 2.05.1.
func setUpPath(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, prefix+"agent/")
}

// Fail tells a problem in the text's form, section 3.06. What is wrong with a message is fatal: the same one is never taken.
func (s *Server) Fail(w http.ResponseWriter, r *http.Request, p problem.Problem) {
	w.Header().Set("Cache-Control", "no-store")
	if s.config == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if setUpPath(r) && p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="habeas"`)
	}
	message := p.Detail
	if message == "" {
		message = p.Title
	}
	f := drp.Failure{Code: strconv.Itoa(p.Status), Message: message}
	f.Fatal = r.Method == http.MethodPost && (p.Status == http.StatusBadRequest || p.Status == http.StatusForbidden)
	send(w, p.Status, f)
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) //nolint:errcheck // the caller has gone; there is nobody left to tell
}
