package account

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

func (a *Account) forgotPage(c echo.Context) error {
	return show(a, c, http.StatusOK, "", templates.Forgot, templates.ForgotView{})
}

// forgot answers the same for every address, after the same work; a mail is sent later, by the worker.
func (a *Account) forgot(c echo.Context) error {
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	email := strings.TrimSpace(form.Get("email"))
	if email == "" {
		return show(a, c, http.StatusBadRequest, "", templates.Forgot, templates.ForgotView{Errors: templates.Errors{{Field: "email", Key: "error.sign_in_email"}}})
	}
	if err := a.Store.AskNewPassword(c.Request().Context(), models.Personal(email), a.placeOf(c.Request())); err != nil {
		return err
	}
	return show(a, c, http.StatusOK, "", templates.Forgot, templates.ForgotView{Sent: true})
}

// linkPage shows what a one-time link opens; looking at it uses nothing up.
func (a *Account) linkPage(c echo.Context) error {
	link, err := a.Store.LinkByToken(c.Request().Context(), c.Param("token"))
	if view, status := deadLink(err); view.State != "" {
		return show(a, c, status, "", templates.Link, view)
	}
	if err != nil {
		return err
	}
	return a.showLink(c, http.StatusOK, link, nil)
}

// deadLink is the page of a link that opens nothing any more; empty for any other error.
func deadLink(err error) (templates.LinkView, int) {
	switch models.CodeOf(err) {
	case "link_used":
		return templates.LinkView{State: "used"}, http.StatusConflict
	case "link_expired":
		return templates.LinkView{State: "expired"}, http.StatusConflict
	}
	return templates.LinkView{}, 0
}

func (a *Account) showLink(c echo.Context, status int, link store.MemberLink, errs templates.Errors) error {
	return show(a, c, status, "", templates.Link, templates.LinkView{
		State: "live", Path: "/staff/link/" + c.Param("token"), Invitation: link.Purpose == store.LinkInvitation, Name: link.Member.Name.Reveal(),
		Email: link.Member.Email.Reveal(), Role: string(link.Member.Role), MinLength: a.minimum(link.Member.Role), Errors: errs,
	})
}

// useLink sets the password. The second factor is asked for after it: a mailbox alone opens no account that has one.
func (a *Account) useLink(c echo.Context) error {
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	ctx, token := c.Request().Context(), c.Param("token")
	link, err := a.Store.LinkByToken(ctx, token)
	if err == nil {
		if key := a.judge(models.Personal(form.Get("password")), link.Member); key != "" {
			return a.showLink(c, http.StatusBadRequest, link, templates.Errors{{Field: "password", Key: key}})
		}
		var hash string
		if hash, err = a.hasher.make(ctx, models.Personal(form.Get("password"))); err != nil {
			return err
		}
		link.Member, err = a.Store.UseLink(ctx, token, hash, a.placeOf(c.Request()))
	}
	if view, status := deadLink(err); view.State != "" {
		return show(a, c, status, "", templates.Link, view)
	}
	if err != nil {
		return err
	}
	return a.passed(c, link.Member, "password", false)
}
