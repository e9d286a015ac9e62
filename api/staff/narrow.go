package staff

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/plan/mapped"
	"habeas/models/request"
	"habeas/templates"
)

// narrowForm asks a customer which parts of its data stay out of a request.
func (k *Console) narrowForm(c echo.Context) error {
	return k.showNarrow(c, http.StatusOK, request.Narrowing{}, "", nil)
}

// showNarrow shows the form with what was chosen, and why it was refused.
func (k *Console) showNarrow(c echo.Context, status int, n request.Narrowing, reason string, refused error) error {
	r, controller, err := k.instructed(c)
	if err != nil {
		return err
	}
	if err := request.Allowed(request.Instruct, caller(c).Role, r.State); err != nil && refused == nil {
		status, refused = problem.Of(err, "", "").Status, err
	}
	parts, err := intake.Parts(k.Graph, controller)
	if err != nil {
		return err
	}
	view := templates.NarrowView{
		Path: "/staff/requests/" + r.ID.String(), Reference: r.Reference, Right: r.Right, Article: r.Right.Article(), Form: partsForm(parts, n, reason),
	}
	if view.Form.Errors = partsErrors(refused); refused != nil && view.Form.Errors == nil {
		view.Failure = problem.Of(refused, "", "").Detail
	}
	return show(k, c, status, "inbox", templates.Narrow, view)
}

// instructed is the request of a page and whose data it is about.
func (k *Console) instructed(c echo.Context) (request.Request, request.Controller, error) {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return request.Request{}, request.Controller{}, notFound()
	}
	ctx, scope := c.Request().Context(), caller(c).Scope
	r, err := k.Store.Request(ctx, scope, id)
	if err != nil {
		return r, request.Controller{}, err
	}
	controller, err := k.Store.ControllerByID(ctx, scope, r.ControllerID)
	return r, controller, err
}

// narrow records an instruction that leaves parts of the data out.
func (k *Console) narrow(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	r, controller, err := k.instructed(c)
	if err != nil {
		return err
	}
	chosen, reason := narrowingOf(form), wordsOf(form, "reason")
	narrowing, err := intake.Narrowing(k.Graph, controller, chosen)
	if err == nil {
		who := caller(c)
		_, err = k.Store.Decide(c.Request().Context(), who.Scope, request.Decision{
			RequestID: r.ID, Kind: request.Instruct, Actor: who.Actor, Reason: models.Personal(reason), Narrowing: narrowing,
		})
	}
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid {
		return k.showNarrow(c, problem.Of(err, "", "").Status, chosen, reason, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/requests/"+r.ID.String()+"?done=decided")
}

func wordsOf(form url.Values, name string) string {
	return strings.ReplaceAll(strings.TrimSpace(form.Get(name)), "\r\n", "\n")
}

// narrowingOf reads the choice of parts from a form.
func narrowingOf(form url.Values) request.Narrowing {
	return request.Narrowing{Only: form.Get("how") == "only", Categories: form["category"], Systems: form["system"], Collections: form["collection"]}
}

// partsErrors are the fields at fault of the choice of parts; nil when something else was refused.
func partsErrors(refused error) templates.Errors {
	e, ok := errors.AsType[*models.Error](refused)
	if !ok {
		return nil
	}
	switch e.Code {
	case "reason_missing", "reason_too_long":
		return templates.Errors{{Field: "reason", Key: "error." + e.Code}}
	case "nothing_left", "nothing_left_out":
		return templates.Errors{{Field: "parts", Key: "error." + e.Code}}
	case "unknown_category", "unknown_system", "unknown_collection":
		return templates.Errors{{Field: "parts", Key: "error.unknown_part"}}
	}
	return nil
}

// partsForm offers the parts of a controller's data, with what was chosen.
func partsForm(parts []mapped.Part, n request.Narrowing, reason string) templates.PartsForm {
	form := templates.PartsForm{How: "leave_out", Reason: reason}
	if n.Only {
		form.How = "only"
	}
	in := map[string][]string{}
	for _, p := range parts {
		for _, code := range p.Categories {
			in[code] = append(in[code], partWords(p))
		}
		i := slices.IndexFunc(form.Systems, func(s templates.SystemChoice) bool { return s.Name == p.System })
		if i < 0 {
			i = len(form.Systems)
			form.Systems = append(form.Systems, templates.SystemChoice{Name: p.System, Chosen: slices.Contains(n.Systems, p.System)})
		}
		form.Systems[i].Parts = append(form.Systems[i].Parts, templates.PartChoice{
			Collection: p.Collection, What: partWords(p), Categories: templates.CategoriesInWords(p.Categories), Held: p.Holds,
			Chosen: slices.Contains(n.Collections, p.Collection),
		})
	}
	for code, words := range in {
		form.Categories = append(form.Categories, templates.CategoryChoice{
			Code: code, Words: templates.CategoryWords(code), In: words, Chosen: slices.Contains(n.Categories, code),
		})
	}
	slices.SortFunc(form.Categories, func(a, b templates.CategoryChoice) int { return strings.Compare(a.Code, b.Code) })
	return form
}

// partWords is what a collection is, in the map's words where it has them.
func partWords(p mapped.Part) string {
	if p.Description != "" {
		return p.Description
	}
	_, name, _ := strings.Cut(p.Collection, ".")
	return p.Dataset + ": " + strings.ReplaceAll(name, "_", " ")
}

// namesOf says what an instruction leaves out in words; nil for the whole.
func (k *Console) namesOf(n request.Narrowing) *templates.LeftOutNames {
	if n.IsZero() {
		return nil
	}
	out := &templates.LeftOutNames{Only: n.Only, Names: slices.Concat(templates.CategoriesInWords(n.Categories), n.Systems)}
	for _, name := range n.Collections {
		out.Names = append(out.Names, k.collectionWords(name))
	}
	return out
}

// collectionWords is what a collection is, as the form called it; its name when the map has it no more.
func (k *Console) collectionWords(name string) string {
	if k.Graph == nil {
		return name
	}
	for _, n := range k.Graph.Nodes {
		if n.Address.String() == name && n.Collection.Description != "" {
			return n.Collection.Description
		}
	}
	return name
}

// addNarrowed says what a plan leaves out by the customer's instruction, and why as long as it can be read.
func (k *Console) addNarrowed(ctx context.Context, who models.Principal, p plan.Plan, zone *time.Location, v *templates.PlanView) error {
	n := p.Narrowed
	if n == nil {
		return nil
	}
	v.Narrowed = &templates.NarrowedView{By: n.Name, At: n.At.In(zone), Names: *k.namesOf(n.Instruction)}
	d, err := k.Store.Decision(ctx, who.Scope, n.DecisionID)
	if models.CodeOf(err) == "key_destroyed" {
		return nil
	}
	v.Narrowed.Reason = d.Reason
	return err
}
