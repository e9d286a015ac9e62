package staff

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
	"habeas/models/store"
	"habeas/models/subprocessor"
	"habeas/templates"
)

// changes lists changes of subprocessors: all of them for staff, for a customer those that concern its data.
func (k *Console) changes(c echo.Context) error {
	who := caller(c)
	list, err := k.Store.Changes(c.Request().Context(), who.Scope, boardSize)
	if err != nil {
		return err
	}
	view := templates.ChangesView{CanDraft: who.Role == models.RoleDPO}
	for i := range list {
		row := changeRow(&list[i], who)
		if list[i].Over() {
			view.Over = append(view.Over, row)
		} else {
			view.Open = append(view.Open, row)
		}
	}
	return show(k, c, http.StatusOK, "changes", templates.Changes, view)
}

func changeRow(c *store.Change, who models.Principal) templates.ChangeRow {
	row := templates.ChangeRow{
		Path: "/staff/changes/" + c.ID.String(), Reference: c.Reference, Sort: string(c.Proposal.Sort), Name: c.Proposal.Name, State: string(c.State),
		DraftedAt: c.DraftedAt.In(c.Zone), EffectiveOn: c.EffectiveOn,
	}
	if row.Name == "" {
		row.Name = c.Proposal.Slug
	}
	if who.Role.Staff() {
		row.Counts = templates.ChangeCounts(c.Count())
	} else if len(c.Customers) == 1 && c.State == subprocessor.Open {
		row.Last = c.Customers[0].Window.Last
	}
	return row
}

func (k *Console) changeOf(c echo.Context) (store.Change, error) {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return store.Change{}, models.Errorf(models.NotFound, "not_found", "There is no such change.")
	}
	return k.Store.Change(c.Request().Context(), caller(c).Scope, id)
}

func (k *Console) change(c echo.Context) error {
	flash := ""
	if c.QueryParam("done") == "noted" {
		flash = "flash.decided"
	}
	return k.showChange(c, http.StatusOK, flash, "")
}

func (k *Console) showChange(c echo.Context, status int, flash, failure string) error {
	found, err := k.changeOf(c)
	if err != nil {
		return err
	}
	who := caller(c)
	names, err := k.names(c, who)
	if err != nil {
		return err
	}
	view := templates.ChangeView{
		ChangeRow: changeRow(&found, who), Facts: templates.FactsOf(found.Record), Decision: found.Decision, Seen: found.Latest(), Own: !who.Role.Staff(),
		Offers: changeOffers(&found, who), Flash: flash, Failure: failure,
	}
	for _, s := range found.Customers {
		part := templates.PartOf(s, names[s.ID])
		if view.Own {
			view.Customers = append(view.Customers, part)
			for _, step := range s.Window.Steps {
				view.Steps = append(view.Steps, templates.WindowStep(step))
			}
		}
		if s.Unreached {
			view.Unreached = append(view.Unreached, part)
		}
		if s.Objection != nil {
			view.Objections = append(view.Objections, part)
		}
	}
	for _, e := range found.Events {
		view.Events = append(view.Events, templates.ChangeEvent{
			At: e.At.In(found.Zone), Kind: string(e.Kind), By: string(e.Actor.Role), Count: len(e.Facts.Told) + len(e.Facts.Customers), Words: e.Words.Reason,
		})
	}
	if end, told := found.WindowsEnd(); told {
		view.WindowsEnd = end.In(found.Zone)
	}
	return show(k, c, status, "changes", templates.Change, view)
}

// changeOffers are the events that the caller may note now.
func changeOffers(c *store.Change, who models.Principal) map[string]bool {
	out := map[string]bool{}
	for _, kind := range subprocessor.Kinds() {
		out[string(kind)] = kind != subprocessor.Drafted && subprocessor.Allowed(kind, who.Role, c.State) == nil
	}
	if c.Early() {
		out[string(subprocessor.Withdrawn)] = false
	}
	if !who.Role.Staff() && len(c.Customers) == 1 && c.Customers[0].Objection != nil {
		out[string(subprocessor.Objected)] = false
	}
	return out
}

func (k *Console) newChange(c echo.Context) error {
	return k.showChangeForm(c, http.StatusOK, c.QueryParams(), "")
}

