package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"reflect"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/look"
	"habeas/api/middleware"
	"habeas/api/problem"
	"habeas/api/tongue"
	"habeas/api/words"
	"habeas/models/store"
	"habeas/templates"
)

// pages renders views inside the frame.
type pages struct {
	engine  *templates.Engine
	store   *store.Store
	contact string
	tls     bool
	asked   func(context.Context) []string // acts before which the caller must show once more who they are
}

// renderer is any templates.Page with its view.
type renderer = func(e *templates.Engine, f templates.Frame) ([]byte, error)

func (p *pages) frame(r *http.Request) templates.Frame {
	f := templates.Frame{Lang: tongue.Of(r), Here: tongue.Here(r), Contact: p.contact}
	// A page is shown without the operator's name rather than not at all.
	if c, err := p.store.Operator(r.Context()); err == nil {
		f.Operator, f.Authority = c.Name, c.Authority
	}
	f.Look = look.Of(r, p.store)
	return f
}

// public shows a page of the portal. A page is whole before its first byte is sent.
func (p *pages) public(w http.ResponseWriter, r *http.Request, status int, render renderer) error {
	tongue.Remember(w, r, p.tls)
	return p.write(w, status, p.frame(r), render)
}

// console shows a page of the console to whoever is signed in.
func (p *pages) console(w http.ResponseWriter, r *http.Request, status int, section string, render renderer) error {
	f := p.frame(r)
	f.Look, f.Zone = nil, p.zone(r)
	if call := middleware.CallOf(r.Context()); call.Known() && !call.Half {
		who := call.Principal
		f.User, f.Section = &templates.User{Name: who.Name, Role: string(who.Role), Staff: who.Role.Staff()}, section
		f.Path, f.Asked = r.URL.Path, p.asked(r.Context())
		if r.URL.Query().Get("note") == "confirmed" {
			f.Note = "confirm.done"
		}
	}
	return p.write(w, status, f, render)
}

// zone is that of the organisation of whoever is signed in: the customer's own, or the operator's.
func (p *pages) zone(r *http.Request) *time.Location {
	c, err := p.store.Operator(r.Context())
	if call := middleware.CallOf(r.Context()); call.Known() {
		if id, limited := call.Principal.Scope.Controller(); limited {
			c, err = p.store.ControllerByID(r.Context(), call.Principal.Scope, id)
		}
	}
	if err != nil {
		return nil
	}
	return words.Zone(c.Timezone)
}

func (p *pages) write(w http.ResponseWriter, status int, f templates.Frame, render renderer) error {
	body, err := render(p.engine, f)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return nil // the reader has gone; there is nobody left to tell
	}
	return nil
}

// failTitles are the pages' texts by status; anything else is an internal error.
var failTitles = map[int]string{
	http.StatusBadRequest: "failure.invalid", http.StatusUnauthorized: "failure.forbidden", http.StatusForbidden: "failure.forbidden",
	http.StatusNotFound: "failure.not_found", http.StatusMethodNotAllowed: "failure.not_found", http.StatusConflict: "failure.conflict",
	http.StatusTooManyRequests: "failure.too_many", http.StatusServiceUnavailable: "failure.unavailable", http.StatusRequestEntityTooLarge: "failure.too_large",
}

func (s *server) failPage(w http.ResponseWriter, r *http.Request, p problem.Problem) {
	title := failTitles[p.Status]
	switch {
	case p.Code == "cross_origin":
		title = "failure.cross_origin"
	case title == "":
		title = "failure.internal"
	}
	view := templates.ErrorView{Status: p.Status, Title: title, Advice: title + ".advice", RequestID: p.Instance}
	f := templates.Frame{Lang: tongue.Of(r), Here: tongue.Here(r), Contact: s.Contact}
	if !inConsole(r) {
		view.Code = p.Code // the person reads it in their language
	}
	if (p.Status == http.StatusConflict || p.Status == http.StatusBadRequest) && f.Lang == "en" { // other sentences are in English alone
		view.Detail = p.Detail
	}
	show := &pages{engine: s.engine, contact: s.Contact, store: s.Store}
	if p.Status < http.StatusInternalServerError {
		f = show.frame(r)
	}
	if call := middleware.CallOf(r.Context()); call.Known() && !call.Half && inConsole(r) {
		who := call.Principal
		f.User = &templates.User{Name: who.Name, Role: string(who.Role), Staff: who.Role.Staff()}
	}
	err := show.write(w, p.Status, f, func(e *templates.Engine, f templates.Frame) ([]byte, error) {
		return templates.Failure.Render(e, f, view)
	})
	if err != nil {
		p.Write(w)
	}
}

func (s *server) keys(c echo.Context) error {
	body := []byte(`{"keys":[]}` + "\n")
	if s.Keys != nil {
		var err error
		if body, err = s.Keys(); err != nil {
			return err
		}
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	c.Response().Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	return c.Blob(http.StatusOK, "application/jwk-set+json", body)
}

func (s *server) ready(c echo.Context) error {
	if err := s.Store.Ready(c.Request().Context()); err != nil {
		return err
	}
	return c.String(http.StatusOK, "ready\n")
}

func (s *server) static(c echo.Context) error {
	a, ok := s.engine.Asset(c.Request().URL.Path)
	if !ok {
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, a.Type, a.Body)
}

// brandFile is a style sheet or a logo of a controller.
func (s *server) brandFile(c echo.Context) error {
	b, err := s.Store.BrandOf(c.Request().Context(), c.Param("slug"))
	if err != nil {
		return err
	}
	body, media, ok := look.File(b, c.Param("file"))
	if !ok {
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, media, body)
}

func prefixNet(p netip.Prefix) *net.IPNet {
	p = p.Masked()
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// typeName is the type of an error and, of the database's, its SQLSTATE.
func typeName(err error) string {
	if db, ok := err.(interface{ SQLState() string }); ok {
		return "SQLSTATE " + db.SQLState()
	}
	if t := reflect.TypeOf(err); t != nil {
		return fmt.Sprint(t)
	}
	return "nil"
}
