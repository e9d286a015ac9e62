package staff

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/templates"
)

func (k *Console) operations(c echo.Context) error {
	ctx := c.Request().Context()
	view := templates.OperationsView{Ready: true}
	if err := k.Store.Ready(ctx); err != nil {
		view.Ready, view.Failure = false, problem.Of(err, "", "").Detail
	}
	var err error
	if view.OrdersWaiting, view.OldestOrder, err = k.Store.OrdersWaiting(ctx); err != nil {
		return err
	}
	if view.OrdersWaiting > 0 {
		view.OldestMinutes = max(0, int(k.Now().Sub(view.OldestOrder).Minutes()))
	}
	systems, err := k.Store.Systems(ctx)
	if err != nil {
		return err
	}
	for _, s := range systems {
		view.Systems = append(view.Systems, templates.SystemHealth(s))
	}
	return show(k, c, http.StatusOK, "operations", templates.Operations, view)
}
