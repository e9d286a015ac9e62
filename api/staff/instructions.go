package staff

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// instructions lists what customers have instructed once and for all.
func (k *Console) instructions(c echo.Context) error {
	return k.showInstructions(c, http.StatusOK, inboxFlash[c.QueryParam("done")], store.Standing{}, nil)
}

// showInstructions shows the list, and a customer the form with what it chose and why that was refused.
func (k *Console) showInstructions(c echo.Context, status int, flash string, chosen store.Standing, refused error) error {
	ctx, who := c.Request().Context(), caller(c)
	list, err := k.Store.StandingInstructions(ctx, who.Scope)
	if err != nil {
		return err
	}
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	view := templates.InstructionsView{Flash: flash, Right: chosen.Right, Many: who.Role.Staff()}
	stands := map[models.Right]bool{}
	for _, s := range list {
		row := templates.InstructionRow{Right: s.Right, LeftOut: k.namesOf(s.Narrowing), Reason: s.Reason, MadeAt: s.MadeAt, EndedAt: s.EndedAt}
		for _, channel := range s.Channels {
			row.Channels = append(row.Channels, string(channel))
		}
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
		for _, channel := range request.Channels() {
			if channel == request.ChannelController { // which is an instruction by itself
				continue
			}
			view.Channels = append(view.Channels, templates.Option{Value: string(channel), Selected: slices.Contains(chosen.Channels, channel)})
		}
		if k.Graph != nil {
			if view.Form, err = k.standingForm(controllers, chosen); err != nil {
				return err
			}
		}
	}
	if view.Form.Errors = partsErrors(refused); refused != nil && (view.Form.Errors == nil || view.Form.Systems == nil) {
		view.Form.Errors, view.Failure = nil, problem.Of(refused, "", "").Detail
	}
	if view.Form.Errors != nil && view.Form.How == "whole" { // nothing was chosen
		view.Form.How = "leave_out"
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
	chosen := store.Standing{Right: right, Narrowing: narrowingOf(form), Reason: wordsOf(form, "reason")}
	for _, channel := range form["channel"] {
		chosen.Channels = append(chosen.Channels, request.Channel(channel))
	}
	err = k.instructAlways(c, chosen, form.Get("how"))
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid {
		return k.showInstructions(c, problem.Of(err, "", "").Status, "", chosen, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/instructions?done=instructed")
}

// instructAlways makes a standing instruction, of the whole unless how says otherwise.
func (k *Console) instructAlways(c echo.Context, s store.Standing, how string) error {
	ctx, who := c.Request().Context(), caller(c)
	if how != "leave_out" && how != "only" {
		s.Narrowing, s.Reason = request.Narrowing{}, ""
		_, err := k.Store.InstructStanding(ctx, who, s)
		return err
	}
	own, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	if len(own) != 1 {
		return models.Errorf(models.Forbidden, "decision_forbidden", "Only the customer itself instructs.")
	}
	if s.Narrowing, err = intake.Narrowing(k.Graph, own[0], s.Narrowing); err != nil {
		return err
	}
	_, err = k.Store.InstructStanding(ctx, who, s)
	return err
}

// standingForm offers a customer the parts of its data.
func (k *Console) standingForm(own []request.Controller, chosen store.Standing) (templates.PartsForm, error) {
	if len(own) != 1 {
		return templates.PartsForm{}, nil
	}
	parts, err := intake.Parts(k.Graph, own[0])
	form := partsForm(parts, chosen.Narrowing, chosen.Reason)
	if form.Whole = true; chosen.Narrowing.IsZero() && chosen.Reason == "" {
		form.How = "whole"
	}
	return form, err
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
