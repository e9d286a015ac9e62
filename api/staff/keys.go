package staff

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// rolesOfKeys are the roles that a key may have, the most usual first.
var rolesOfKeys = []models.Role{models.RoleController, models.RoleHandler, models.RoleDPO, models.RoleAuditor, models.RoleOperator}

func (k *Console) keys(c echo.Context) error {
	view := templates.KeysView{}
	if c.QueryParam("done") == "revoked" {
		view.Flash = "keys.revoked"
	}
	return k.showKeys(c, http.StatusOK, view, keyForm{})
}

// keyForm is what was chosen in the form of a new key.
type keyForm struct {
	role, controller string
	scopes           []string
}

func (k *Console) showKeys(c echo.Context, status int, view templates.KeysView, chosen keyForm) error {
	ctx, who := c.Request().Context(), caller(c)
	list, err := k.Store.Keys(ctx, who.Scope)
	if err != nil {
		return err
	}
	names, err := k.names(c, who)
	if err != nil {
		return err
	}
	for _, key := range list {
		row := k.keyRow(key, who, names)
		if row.Soon {
			view.Soon++
		}
		view.Rows = append(view.Rows, row)
	}
	for _, g := range models.Grants() {
		view.Scopes = append(view.Scopes, templates.Option{Value: string(g), Selected: slices.Contains(chosen.scopes, string(g))})
	}
	if who.Role.Staff() {
		for _, r := range rolesOfKeys {
			if !models.MayGiveKey(who.Role, r) {
				continue
			}
			view.Roles = append(view.Roles, templates.Option{Value: string(r), Selected: chosen.role == string(r)})
		}
		all, err := k.Store.Controllers(ctx, who.Scope)
		if err != nil {
			return err
		}
		for _, one := range all {
			view.Controllers = append(view.Controllers, templates.Option{Value: one.Slug, Label: one.Name, Selected: chosen.controller == one.Slug})
		}
	}
	return show(k, c, status, "keys", templates.Keys, view)
}

func (k *Console) keyRow(key store.AccessKey, who models.Principal, names map[models.ID]string) templates.KeyRow {
	row := templates.KeyRow{
		Path: "/staff/keys/" + key.ID.String(), Name: key.Name, Role: string(key.Role), Controller: names[key.ControllerID], State: "valid",
		CreatedAt: key.CreatedAt, ExpiresAt: key.ExpiresAt, LastUsedAt: key.LastUsedAt,
	}
	if !key.FormerUntil.IsZero() {
		row.FormerUntil, row.FormerUsedAt = key.FormerUntil, key.FormerUsedAt
	}
	for _, g := range key.Grants {
		row.Scopes = append(row.Scopes, string(g))
	}
	switch {
	case !key.RevokedAt.IsZero():
		row.State = "revoked"
	case !key.Valid(k.Now()):
		row.State = "expired"
	default:
		row.MayRotate, row.MayRevoke = !key.Role.Staff() || key.ID == who.ID, true
		row.Soon = !key.ExpiresAt.IsZero() && key.ExpiresAt.Sub(k.Now()) <= store.KeySoon
	}
	return row
}

// addKey shows the secret on the page that it answers with, and never again.
func (k *Console) addKey(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), caller(c)
	chosen := keyForm{form.Get("role"), form.Get("controller"), form["scope"]}
	view := templates.KeysView{Name: strings.TrimSpace(form.Get("name")), Days: strings.TrimSpace(form.Get("days"))}
	spec, mistakes := k.keySpec(who, view.Name, view.Days, chosen)
	if chosen.controller != "" && who.Role.Staff() {
		if one, err := k.Store.ControllerBySlug(ctx, chosen.controller); err == nil {
			spec.ControllerID = one.ID
		}
	}
	if spec.ControllerID.IsZero() == (spec.Role == models.RoleController) {
		mistakes = append(mistakes, templates.FieldError{Field: "controller", Key: "error.key_controller"})
	}
	if view.Errors = mistakes; len(mistakes) > 0 {
		return k.showKeys(c, http.StatusBadRequest, view, chosen)
	}
	secret, key, err := k.Store.GiveKey(ctx, who, spec)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Forbidden {
		p := problem.Of(err, "", "")
		view.Failure = p.Detail
		return k.showKeys(c, p.Status, view, chosen)
	}
	if err != nil {
		return err
	}
	return k.showKeys(c, http.StatusOK, templates.KeysView{Secret: secret.Reveal(), SecretOf: key.Name}, keyForm{})
}

// keySpec is the key that a form asks for, with what is wrong with it.
func (k *Console) keySpec(who models.Principal, name, days string, chosen keyForm) (spec store.KeySpec, mistakes templates.Errors) {
	spec = store.KeySpec{Role: models.Role(chosen.role), Name: name}
	if own, limited := who.Scope.Controller(); limited {
		spec.Role, spec.ControllerID = models.RoleController, own
	}
	if name == "" || len([]rune(name)) > 200 {
		mistakes = append(mistakes, templates.FieldError{Field: "name", Key: "error.key_name"})
	}
	var err error
	if spec.Grants, err = models.ParseGrants(chosen.scopes); err != nil {
		mistakes = append(mistakes, templates.FieldError{Field: "scopes", Key: "error.key_scopes"})
	}
	if days != "" {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 3650 {
			mistakes = append(mistakes, templates.FieldError{Field: "days", Key: "error.key_days"})
		}
		spec.ExpiresAt = k.Now().AddDate(0, 0, n)
	}
	return spec, mistakes
}

// rotateKey shows the new secret on the page that it answers with, and never again.
func (k *Console) rotateKey(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	hours, err := strconv.Atoi(form.Get("hours"))
	if err != nil {
		return models.Errorf(models.Invalid, "bad_overlap", "Say for how many hours the former secret stays valid.")
	}
	secret, key, err := k.Store.RotateKey(c.Request().Context(), caller(c), id, time.Duration(hours)*time.Hour)
	if models.KindOf(err) == models.Conflict {
		p := problem.Of(err, "", "")
		return k.showKeys(c, p.Status, templates.KeysView{Failure: p.Detail}, keyForm{})
	}
	if err != nil {
		return err
	}
	return k.showKeys(c, http.StatusOK, templates.KeysView{Secret: secret.Reveal(), SecretOf: key.Name, FormerUntil: key.FormerUntil}, keyForm{})
}

func (k *Console) revokeKey(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := k.Store.EndKey(c.Request().Context(), caller(c), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/keys?done=revoked")
}
