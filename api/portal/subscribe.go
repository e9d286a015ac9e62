package portal

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// subscribe takes an address in that wants to hear of changes of subprocessors. The answer is the same whether or not anybody knows the address.
func (p *Portal) subscribe(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	if form.Get("website") != "" { // a field that people cannot see: a program filled it in
		return models.Errorf(models.Invalid, "bad_request", "The form cannot be read.")
	}
	address, ok := intake.ParseEmail(form.Get("email"))
	if !ok {
		return p.showTrust(c, http.StatusBadRequest, strings.TrimSpace(form.Get("email")), templates.Errors{{Field: "email", Key: "error.bad_email"}})
	}
	ctx := c.Request().Context()
	_, err = intake.Level(ctx, func() (struct{}, error) { return struct{}{}, p.Store.Subscribe(ctx, models.Personal(address)) })
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/trust/subscribed")
}

func (p *Portal) subscribed(c echo.Context) error {
	return show(p, c, http.StatusOK, templates.Subscription, templates.SubscriptionView{State: "sent"})
}

// subscription asks the owner of an address to press the button. It changes nothing.
func (p *Portal) subscription(c echo.Context) error {
	return p.showSubscription(c, p.Store.Subscription)
}

func (p *Portal) confirmSubscription(c echo.Context) error {
	return p.showSubscription(c, p.Store.ConfirmSubscription)
}

func (p *Portal) showSubscription(c echo.Context, find func(context.Context, string) (store.SubscriptionState, error)) error {
	state, err := find(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	status := http.StatusOK
	if state == store.SubscriptionOver {
		status = http.StatusNotFound
	}
	return show(p, c, status, templates.Subscription, templates.SubscriptionView{State: string(state), Path: c.Request().URL.Path})
}

// leavePage asks whether the subscription is to end. It changes nothing: mail programs open links by themselves.
func (p *Portal) leavePage(c echo.Context) error {
	state, err := p.Store.SubscriptionToLeave(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	view := templates.SubscriptionView{State: "leave", Path: c.Request().URL.Path}
	if state == store.SubscriptionOver {
		view.State = "left"
	}
	return show(p, c, http.StatusOK, templates.Subscription, view)
}

// unsubscribe ends a subscription: by the button of that page, or by the one call of a mail program (RFC 8058), which needs no cookie and whose body
// is not read. A second call is answered as the first.
func (p *Portal) unsubscribe(c echo.Context) error {
	if err := p.Store.Unsubscribe(c.Request().Context(), c.Param("token")); err != nil {
		return err
	}
	return show(p, c, http.StatusOK, templates.Subscription, templates.SubscriptionView{State: "left"})
}
