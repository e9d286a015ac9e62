package portal

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"

	"habeas/api/look"
	"habeas/api/tongue"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store"
	"habeas/templates"
)

// told names the recipients that were told of a request to the person who asks for them (Art. 19, second sentence), who must have been verified.
func (p *Portal) told(c echo.Context) error {
	ctx, path := c.Request().Context(), "/status/"+c.Param("token")
	st, err := p.Store.StatusByToken(ctx, c.Param("token"))
	if err != nil {
		return err
	}
	if st.Masked {
		return c.Redirect(http.StatusSeeOther, path)
	}
	r, err := p.Store.Request(ctx, models.ScopeOperator(), st.RequestID)
	if err != nil {
		return err
	}
	controller, err := p.Store.ControllerByID(ctx, models.ScopeOperator(), r.ControllerID)
	if err != nil {
		return err
	}
	c.SetRequest(look.For(c.Request(), controller.ID))
	notices, err := p.Store.Notices(ctx, models.ScopeOperator(), st.RequestID)
	if err != nil {
		return err
	}
	known, err := p.Store.Recipients(ctx)
	if err != nil {
		return err
	}
	recipients := map[models.ID]store.Recipient{}
	for _, r := range known {
		recipients[r.ID] = r
	}
	view, lang := templates.ToldView{Path: path}, tongue.Of(c.Request())
	zone := words.Zone(controller.Timezone)
	for _, n := range notices {
		who := recipients[n.RecipientID]
		row := templates.ToldRow{
			Name: cmp.Or(who.Facts.LegalName, n.Recipient), Country: who.Country, Categories: templates.CategoriesIn(lang, n.Categories),
			State: string(n.State), Answer: string(n.Answer),
		}
		for _, field := range n.Fields { // in the words of the data map
			row.Fields = append(row.Fields, models.Said{Text: field, Lang: datamap.DefaultLanguage})
		}
		if !n.SentAt.IsZero() {
			row.At = n.SentAt.In(zone)
		}
		view.Rows = append(view.Rows, row)
	}
	return show(p, c, http.StatusOK, templates.Told, view)
}
