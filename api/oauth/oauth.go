package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/store"
)

// Server gives tokens.
type Server struct {
	store *store.Store
	base  string // URL of the installation, without a slash at its end
}

// New makes the server; base is the URL under which programs reach the installation.
func New(s *store.Store, base string) *Server { return &Server{store: s, base: base} }

// Routes adds the routes.
func (s *Server) Routes(e *echo.Echo) {
	e.POST("/oauth/token", s.token)
	e.GET("/.well-known/oauth-authorization-server", s.metadata)
}

// The errors of RFC 6749, section 5.2, that this grant has.
const (
	invalidRequest   = "invalid_request"
	invalidClient    = "invalid_client"
	invalidScope     = "invalid_scope"
	unsupportedGrant = "unsupported_grant_type"
)

type answer struct {
	Token     string `json:"access_token"`
	Type      string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"`
	Scope     string `json:"scope,omitempty"`
}

type refusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// token answers a request for a token. Nothing that was sent is repeated.
func (s *Server) token(c echo.Context) error {
	r := c.Request()
	c.Response().Header().Set("Pragma", "no-cache")
	form, err := formOf(r)
	if models.CodeOf(err) == invalidRequest {
		return refuse(c, invalidRequest, models.MessageOf(err, ""))
	}
	if err != nil {
		return err
	}
	id, secret, problem := client(r, form)
	switch {
	case problem != "":
		return refuse(c, invalidRequest, problem)
	case form.Get("grant_type") == "":
		return refuse(c, invalidRequest, "grant_type is missing.")
	case form.Get("grant_type") != "client_credentials":
		return refuse(c, unsupportedGrant, "Only client_credentials is supported.")
	}
	key, err := models.ParseID(id)
	if err != nil {
		return s.refuseClient(c)
	}
	asked, err := models.ParseGrants(strings.Fields(form.Get("scope")))
	if err != nil {
		return refuse(c, invalidScope, models.MessageOf(err, ""))
	}
	given, err := s.store.GiveToken(r.Context(), key, secret, asked)
	switch {
	case models.KindOf(err) == models.Unauthenticated:
		return s.refuseClient(c)
	case models.CodeOf(err) == "scope_wider":
		return refuse(c, invalidScope, models.MessageOf(err, ""))
	case err != nil:
		return err
	}
	words := make([]string, len(given.Grants))
	for i, g := range given.Grants {
		words[i] = string(g)
	}
	return c.JSON(http.StatusOK, answer{given.Token.Reveal(), "Bearer", int(given.Expires.Seconds()), strings.Join(words, " ")})
}

// formOf reads the body; parameters in the address are not looked at, since secrets do not belong there. Each may be there once (section 3.2).
func formOf(r *http.Request) (url.Values, error) {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(strings.ToLower(kind)) != echo.MIMEApplicationForm {
		return nil, models.Errorf(models.Invalid, invalidRequest, "Send the body as application/x-www-form-urlencoded.")
	}
	if err := r.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, err
		}
		return nil, models.Errorf(models.Invalid, invalidRequest, "The body cannot be read.")
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, models.Errorf(models.Invalid, invalidRequest, "A parameter is there twice.")
		}
	}
	return r.PostForm, nil
}

// client is who asks, by HTTP Basic, whose parts are encoded as a form's are (section 2.3.1), or by the body, but not by both.
func client(r *http.Request, form url.Values) (id, secret, problem string) {
	basicID, basicSecret, basic := r.BasicAuth()
	if !basic {
		return form.Get("client_id"), form.Get("client_secret"), ""
	}
	if form.Has("client_secret") {
		return "", "", "The client shows itself in one way, not in two."
	}
	id, err := url.QueryUnescape(basicID)
	if err != nil {
		return "", "", "The client's identifier cannot be read."
	}
	if secret, err = url.QueryUnescape(basicSecret); err != nil {
		return "", "", "The client's secret cannot be read."
	}
	if form.Has("client_id") && form.Get("client_id") != id {
		return "", "", "Two clients are named."
	}
	return id, secret, ""
}

func refuse(c echo.Context, code, sentence string) error {
	return c.JSON(http.StatusBadRequest, refusal{code, sentence})
}

func (s *Server) refuseClient(c echo.Context) error {
	c.Response().Header().Set("WWW-Authenticate", `Basic realm="habeas", charset="UTF-8"`)
	return c.JSON(http.StatusUnauthorized, refusal{invalidClient, "The client is not known, or its secret is not its key."})
}

// metadata is where programs find the rest.
func (s *Server) metadata(c echo.Context) error {
	scopes := []string{}
	for _, g := range models.Grants() {
		scopes = append(scopes, string(g))
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.JSON(http.StatusOK, map[string]any{
		"issuer": s.base, "token_endpoint": s.base + "/oauth/token", "grant_types_supported": []string{"client_credentials"}, "response_types_supported": []string{},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"}, "scopes_supported": scopes,
		"service_documentation": s.base + "/reference",
	})
}
