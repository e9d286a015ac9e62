package account

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/member"
	"habeas/templates"
)

// Subject is a part of the access table.
type Subject struct {
	Name   string
	Public bool // anybody may
	Acts   []Permission
}

// Permission is one thing that can be done, with who may.
type Permission struct {
	Act    string   // key of its words
	Routes []string // method and template
	Roles  []models.Role
	Asks   Act // asked once more who it is
}

// permissions shows the access table, as it is enforced, or what one role may do.
func (a *Account) permissions(c echo.Context) error {
	roles := append(member.Staff(), member.Customers()...)
	view := templates.PermissionsView{}
	if chosen := models.Role(c.QueryParam("role")); slices.Contains(roles, chosen) {
		view.Role = string(chosen)
	}
	for _, role := range roles {
		view.Roles = append(view.Roles, templates.Option{Value: string(role), Selected: view.Role == string(role)})
	}
	for _, s := range a.Permissions() {
		shown := templates.PermissionSubject{Name: s.Name, Public: s.Public}
		for _, p := range s.Acts {
			if view.Role != "" && !s.Public && !slices.Contains(p.Roles, models.Role(view.Role)) {
				continue
			}
			row := templates.PermissionRow{Act: p.Act, Routes: p.Routes, Again: p.Asks == ActAccount || slices.Contains(a.Confirm, p.Asks)}
			for _, role := range roles {
				row.May = append(row.May, slices.Contains(p.Roles, role))
			}
			shown.Rows = append(shown.Rows, row)
		}
		if shown.Rows != nil {
			view.Subjects = append(view.Subjects, shown)
		}
	}
	return show(a, c, http.StatusOK, "permissions", templates.Permissions, view)
}
