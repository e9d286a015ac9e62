package portal

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// submitForAnother takes a request in that somebody makes for another person, with the proof that they may.
func (p *Portal) submitForAnother(c echo.Context) error {
	form, proof, err := formWithProof(c.Request())
	if err != nil {
		return err
	}
	raw := p.rawOf(c, form)
	raw.Agent = &intake.Agent{Name: form.Get("agent_name"), Email: form.Get("agent_email"), Basis: form.Get("agent_basis"), Proof: proof}
	return p.take(c, form, raw)
}

// formWithProof reads a form with a file. All of it stays in memory: what is personal must not lie in a temporary file.
func formWithProof(r *http.Request) (url.Values, []byte, error) {
	err := r.ParseMultipartForm(2 * request.MaxProof)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, nil, problem.TooLarge()
	}
	if err != nil {
		return nil, nil, models.Errorf(models.Invalid, "bad_form", "The form cannot be read.").Because(err)
	}
	files := r.MultipartForm.File["proof"]
	if len(files) == 0 {
		return r.PostForm, nil, nil
	}
	f, err := files[0].Open()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }() //nolint:errcheck // it was only read
	proof, err := io.ReadAll(io.LimitReader(f, request.MaxProof+1))
	return r.PostForm, proof, err
}

// agentView is what the form asks of somebody who acts for another, with what was typed; nil for a person who asks themselves.
func agentView(raw *intake.Agent) *templates.AgentForm {
	if raw == nil {
		return nil
	}
	view := &templates.AgentForm{Name: raw.Name, Email: raw.Email}
	for _, b := range request.Bases() {
		view.Bases = append(view.Bases, templates.Option{Value: string(b), Selected: string(b) == raw.Basis})
	}
	return view
}

// otherForm is the path of the form of the other sort.
func otherForm(raw intake.Raw) string {
	query := url.Values{"right": {raw.Right}}
	if raw.Controller != "" {
		query.Set("controller", raw.Controller)
	}
	if raw.Agent == nil {
		query.Set("for", "other")
	}
	return "/requests/new?" + query.Encode()
}

// agentStatus is the page of somebody who acts for a person.
func (p *Portal) agentStatus(view templates.StatusView, a store.AgentStatus) templates.StatusView {
	view.Agent = string(a.Authority.Told())
	if a.Verified {
		view.Proved, view.State, view.Outcome = true, a.State, a.Outcome
		view.Due = words.Due(a.Clock, a.State != models.Closed, p.Now())
	}
	return view
}

// object takes the objection of a person in for whom somebody else has asked.
func (p *Portal) object(c echo.Context) error {
	err := p.Store.ObjectToAgent(c.Request().Context(), c.Param("token"))
	if models.CodeOf(err) == "link_used" {
		return p.spent(c)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/verify/"+c.Param("token"))
}
