package staff

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/figures"
	"habeas/templates"
	"habeas/templates/notification"
)

// yearsBack is how many years may be reported on.
const yearsBack = 5

// periods are those that may be chosen: the last twelve months, and years.
func (k *Console) periods(zone *time.Location, chosen string) []templates.Option {
	now := k.Now().In(zone)
	var out []templates.Option
	for i := range 13 {
		at := time.Date(now.Year(), now.Month()-time.Month(i), 1, 0, 0, 0, 0, zone)
		key := at.Format("2006-01")
		out = append(out, templates.Option{Value: key, Label: figures.MonthName(k.Text, at), Selected: key == chosen})
	}
	for i := range yearsBack {
		year := strconv.Itoa(now.Year() - i)
		out = append(out, templates.Option{Value: year, Label: year, Selected: year == chosen})
	}
	return out
}

func (k *Console) report(c echo.Context) error {
	r, key, err := k.buildReport(c)
	if err != nil {
		return err
	}
	view := templates.ReportView{Period: key, Periods: k.periods(r.Zone, key), Title: r.Period, Controller: r.Controller, PreparedAt: r.PreparedAt.In(r.Zone)}
	for _, t := range r.Tables {
		view.Tables = append(view.Tables, templates.ReportTable{Title: t.Title, Note: t.Note, Columns: columns(t), Rows: t.Rows})
	}
	return show(k, c, http.StatusOK, "reports", templates.Report, view)
}

func columns(t notification.Table) []templates.ReportColumn {
	out := make([]templates.ReportColumn, len(t.Columns))
	for i, name := range t.Columns {
		out[i] = templates.ReportColumn{Name: name, Number: len(t.Rows) > 0 && t.Number(i)}
	}
	return out
}

func (k *Console) reportDocument(c echo.Context) error {
	return k.downloadReport(c, "pdf", "application/pdf", notification.Report.PDF)
}

func (k *Console) reportTable(c echo.Context) error {
	return k.downloadReport(c, "csv", "text/csv; charset=utf-8", notification.Report.CSV)
}

func (k *Console) downloadReport(c echo.Context, ending, media string, write func(notification.Report) ([]byte, error)) error {
	r, key, err := k.buildReport(c)
	if err != nil {
		return err
	}
	body, err := write(r)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="requests-`+key+"."+ending+`"`)
	return c.Blob(http.StatusOK, media, body)
}

// buildReport gathers the report of the period that a call asks for, on what the caller may see.
func (k *Console) buildReport(c echo.Context) (document notification.Report, key string, err error) {
	period := c.QueryParam("period")
	if !figures.IsPeriod(period) {
		period = ""
	}
	r, err := figures.ReportOf(c.Request().Context(), k.Store, caller(c).Scope, period, k.Now())
	if err != nil {
		return notification.Report{}, "", err
	}
	return r.Document(k.Text), r.Key, nil
}
