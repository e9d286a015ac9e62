package portal

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/breach/register"
	"habeas/templates"
)

func reportSources(chosen string) []templates.Option {
	var out []templates.Option
	for _, s := range register.Sources() {
		if s != register.FromMonitoring {
			out = append(out, templates.Option{Value: string(s), Selected: string(s) == chosen})
		}
	}
	return out
}

// reportForm is for employees, subprocessors and anybody else who has seen something, without an account.
func (p *Portal) reportForm(c echo.Context) error {
	return show(p, c, http.StatusOK, templates.BreachReport, templates.BreachReportView{Public: true, Sources: reportSources("")})
}

// report takes a suspicion in. The answer tells nothing but its reference.
func (p *Portal) report(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	if form.Get("website") != "" { // a field that people cannot see: a program filled it in
		return models.Errorf(models.Invalid, "bad_request", "The form cannot be read.")
	}
	text := func(name string) models.Personal {
		return models.Personal(strings.ReplaceAll(strings.TrimSpace(form.Get(name)), "\r\n", "\n"))
	}
	b, err := p.Store.ReportBreach(c.Request().Context(), register.Event{
		Actor: models.Actor{Role: models.RoleSubject}, Facts: register.Facts{Source: register.Source(form.Get("source"))},
		Words: register.Words{What: text("what"), Contact: text("contact")},
	})
	if models.KindOf(err) == models.Invalid {
		answer := problem.Of(err, "", "")
		field := "what"
		if answer.Code == "bad_source" {
			field = "source"
		}
		view := templates.BreachReportView{Public: true, Sources: reportSources(form.Get("source")), What: form.Get("what"), Contact: form.Get("contact")}
		view.Errors = templates.Errors{{Field: field, Key: "error." + answer.Code}}
		return show(p, c, answer.Status, templates.BreachReport, view)
	}
	if err != nil {
		return err
	}
	return show(p, c, http.StatusOK, templates.BreachSent, templates.BreachSentView{Reference: b.Reference})
}

// breachPage is what a customer sees of a breach by its link.
func (p *Portal) breachPage(c echo.Context) error {
	b, customer, err := p.Store.BreachByToken(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	who, err := p.Store.ControllerByID(c.Request().Context(), models.ScopeOf(customer), customer)
	if err != nil {
		return err
	}
	view := templates.BreachAnswerView{
		Path: "/breaches/" + c.Param("token"), Reference: b.Reference, Customer: who.Name, Drill: b.Drill, ReportedAt: b.ReportedAt.In(b.Zone),
		Known: templates.BreachKnown{
			Nature: b.Known.Nature, Consequences: b.Known.Consequences, Measures: b.Known.Measures, Contact: b.Known.Contact, Persons: b.Known.Persons,
			Records: b.Known.Records, Categories: b.Known.Categories, PersonKinds: b.Known.PersonKinds,
		},
	}
	if !b.AwareAt.IsZero() {
		view.AwareAt = b.AwareAt.In(b.Zone)
	}
	for _, d := range b.Customers {
		if d.ID == customer && !d.AnsweredAt.IsZero() {
			view.AnsweredAt = d.AnsweredAt.In(b.Zone)
		}
	}
	return show(p, c, http.StatusOK, templates.BreachAnswer, view)
}

// answerBreach records that the customer has received it; once is enough.
func (p *Portal) answerBreach(c echo.Context) error {
	err := p.Store.AnswerBreach(c.Request().Context(), c.Param("token"))
	if err != nil && models.CodeOf(err) != "already_answered" {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/breaches/"+c.Param("token"))
}
