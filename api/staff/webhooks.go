package staff

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/store"
	"habeas/models/webhook"
	"habeas/templates"
)

// messagesShown is how many messages the page of a webhook lists.
const messagesShown = 100

// mayChangeWebhooks reports whether somebody may add and change webhooks: a customer its own, the operator's people all.
func mayChangeWebhooks(r models.Role) bool {
	return r == models.RoleController || r == models.RoleDPO || r == models.RoleOperator
}

func (k *Console) webhooks(c echo.Context) error {
	return k.showWebhooks(c, http.StatusOK, templates.WebhooksView{Kinds: webhookKinds(webhook.Kinds()[:4])})
}

func webhookKinds(chosen []webhook.Kind) []templates.Option {
	var out []templates.Option
	for _, kind := range webhook.Kinds() {
		out = append(out, templates.Option{Value: string(kind), Selected: slices.Contains(chosen, kind)})
	}
	return out
}

func (k *Console) showWebhooks(c echo.Context, status int, view templates.WebhooksView) error {
	ctx, who := c.Request().Context(), caller(c)
	list, err := k.Store.Endpoints(ctx, who.Scope)
	if err != nil {
		return err
	}
	names, err := k.names(c, who)
	if err != nil {
		return err
	}
	for _, e := range list {
		view.Rows = append(view.Rows, webhookRow(e, names))
	}
	view.MayChange = mayChangeWebhooks(who.Role)
	if who.Role.Staff() {
		all, err := k.Store.Controllers(ctx, who.Scope)
		if err != nil {
			return err
		}
		for _, one := range all {
			view.Controllers = append(view.Controllers, templates.Option{Value: one.Slug, Label: one.Name})
		}
	}
	return show(k, c, status, "webhooks", templates.Webhooks, view)
}

func webhookRow(e store.Endpoint, names map[models.ID]string) templates.WebhookRow {
	row := templates.WebhookRow{Path: "/staff/webhooks/" + e.ID.String(), Controller: names[e.ControllerID], URL: e.URL.Reveal(), Active: e.Active}
	for _, kind := range e.Events {
		row.Kinds = append(row.Kinds, string(kind))
	}
	return row
}

// addWebhook shows the secret on the page that it answers with, and never again.
func (k *Console) addWebhook(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), caller(c)
	e := store.Endpoint{URL: models.Personal(strings.TrimSpace(form.Get("url")))}
	for _, kind := range form["event"] {
		e.Events = append(e.Events, webhook.Kind(kind))
	}
	if id, limited := who.Scope.Controller(); limited {
		e.ControllerID = id
	} else if one, err := k.Store.ControllerBySlug(ctx, form.Get("controller")); err == nil {
		e.ControllerID = one.ID
	}
	made, secret, err := k.Store.AddEndpoint(ctx, who.Scope, who.Actor, e)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p := problem.Of(err, "", "")
		view := templates.WebhooksView{Kinds: webhookKinds(e.Events), URL: form.Get("url")}
		for _, f := range p.Errors {
			view.Errors = append(view.Errors, templates.FieldError{Field: strings.TrimPrefix(f.Pointer, "/"), Key: "error." + f.Code})
		}
		if len(view.Errors) == 0 {
			view.Failure = p.Detail
		}
		return k.showWebhooks(c, p.Status, view)
	}
	if err != nil {
		return err
	}
	return k.showWebhook(c, made.ID, http.StatusOK, templates.WebhookView{Secret: secret.Reveal()})
}

// webhookFlashes are what the page says after something was done, by what stands in its address.
var webhookFlashes = map[string]string{
	"tested": "webhook.tested", "replayed": "webhook.replayed", "disabled": "webhook.disabled", "enabled": "webhook.enabled",
}

func (k *Console) webhook(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	return k.showWebhook(c, id, http.StatusOK, templates.WebhookView{Flash: webhookFlashes[c.QueryParam("done")]})
}

func (k *Console) showWebhook(c echo.Context, id models.ID, status int, view templates.WebhookView) error {
	ctx, who := c.Request().Context(), caller(c)
	e, err := k.Store.Endpoint(ctx, who.Scope, id)
	if err != nil {
		return err
	}
	messages, err := k.Store.Deliveries(ctx, who.Scope, id, messagesShown)
	if err != nil {
		return err
	}
	names, err := k.names(c, who)
	if err != nil {
		return err
	}
	view.WebhookRow, view.RotatedUntil, view.CreatedAt, view.MayChange = webhookRow(e, names), e.RotatedUntil, e.CreatedAt, mayChangeWebhooks(who.Role)
	for _, m := range messages {
		view.Messages = append(view.Messages, templates.WebhookMessage{
			ID: m.ID.String(), Kind: string(m.Event), State: string(m.State), Attempts: m.Attempts, CreatedAt: m.CreatedAt, NextAt: m.NextAt,
			DeliveredAt: m.DeliveredAt, Code: m.Code, Status: m.Status,
		})
	}
	return show(k, c, status, "webhooks", templates.Webhook, view)
}

// rotateWebhook shows the new secret on the page that it answers with, and never again.
func (k *Console) rotateWebhook(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	who := caller(c)
	secret, err := k.Store.RotateEndpoint(c.Request().Context(), who.Scope, who.Actor, id)
	if err != nil {
		return err
	}
	return k.showWebhook(c, id, http.StatusOK, templates.WebhookView{Secret: secret.Reveal()})
}

func (k *Console) switchWebhook(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	active, done := form.Get("active") == "true", "disabled"
	if active {
		done = "enabled"
	}
	return k.changeWebhook(c, done, func(who models.Principal, id models.ID) error {
		return k.Store.SwitchEndpoint(c.Request().Context(), who.Scope, who.Actor, id, active)
	})
}

func (k *Console) testWebhook(c echo.Context) error {
	return k.changeWebhook(c, "tested", func(who models.Principal, id models.ID) error {
		return k.Store.TestEndpoint(c.Request().Context(), who.Scope, id)
	})
}

func (k *Console) replayMessage(c echo.Context) error {
	return k.changeWebhook(c, "replayed", func(who models.Principal, _ models.ID) error {
		message, err := models.ParseID(c.Param("message"))
		if err != nil {
			return err
		}
		return k.Store.Replay(c.Request().Context(), who.Scope, who.Actor, message)
	})
}

// changeWebhook does something and goes back to the page, which says that it was done or why not.
func (k *Console) changeWebhook(c echo.Context, done string, change func(models.Principal, models.ID) error) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	err = change(caller(c), id)
	if models.KindOf(err) == models.Conflict {
		p := problem.Of(err, "", "")
		return k.showWebhook(c, id, p.Status, templates.WebhookView{Failure: p.Detail})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/webhooks/"+id.String()+"?done="+done)
}
