package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"habeas/api/look"
	"habeas/api/tongue"
	"habeas/models"
	"habeas/models/breach/authority"
	"habeas/templates"
)

// maxComplaint is how long a complaint may be.
const maxComplaint = 8000

// complain takes in what a person writes to the data protection officer because they are not content.
func (p *Portal) complain(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(lines(form, "complaint"))
	switch {
	case text == "":
		return p.showStatus(c, http.StatusBadRequest, templates.Errors{{Field: "complaint", Key: "error.missing_complaint"}})
	case len(text) > maxComplaint:
		return p.showStatus(c, http.StatusBadRequest, templates.Errors{{Field: "complaint", Key: "error.too_long"}})
	}
	err = p.Store.Complain(c.Request().Context(), c.Param("token"), models.Personal(text))
	if models.CodeOf(err) == "complaint_open" { // pressed twice: the page says that it waits
		return c.Redirect(http.StatusSeeOther, "/status/"+c.Param("token")+"#complain")
	}
	if err != nil {
		return err
	}
	return p.done(c, "complained")
}

// authoritiesPage says to whom somebody may complain: by the country where they live, and about a controller. It needs no request.
func (p *Portal) authoritiesPage(c echo.Context) error {
	view := templates.AuthoritiesView{Countries: countries(tongue.Of(c.Request()), c.QueryParam("country"))}
	for _, o := range view.Countries {
		if o.Selected {
			view.Country = o.Value
			for _, a := range authority.For(o.Value, "") {
				view.Here = append(view.Here, contact(a))
			}
		}
	}
	slug := c.QueryParam("controller")
	if own, err := look.Own(c.Request(), p.Store); err == nil {
		slug = own.Slug
	}
	if slug != "" {
		controller, err := p.Store.ControllerBySlug(c.Request().Context(), slug)
		if err != nil {
			return err
		}
		c.SetRequest(look.For(c.Request(), controller.ID))
		view.Controller, view.Slug, view.Authorities = controller.Name, controller.Slug, authorities(controller)
	}
	return show(p, c, http.StatusOK, templates.Authorities, view)
}

// countries are those with an authority, by their names in a language.
func countries(lang, chosen string) []templates.Option {
	var out []templates.Option
	for _, code := range authority.Countries() {
		out = append(out, templates.Option{Value: code, Label: templates.CountryIn(lang, code), Selected: code == chosen})
	}
	order := collate.New(language.MustParse(lang))
	slices.SortFunc(out, func(a, b templates.Option) int { return order.CompareString(a.Label, b.Label) })
	return out
}
