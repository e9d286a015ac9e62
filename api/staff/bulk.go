package staff

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/templates"
)

// bulk are the decisions that may be taken about several requests at once: each needs no more than one reason for all of them.
var bulk = []request.DecisionKind{request.Approve, request.Extend, request.Instruct, request.Decline}

// bulkKinds are those that a role may take at all.
func bulkKinds(role models.Role) []string {
	var out []string
	for _, kind := range bulk {
		if slices.ContainsFunc(models.States(), func(s models.State) bool { return request.Allowed(kind, role, s) == nil }) {
			out = append(out, string(kind))
		}
	}
	return out
}

// bulkOf reads which decision about which requests a form asks for; it fails with bad_bulk or what request.Allowed fails with.
func bulkOf(form url.Values, role models.Role) (request.DecisionKind, []models.ID, error) {
	kind := request.DecisionKind(form.Get("action"))
	if !slices.Contains(bulk, kind) {
		return "", nil, models.Errorf(models.Invalid, "bad_bulk", "Choose what is to be done with the requests.").At("/action")
	}
	if !slices.Contains(bulkKinds(role), string(kind)) {
		return "", nil, models.Errorf(models.Forbidden, "decision_forbidden", "Your role may not take this decision.")
	}
	ids, err := chosen(form)
	return kind, ids, err
}

// chosen are the requests that a form names; it fails with bad_bulk where they are none or too many.
func chosen(form url.Values) ([]models.ID, error) {
	var ids []models.ID
	for _, text := range form["request"] {
		id, err := models.ParseID(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 || len(ids) > pageSize {
		return nil, models.Errorf(models.Invalid, "bad_bulk", "Choose between one and %d requests.", pageSize).At("/request")
	}
	return ids, nil
}

// reviewBulk shows what a decision would do to each of the requests, and asks for the reason. Nothing is decided yet.
func (k *Console) reviewBulk(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	kind, ids, err := bulkOf(form, caller(c).Role)
	if models.CodeOf(err) == "bad_bulk" {
		p := problem.Of(err, "", "")
		return k.showInbox(c, p.Status, url.Values{}, func(_ context.Context, v *templates.InboxView) error {
			v.Failure = p.Detail
			return nil
		})
	}
	if err != nil {
		return err
	}
	view := templates.BulkView{Kind: string(kind), NeedsReason: request.NeedsReason(kind)}
	for _, id := range ids {
		row, err := k.foresee(c.Request().Context(), caller(c), kind, id)
		if err != nil {
			return err
		}
		if row.Refusal == "" {
			view.Possible++
		}
		view.Rows = append(view.Rows, row)
	}
	return show(k, c, http.StatusOK, "inbox", templates.Bulk, view)
}

// foresee says what a decision would do to a request, or why it cannot be taken. The store checks all of it again when it is taken.
func (k *Console) foresee(ctx context.Context, who models.Principal, kind request.DecisionKind, id models.ID) (templates.BulkRow, error) {
	r, err := k.Store.Request(ctx, who.Scope, id)
	if err != nil {
		return templates.BulkRow{}, err
	}
	row := templates.BulkRow{ID: id.String(), Path: "/staff/requests/" + id.String(), Reference: r.Reference, Right: r.Right, State: r.State}
	if err := request.Allowed(kind, who.Role, r.State); err != nil { // a case handler, who may be one of two, approves on the request's page
		row.Refusal = models.MessageOf(err, "")
		return row, nil
	}
	if kind != request.Approve {
		return row, nil
	}
	if r.PlanVersion == 0 {
		row.Refusal = "There is no plan yet."
		return row, nil
	}
	p, decided, err := k.Store.Plan(ctx, who.Scope, id)
	if err != nil {
		return row, err
	}
	row.Digest, row.Totals = p.Digest(), totals(p)
	two, first, err := k.Store.Approvals(ctx, who.Scope, id)
	if err != nil {
		return row, err
	}
	row.First = two && first == nil
	err = k.approvable(ctx, who, two, first)
	switch kind := models.KindOf(err); {
	case kind == models.Forbidden || kind == models.Conflict:
		row.Refusal = models.MessageOf(err, "")
	case err != nil:
		return row, err
	case decided:
		row.Refusal = "The plan is decided already."
	case len(p.Undecided()) > 0:
		row.Refusal = "Part of the plan is referred to the DPO: decide it on the request's page."
	}
	return row, nil
}

// totals counts a plan's rows by treatment.
func totals(p plan.Plan) []templates.Total {
	var out []templates.Total
	for _, t := range treatments {
		if n := p.Rows(t); n > 0 {
			out = append(out, templates.Total{Treatment: t, Rows: n})
		}
	}
	return out
}

// decideBulk takes the decision about each of the requests by itself: each is decided whole or not at all, and the page says which.
func (k *Console) decideBulk(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), caller(c)
	kind, ids, err := bulkOf(form, who.Role)
	if err != nil {
		return err
	}
	view := templates.BulkView{Kind: string(kind), Done: true}
	for _, id := range ids { // one that is not there stops all of it, before anything is decided
		r, err := k.Store.Request(ctx, who.Scope, id)
		if err != nil {
			return err
		}
		view.Rows = append(view.Rows, templates.BulkRow{ID: id.String(), Path: "/staff/requests/" + id.String(), Reference: r.Reference, Right: r.Right, State: r.State})
	}
	reason := models.Personal(strings.ReplaceAll(strings.TrimSpace(form.Get("reason")), "\r\n", "\n"))
	for i, id := range ids {
		d, err := k.Store.Decide(ctx, who.Scope, request.Decision{
			RequestID: id, Kind: kind, Actor: who.Actor, Reason: reason, PlanDigest: form.Get("digest-" + id.String()),
		})
		if err == nil {
			view.Possible++
			view.Rows[i].First = d.Waits
			continue
		}
		view.Rows[i].Refusal = models.MessageOf(err, "It could not be recorded just now.")
	}
	return show(k, c, http.StatusOK, "inbox", templates.Bulk, view)
}
