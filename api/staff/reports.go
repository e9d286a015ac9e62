package staff

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
	"habeas/templates/notification"
)

// yearsBack is how many years may be reported on.
const yearsBack = 5

// periodOf reads "2027" or "2027-02"; another text, and none, is the month before.
func periodOf(text string, now time.Time, zone *time.Location) (p store.Period, key string) {
	p.Zone = zone
	if at, err := time.ParseInLocation("2006", text, zone); err == nil {
		p.From, p.Before = at, at.AddDate(1, 0, 0)
		return p, text
	}
	at, err := time.ParseInLocation("2006-01", text, zone)
	if err != nil {
		now = now.In(zone)
		at = time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, zone)
	}
	p.From, p.Before = at, at.AddDate(0, 1, 0)
	return p, at.Format("2006-01")
}

// periods are those that may be chosen: the last twelve months, and years.
func (k *Console) periods(zone *time.Location, chosen string) []templates.Option {
	now := k.Now().In(zone)
	var out []templates.Option
	for i := range 13 {
		at := time.Date(now.Year(), now.Month()-time.Month(i), 1, 0, 0, 0, 0, zone)
		out = append(out, templates.Option{Value: at.Format("2006-01"), Label: k.monthName(at), Selected: at.Format("2006-01") == chosen})
	}
	for i := range yearsBack {
		year := strconv.Itoa(now.Year() - i)
		out = append(out, templates.Option{Value: year, Label: year, Selected: year == chosen})
	}
	return out
}

func (k *Console) monthName(at time.Time) string {
	return k.Text("en", "month."+strconv.Itoa(int(at.Month()))) + " " + strconv.Itoa(at.Year())
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
func (k *Console) buildReport(c echo.Context) (notification.Report, string, error) {
	ctx, who := c.Request().Context(), caller(c)
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil || len(controllers) == 0 {
		return notification.Report{}, "", err
	}
	p, key := periodOf(c.QueryParam("period"), k.Now(), homeZone(controllers))
	r := notification.Report{Controller: controllers[0].Name, Period: key, Zone: p.Zone}
	for _, one := range controllers {
		if one.Operator {
			r.Controller = one.Name
		}
	}
	if len(key) > len("2006") {
		r.Period = k.monthName(p.From)
	}
	names := map[models.ID]string{}
	for _, one := range controllers {
		names[one.ID] = one.Name
	}
	b := reporter{k: k, who: who, p: p, controllers: controllers, names: names}
	r.Tables, r.PreparedAt, err = b.tables(ctx)
	return r, key, err
}
