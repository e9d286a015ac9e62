package portal

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/api/tongue"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

func (p *Portal) packagePage(c echo.Context) error {
	return p.showPackage(c, http.StatusOK, c.QueryParam("code") == "sent", nil)
}

// packageStates are the page's states; a package that is still being built is not there yet.
var packageStates = map[store.PackageState]string{
	store.PackageReady: "ready", store.PackageFetched: "ready", store.PackageExpired: "expired", store.PackageShredded: "shredded",
}

func (p *Portal) showPackage(c echo.Context, status int, sent bool, mistakes templates.Errors) error {
	v, err := p.Store.PackageByToken(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	state, ok := packageStates[v.State]
	switch {
	case !ok:
		return models.Errorf(models.NotFound, "not_found", "There is no such package.")
	case state == "shredded" && !v.FetchedAt.IsZero():
		state = "collected"
	}
	return show(p, c, status, templates.Package, templates.PackageView{
		State: state, Path: "/package/" + c.Param("token"), Reference: v.Reference, Right: v.Right, Size: v.Size,
		ExpiresAt: v.ExpiresAt, CodeSent: sent, Errors: mistakes,
	})
}

// sendCode mails a new code. The code goes to the verified address alone, whoever holds the link.
func (p *Portal) sendCode(c echo.Context) error {
	if p.Codes == nil {
		return models.Errorf(models.Unavailable, "mail_unavailable", "No mail can be sent just now.")
	}
	ctx := c.Request().Context()
	code, err := p.Store.IssuePackageCode(ctx, c.Param("token"))
	if models.KindOf(err) == models.Conflict { // expired or fetched: the page says so
		return p.showPackage(c, http.StatusConflict, false, nil)
	}
	if err != nil {
		return err
	}
	if err := p.Codes.SendPackageCode(ctx, code); err != nil {
		return models.Errorf(models.Unavailable, "mail_unavailable", "No mail can be sent just now; try again.").Because(err)
	}
	return c.Redirect(http.StatusSeeOther, "/package/"+c.Param("token")+"?code=sent")
}

// packageMistakes are the refusals that are told beside the field.
var packageMistakes = map[string]string{"wrong_code": "error.wrong_code", "too_many_attempts": "error.too_many_codes", "code_expired": "error.code_expired"}

// download streams the package. When the stream breaks the connection is cut, so that half a file never looks whole.
func (p *Portal) download(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	code := strings.TrimSpace(form.Get("code"))
	if code == "" {
		return p.showPackage(c, http.StatusBadRequest, true, templates.Errors{{Field: "code", Key: "error.missing_code"}})
	}
	ctx, token := c.Request().Context(), c.Param("token")
	file, size, name, err := p.Store.OpenPackage(ctx, token, code)
	if key := packageMistakes[models.CodeOf(err)]; key != "" {
		return p.showPackage(c, problem.Of(err, "", "").Status, true, templates.Errors{{Field: "code", Key: key}})
	}
	if models.KindOf(err) == models.Conflict {
		return p.showPackage(c, http.StatusConflict, false, nil)
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() //nolint:errcheck // only read
	h := c.Response().Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Response().WriteHeader(http.StatusOK)
	if n, err := io.Copy(c.Response(), file); err != nil || n != size {
		panic(http.ErrAbortHandler)
	}
	// Who has the last byte may hang up at once, which ends the call's context.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return p.Store.PackageCollected(ctx, token)
}

func (p *Portal) noticePage(c echo.Context) error {
	return p.showNotice(c, http.StatusOK, nil)
}

// showNotice tells a recipient whom the notice is about, which is why the identities are revealed here.
func (p *Portal) showNotice(c echo.Context, status int, mistakes templates.Errors) error {
	v, err := p.Store.PeekNotice(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	view := templates.NoticeView{
		State: "open", Path: "/notices/" + c.Param("token"), Recipient: v.Recipient, Reference: v.Reference, Controller: v.Controller,
		Right: v.Right, Categories: templates.CategoriesIn(tongue.Of(c.Request()), v.Categories), Fields: v.Fields, Answer: string(v.Answer), Errors: mistakes,
	}
	for _, a := range store.NoticeAnswers(v.Right) {
		view.Answers = append(view.Answers, string(a))
	}
	if v.State == store.NoticeAcknowledged || v.State == store.NoticeWaived || v.State == store.NoticeDeclined {
		view.State = "acknowledged"
	}
	for _, i := range v.Identities {
		view.Identifiers = append(view.Identifiers, templates.KindValue{Kind: i.Kind, Value: i.Value.Reveal()})
	}
	return show(p, c, status, templates.Notice, view)
}

func (p *Portal) acknowledge(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	note := strings.TrimSpace(form.Get("note"))
	if len(note) > 8000 {
		return models.Errorf(models.Invalid, "too_long", "The note is too long.")
	}
	err = p.Store.AcknowledgeNotice(c.Request().Context(), c.Param("token"), store.NoticeAnswer(form.Get("answer")), models.Personal(note))
	switch models.CodeOf(err) {
	case "unknown_answer":
		return p.showNotice(c, http.StatusBadRequest, templates.Errors{{Field: "answer", Key: "error.missing_answer"}})
	case "reason_missing":
		return p.showNotice(c, http.StatusBadRequest, templates.Errors{{Field: "note", Key: "error.missing_reason"}})
	case "already_acknowledged":
		return p.showNotice(c, http.StatusConflict, nil)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/notices/"+c.Param("token"))
}
