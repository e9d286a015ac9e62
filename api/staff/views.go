package staff

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// saveView keeps the filter that the inbox shows under a name.
func (k *Console) saveView(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), caller(c)
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	f := kept(form, controllers)
	_, err = k.Store.SaveView(ctx, who, store.View{Name: form.Get("name"), Shared: form.Get("shared") == "true", Filter: f})
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p := problem.Of(err, "", "")
		return k.showInbox(c, p.Status, params(f, controllers), func(_ context.Context, v *templates.InboxView) error {
			v.Failure = p.Detail
			return nil
		})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, viewHref(f, controllers, "saved"))
}

func (k *Console) removeView(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return models.Errorf(models.NotFound, "not_found", "There is no such view.")
	}
	if err := k.Store.RemoveView(c.Request().Context(), caller(c), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff?done=removed")
}

// viewLinks are the views that somebody may open, the one that the parameters show marked.
func (k *Console) viewLinks(ctx context.Context, who models.Principal, q url.Values, controllers []request.Controller) ([]templates.ViewLink, error) {
	views, err := k.Store.Views(ctx, who)
	if err != nil {
		return nil, err
	}
	here := kept(q, controllers)
	out := make([]templates.ViewLink, len(views))
	for i, v := range views {
		out[i] = templates.ViewLink{
			Name: v.Name, Href: viewHref(v.Filter, controllers, ""), Shared: v.Shared, Current: v.Filter == here,
		}
		if v.Own {
			out[i].Remove = "/staff/views/" + v.ID.String() + "/remove"
		}
	}
	return out, nil
}

func viewHref(f store.ViewFilter, controllers []request.Controller, done string) string {
	q := params(f, controllers)
	if done != "" {
		q.Set("done", done)
	}
	if len(q) == 0 {
		return "/staff"
	}
	return "/staff?" + q.Encode()
}
