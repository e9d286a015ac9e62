package staff

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/request"
	"habeas/templates"
	"habeas/templates/notification"
)

// boardSize is how many breaches the board shows; an organisation with more of them has other worries.
const boardSize = 200

func (k *Console) breaches(c echo.Context) error {
	who := caller(c)
	list, err := k.Store.Breaches(c.Request().Context(), who.Scope, boardSize)
	if err != nil {
		return err
	}
	names, err := k.names(c, who)
	if err != nil {
		return err
	}
	view := templates.BreachesView{CanReport: who.Role.Staff()}
	for i := range list {
		row := k.breachRow(list[i], who, names)
		if list[i].State == register.Suspected || list[i].State == register.Open {
			view.Open = append(view.Open, row)
		} else {
			view.Over = append(view.Over, row)
		}
	}
	return show(k, c, http.StatusOK, "breaches", templates.Breaches, view)
}

// names are the controllers' names by their identifiers, as far as the caller may know them.
func (k *Console) names(c echo.Context, who models.Principal) (map[models.ID]string, error) {
	all, err := k.Store.Controllers(c.Request().Context(), who.Scope)
	if err != nil {
		return nil, err
	}
	return namesOfControllers(all), nil
}

func namesOfControllers(all []request.Controller) map[models.ID]string {
	out := map[models.ID]string{}
	for _, one := range all {
		out[one.ID] = one.Name
	}
	return out
}

func (k *Console) breachForm(c echo.Context) error {
	return show(k, c, http.StatusOK, "breaches", templates.BreachReport, templates.BreachReportView{Sources: sources("")})
}

func sources(chosen string) []templates.Option {
	var out []templates.Option
	for _, s := range register.Sources() {
		out = append(out, templates.Option{Value: string(s), Selected: string(s) == chosen})
	}
	return out
}

func (k *Console) reportBreach(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	b, err := k.Store.ReportBreach(c.Request().Context(), register.Event{
		Actor: caller(c).Actor, Facts: register.Facts{Source: register.Source(form.Get("source")), Drill: form.Get("drill") == "true"},
		Words: register.Words{What: prose(form, "what"), Contact: prose(form, "contact")},
	})
	if models.KindOf(err) == models.Invalid {
		p := problem.Of(err, "", "")
		view := templates.BreachReportView{Sources: sources(form.Get("source")), What: form.Get("what"), Contact: form.Get("contact"), Drill: form.Get("drill") == "true"}
		for _, f := range p.Errors {
			view.Errors = append(view.Errors, templates.FieldError{Field: strings.TrimPrefix(f.Pointer, "/"), Key: "error." + f.Code})
		}
		return show(k, c, p.Status, "breaches", templates.BreachReport, view)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/breaches/"+b.ID.String())
}

// registerFile is the register of all breaches, for an authority, Art. 33(5).
func (k *Console) registerFile(c echo.Context) error {
	who := caller(c)
	list, err := k.Store.Breaches(c.Request().Context(), who.Scope, 100_000)
	if err != nil {
		return err
	}
	names, err := k.allNames(c, who)
	if err != nil {
		return err
	}
	out := []map[string]any{}
	for i := range list {
		out = append(out, registerEntry(list[i], names))
	}
	body, err := json.MarshalIndent(map[string]any{"schema": "habeas/breach-register/1", "breaches": out}, "", "  ")
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="breach-register.json"`)
	return c.Blob(http.StatusOK, "application/json", body)
}

// allNames are the names of controllers and of subprocessors.
func (k *Console) allNames(c echo.Context, who models.Principal) (map[models.ID]string, error) {
	out, err := k.names(c, who)
	if err != nil {
		return nil, err
	}
	recipients, err := k.subprocessors(c)
	for _, r := range recipients {
		out[r.ID] = r.Name
	}
	return out, err
}

// registerTable is the register as a table, a line a breach, for people with a spreadsheet.
func (k *Console) registerTable(c echo.Context) error {
	who := caller(c)
	list, err := k.Store.Breaches(c.Request().Context(), who.Scope, 100_000)
	if err != nil {
		return err
	}
	names, err := k.allNames(c, who)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Type", "text/csv; charset=utf-8")
	c.Response().Header().Set("Content-Disposition", `attachment; filename="breach-register.csv"`)
	out := csv.NewWriter(c.Response())
	if err := out.Write(registerColumns); err != nil {
		return err
	}
	for i := range list {
		line := registerLine(list[i], names)
		for column := range line {
			line[column] = harmless(line[column])
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// registerDocument is the register as a PDF.
func (k *Console) registerDocument(c echo.Context) error {
	who, ctx := caller(c), c.Request().Context()
	list, err := k.Store.Breaches(ctx, who.Scope, 100_000)
	if err != nil {
		return err
	}
	names, err := k.allNames(c, who)
	if err != nil {
		return err
	}
	operator, err := k.Store.Operator(ctx)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(operator.Timezone)
	if err != nil {
		return err
	}
	r := notification.Register{Controller: operator.Name, PreparedAt: k.Now(), Zone: zone}
	for i := range list {
		r.Breaches = append(r.Breaches, registerRows(list[i], names))
	}
	body, err := r.PDF()
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="breach-register.pdf"`)
	return c.Blob(http.StatusOK, "application/pdf", body)
}
