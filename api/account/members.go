package account

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
	"habeas/api/problem"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/member"
	"habeas/models/store"
	"habeas/templates"
)

// memberNotes are what the page of the accounts says after something was done.
var memberNotes = map[string]string{
	"invited": "members.invited", "linked": "members.linked", "role": "members.role_changed",
	"factors": "members.factors_reset", "deactivated": "members.deactivated",
}

func (a *Account) members(c echo.Context) error {
	return a.showMembers(c, http.StatusOK, templates.MembersView{Flash: memberNotes[c.QueryParam("note")]})
}

func (a *Account) showMembers(c echo.Context, status int, view templates.MembersView) error {
	ctx, who := c.Request().Context(), caller(c)
	list, err := a.Store.Members(ctx, who.Scope)
	if err != nil {
		return err
	}
	controllers, err := a.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	names, zone := map[models.ID]string{}, time.UTC
	view.Staff = who.Role.Staff()
	if _, view.May, err = a.member(c); err != nil {
		return err
	}
	for _, one := range controllers {
		names[one.ID] = one.Name
		if one.Operator || !view.Staff {
			zone = words.Zone(one.Timezone)
		}
		if view.Staff && !one.Operator {
			view.Controllers = append(view.Controllers, templates.Option{Value: one.Slug, Label: one.Name, Selected: one.Slug == view.Controller})
		}
	}
	for _, m := range list {
		row := templates.MemberRow{
			Path: "/staff/members/" + m.ID.String(), Name: m.Name.Reveal(), Email: m.Email.Reveal(), Role: string(m.Role), State: string(m.State),
			Controller: names[m.ControllerID], Factor: m.Factor(), MustFactor: a.mustHave(m), SeenAt: within(m.SeenAt, zone), ID: m.ID.String(),
			MayChange: view.May && m.ID != who.ID && m.State != member.Deactivated && member.MayManage(who.Role, m.Role), Self: m.ID == who.ID,
		}
		for _, role := range given(who, rolesOf(m.ControllerID)) {
			row.Roles = append(row.Roles, templates.Option{Value: string(role), Selected: role == m.Role})
		}
		view.Rows = append(view.Rows, row)
	}
	roles := member.Customers()
	if view.Staff {
		roles = append(member.Staff(), roles...)
	}
	for _, role := range given(who, roles) {
		view.Roles = append(view.Roles, templates.Option{Value: string(role), Selected: string(role) == view.Role})
	}
	return show(a, c, status, "members", templates.Members, view)
}

func rolesOf(controller models.ID) []models.Role {
	if controller.IsZero() {
		return member.Staff()
	}
	return member.Customers()
}

// given are those of the roles that somebody may give.
func given(who models.Principal, roles []models.Role) []models.Role {
	return slices.DeleteFunc(roles, func(role models.Role) bool { return !member.MayManage(who.Role, role) })
}

// invite makes an account; its link is mailed. Like every change of accounts it takes a person: an access key cannot show who uses it, and could make
// accounts that outlive it.
func (a *Account) invite(c echo.Context) error {
	if _, err := a.own(c); err != nil {
		return err
	}
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), caller(c)
	spec := store.MemberSpec{Role: models.Role(form.Get("role")), Name: models.Personal(strings.TrimSpace(form.Get("name"))), Email: models.Personal(form.Get("email"))}
	view := templates.MembersView{Name: form.Get("name"), Email: form.Get("email"), Role: form.Get("role"), Controller: form.Get("controller")}
	if own, limited := who.Scope.Controller(); limited {
		spec.ControllerID = own
	} else if spec.Role.Customer() {
		one, err := a.Store.ControllerBySlug(ctx, form.Get("controller"))
		if models.CodeOf(err) == "not_found" {
			view.Errors = templates.Errors{{Field: "controller", Key: "error.member_controller"}}
			return a.showMembers(c, http.StatusBadRequest, view)
		}
		if err != nil {
			return err
		}
		spec.ControllerID = one.ID
	}
	_, err = a.Store.InviteMember(ctx, who.Scope, who.Actor, spec)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p := problem.Of(err, "", "")
		for _, f := range p.Errors {
			view.Errors = append(view.Errors, templates.FieldError{Field: strings.TrimPrefix(f.Pointer, "/"), Key: "error." + f.Code})
		}
		return a.showMembers(c, p.Status, view)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/members?note=invited")
}

func (a *Account) changeRole(c echo.Context) error {
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	return a.manage(c, "role", func(who models.Principal, id models.ID) error {
		return a.Store.ChangeMemberRole(c.Request().Context(), who.Scope, who.Actor, id, models.Role(form.Get("role")))
	})
}

func (a *Account) sendLink(c echo.Context) error {
	return a.manage(c, "linked", func(who models.Principal, id models.ID) error {
		return a.Store.ReinviteMember(c.Request().Context(), who.Scope, who.Actor, id)
	})
}

func (a *Account) resetFactors(c echo.Context) error {
	return a.manage(c, "factors", func(who models.Principal, id models.ID) error {
		return a.Store.ResetFactors(c.Request().Context(), who.Scope, who.Actor, id)
	})
}

func (a *Account) deactivate(c echo.Context) error {
	return a.manage(c, "deactivated", func(who models.Principal, id models.ID) error {
		return a.Store.DeactivateMember(c.Request().Context(), who.Scope, who.Actor, id)
	})
}

// manage does something to an account and goes back to the page, which says that it was done or why not.
func (a *Account) manage(c echo.Context, note string, do func(models.Principal, models.ID) error) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	if _, err := a.own(c); err != nil {
		return err
	}
	err = do(caller(c), id)
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid {
		p := problem.Of(err, "", "")
		return a.showMembers(c, p.Status, templates.MembersView{Failure: p.Detail})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/members?note="+note)
}