func (k *Console) showChangeForm(c echo.Context, status int, form url.Values, failure string) error {
	all, err := k.Store.Recipients(c.Request().Context())
	if err != nil {
		return err
	}
	view := templates.ChangeFormView{Transfers: transfers(form.Get("transfer")), Fields: map[string]string{}, Failure: failure, Emergency: form.Get("emergency") == "true"}
	for _, sort := range subprocessor.Sorts() {
		view.Sorts = append(view.Sorts, templates.Option{Value: string(sort), Selected: string(sort) == form.Get("sort")})
	}
	for _, r := range all {
		if r.Facts.Subprocessor && r.Facts.EndedOn.IsZero() {
			view.Known = append(view.Known, templates.Option{Value: r.Slug, Label: r.Name})
		}
	}
	for _, name := range []string{"slug", "old", "name", "legal_name", "address", "country", "safeguard", "purposes", "categories", "controllers", "reason"} {
		view.Fields[name] = form.Get(name)
	}
	return show(k, c, status, "changes", templates.ChangeForm, view)
}

func (k *Console) draftChange(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	p := subprocessor.Proposal{
		Sort: subprocessor.Sort(form.Get("sort")), Slug: line(form, "slug"), Old: line(form, "old"), Name: line(form, "name"), LegalName: line(form, "legal_name"),
		Country: line(form, "country"), Transfer: recipient.Transfer(form.Get("transfer")), Safeguard: line(form, "safeguard"), Purposes: listed(form, "purposes"),
		Categories: listed(form, "categories"), Controllers: listed(form, "controllers"), Emergency: form.Get("emergency") == "true",
	}
	made, err := k.Store.DraftChange(c.Request().Context(), subprocessor.Event{
		Actor: caller(c).Actor, Facts: subprocessor.Facts{Proposal: &p}, Words: subprocessor.Words{Reason: prose(form, "reason"), Address: models.Personal(line(form, "address"))},
	})
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		answer := problem.Of(err, "", "")
		return k.showChangeForm(c, answer.Status, form, answer.Detail)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/changes/"+made.ID.String())
}

// noteChange adds the event of a form. A refusal is told on the page itself, beside what has changed.
func (k *Console) noteChange(c echo.Context) error {
	found, err := k.changeOf(c)
	if err != nil {
		return err
	}
	form, err := formOf(c)
	if err != nil {
		return err
	}
	e, err := k.changeEvent(c, form)
	if err == nil {
		seen, _ := strconv.Atoi(form.Get("seen")) //nolint:errcheck // without a number nothing was seen, and nothing is asked
		_, err = k.Store.NoteChange(c.Request().Context(), found.ID, seen, e)
	}
	return k.noted(c, found.ID, err)
}

func (k *Console) noted(c echo.Context, id models.ID, err error) error {
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid || kind == models.Forbidden {
		p := problem.Of(err, "", "")
		return k.showChange(c, p.Status, "", p.Detail)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/changes/"+id.String()+"?done=noted")
}

// changeEvent reads the event of a form.
func (k *Console) changeEvent(c echo.Context, form url.Values) (subprocessor.Event, error) {
	e := subprocessor.Event{Kind: subprocessor.Kind(form.Get("kind")), Actor: caller(c).Actor, Words: subprocessor.Words{Reason: prose(form, "reason")}}
	if e.Kind == subprocessor.Drafted { // a draft has a form of its own
		e.Kind = ""
	}
	e.Facts.Answer = subprocessor.Answer(form.Get("answer"))
	if text := form.Get("customer"); text != "" {
		id, err := models.ParseID(text)
		if err != nil {
			return e, err
		}
		e.Facts.Customer, e.Facts.Told = id, []subprocessor.Telling{{Customer: id, At: k.Now()}}
	}
	if text := form.Get("effective_on"); text != "" {
		on, err := calendar.ParseDate(text)
		if err != nil {
			return e, models.Errorf(models.Invalid, "bad_date", "Give a day from today on, on which the change takes effect.").At("/effective_on")
		}
		e.Facts.EffectiveOn = on
	}
	return e, nil
}

// object takes the objection of the signed-in customer in.
func (k *Console) object(c echo.Context) error {
	found, err := k.changeOf(c)
	if err != nil {
		return err
	}
	form, err := formOf(c)
	if err != nil {
		return err
	}
	who := caller(c)
	return k.noted(c, found.ID, k.Store.Object(c.Request().Context(), who.Scope, found.ID, who.Actor, prose(form, "reason")))
}
