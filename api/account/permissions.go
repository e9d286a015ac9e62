package account

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/member"
	"habeas/templates"
)

// Permission is one line of the access table: a route and who may call it.
type Permission struct {
	Route  string // method and template
	Public bool
	Roles  []models.Role
}

// areas are the parts under which the page lists routes, by the beginning of their template; the first that fits.
var areas = [][2]string{
	{"/staff/account", "account"},
	{"/staff/confirm", "account"},
	{"/staff/login", "account"},
	{"/staff/logout", "account"},
	{"/staff/link", "account"},
	{"/staff/forgot", "account"},
	{"/staff/members", "members"},
	{"/staff/permissions", "members"},
	{"/staff/breaches", "breaches"},
	{"/v1/breach", "breaches"},
	{"/staff/tasks", "tasks"},
	{"/v1/tasks", "tasks"},
	{"/staff/recipients", "register"},
	{"/staff/changes", "register"},
	{"/staff/webhooks", "webhooks"},
	{"/staff/requests", "requests"},
	{"/v1/requests", "requests"},
	{"/opendsr", "opendsr"},
	{"/v1", "other"},
	{"/staff", "other"},
}

// permissions shows the access table, as it is enforced.
func (a *Account) permissions(c echo.Context) error {
	roles := append(member.Staff(), member.Customers()...)
	view := templates.PermissionsView{}
	for _, role := range roles {
		view.Roles = append(view.Roles, string(role))
	}
	byArea := map[string][]templates.PermissionRow{}
	for _, p := range a.Permissions() {
		method, path, _ := strings.Cut(p.Route, " ")
		if p.Public {
			view.Public = append(view.Public, p.Route)
			continue
		}
		row := templates.PermissionRow{Route: p.Route, Reads: method == http.MethodGet}
		for _, role := range roles {
			row.May = append(row.May, slices.Contains(p.Roles, role))
		}
		byArea[areaOf(path)] = append(byArea[areaOf(path)], row)
	}
	for _, area := range areas {
		if rows := byArea[area[1]]; rows != nil {
			view.Areas = append(view.Areas, templates.PermissionArea{Name: area[1], Rows: rows})
			delete(byArea, area[1])
		}
	}
	return show(a, c, http.StatusOK, "permissions", templates.Permissions, view)
}

func areaOf(path string) string {
	for _, area := range areas {
		if strings.HasPrefix(path, area[0]) {
			return area[1]
		}
	}
	return "other"
}
