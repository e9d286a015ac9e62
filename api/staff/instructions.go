package staff

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// instructions lists what customers have instructed once and for all.
func (k *Console) instructions(c echo.Context) error {
	return k.showInstructions(c, http.StatusOK, inboxFlash[c.QueryParam("done")], "")
}

func (k *Console) showInstructions(c echo.Context, status int, flash, failure string) error {
	ctx, who := c.Request().Context(), caller(c)
	list, err := k.Store.StandingInstructions(ctx, who.Scope)
	if err != nil {
		return err
	}
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	view := templates.InstructionsView{Flash: flash, Failure: failure, Many: who.Role.Staff()}
	stands := map[models.Right]bool{}
	for _, s := range list {
		row := templates.InstructionRow{Right: s.Right, MadeAt: s.MadeAt, EndedAt: s.EndedAt}
		for _, one := range controllers {
			if one.ID == s.ControllerID {
				zone := words.Zone(one.Timezone)
				row.Controller, row.MadeAt, row.EndedAt = one.Name, s.MadeAt.In(zone), in(s.EndedAt, zone)
			}
		}
		if s.EndedAt.IsZero() {
			stands[s.Right] = true
			if who.Role == models.RoleController {
				row.End = "/staff/instructions/" + s.ID.String() + "/end"
			}
		}
		view.Rows = append(view.Rows, row)
	}
	if who.Role == models.RoleController {
		for _, r := range models.Rights() {
			if !stands[r] {
				view.Rights = append(view.Rights, r)
			}
		}
	}
	return show(k, c, status, "instructions", templates.Instructions, view)
}

func (k *Console) instructStanding(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	right, err := models.ParseRight(form.Get("right"))
	if err != nil {
		return err
	}
	_, err = k.Store.InstructStanding(c.Request().Context(), caller(c), store.Standing{Right: right})
	if models.KindOf(err) == models.Conflict {
		p := problem.Of(err, "", "")
		return k.showInstructions(c, p.Status, "", p.Detail)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/instructions?done=instructed")
}

func (k *Console) endStanding(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return models.Errorf(models.NotFound, "not_found", "There is no such instruction.")
	}
	if err := k.Store.EndStanding(c.Request().Context(), caller(c), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/instructions?done=ended")
}
