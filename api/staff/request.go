package staff

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/templates"
)

func (k *Console) request(c echo.Context) error {
	flash := ""
	switch c.QueryParam("done") {
	case "answered":
		flash = "flash.complaint"
	case "decided":
		flash = "flash.decided"
	case "first":
		flash = "flash.first"
	case "filed":
		flash = "flash.filed"
	case "scan":
		flash = "flash.scan"
	}
	return k.showRequest(c, http.StatusOK, func(v *templates.RequestView) { v.Flash = flash })
}

// showRequest shows a request; with adds what the call at hand has to say.
func (k *Console) showRequest(c echo.Context, status int, with func(*templates.RequestView)) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return notFound()
	}
	view, err := k.view(c.Request().Context(), caller(c), id, k.Now())
	if err != nil {
		return err
	}
	with(&view)
	return show(k, c, status, "inbox", templates.Request, view)
}

func notFound() error {
	return models.Errorf(models.NotFound, "not_found", "There is no such request.")
}

// decide records the decision of a form. A refusal is told on the page itself, beside what has changed.
func (k *Console) decide(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return notFound()
	}
	who := caller(c)
	d := request.Decision{
		RequestID: id, Kind: request.DecisionKind(form.Get("kind")), Actor: who.Actor, PlanDigest: form.Get("plan_digest"),
		Answer: form.Get("answer"),
		Reason: models.Personal(strings.ReplaceAll(strings.TrimSpace(form.Get("reason")), "\r\n", "\n")),
	}
	choices := map[string]string{}
	for name := range form {
		if no, ok := strings.CutPrefix(name, "choice-"); ok {
			choices[no] = form.Get(name)
		}
	}
	if d.Choices, err = intake.Choices(choices); err != nil {
		return err
	}
	if notice := form.Get("notice_id"); notice != "" {
		if d.NoticeID, err = models.ParseID(notice); err != nil {
			return err
		}
	}
	d, err = k.Store.Decide(c.Request().Context(), who.Scope, d)
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid || kind == models.Forbidden {
		p := problem.Of(err, "", "")
		return k.showRequest(c, p.Status, func(v *templates.RequestView) {
			v.Failure, v.Entered = p.Detail, templates.Entered{Kind: string(d.Kind), Reason: d.Reason.Reveal()}
			if kind != models.Conflict { // the groups of a plan that has changed are others
				v.Entered.Choices = d.Choices
			}
		})
	}
	if err != nil {
		return err
	}
	done := "decided"
	if d.Waits {
		done = "first"
	}
	return c.Redirect(http.StatusSeeOther, "/staff/requests/"+id.String()+"?done="+done)
}

// reveal shows the identity of the person. The ledger says who looked before anything is shown.
func (k *Console) reveal(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return notFound()
	}
	ctx, who := c.Request().Context(), caller(c)
	subject, err := k.Store.ViewSubject(ctx, who, id)
	if models.CodeOf(err) == "key_destroyed" {
		return k.showRequest(c, http.StatusOK, func(v *templates.RequestView) { v.Failure = problem.Of(err, "", "").Detail })
	}
	if err != nil {
		return err
	}
	answers, err := k.answers(ctx, who, id)
	if err != nil {
		return err
	}
	letters, err := k.letters(ctx, who, id)
	if err != nil {
		return err
	}
	agents, err := k.Store.Agents(ctx, who.Scope, id)
	if err != nil {
		return err
	}
	return k.showRequest(c, http.StatusOK, func(v *templates.RequestView) {
		v.Subject = subjectView(subject, answers)
		nameAgents(v, agents)
		for i := range min(len(v.Messages), len(letters)) {
			v.Messages[i].Body = letters[i]
		}
	})
}

// answers are what the person wrote in answer to questions.
func (k *Console) answers(ctx context.Context, who models.Principal, id models.ID) ([]string, error) {
	decisions, err := k.Store.Decisions(ctx, who.Scope, id)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, d := range decisions {
		if d.Kind == request.Answer && d.Reason != "" {
			out = append(out, d.Reason.Reveal())
		}
	}
	return out, nil
}

func subjectView(s request.Subject, answers []string) *templates.SubjectView {
	v := &templates.SubjectView{Name: s.Name.Reveal(), Email: s.Email.Reveal(), Message: s.Message.Reveal(), Answers: answers}
	v.Situation, v.Wrong, v.Correct = s.Statement.Situation.Reveal(), s.Statement.Wrong.Reveal(), s.Statement.Correct.Reveal()
	for _, c := range s.Statement.Corrections {
		v.Said = append(v.Said, templates.KindValue{Kind: c.Field.Reveal(), Value: c.Value.Reveal()})
	}
	for _, i := range s.Identities {
		if i.Kind != "email" || i.Value != s.Email {
			v.Identities = append(v.Identities, templates.KindValue{Kind: i.Kind, Value: i.Value.Reveal()})
		}
	}
	for _, i := range s.Claimed {
		v.Claimed = append(v.Claimed, templates.KindValue{Kind: i.Kind, Value: i.Value.Reveal()})
	}
	return v
}

// receipt is the exact signed file.
func (k *Console) receipt(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return notFound()
	}
	ctx, who := c.Request().Context(), caller(c)
	receipts, err := k.Store.Receipts(ctx, who.Scope, id)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		if r.ID.String() != c.Param("receipt") {
			continue
		}
		name := "receipt-" + r.At.Format(time.DateOnly) + "-" + r.ID.String()[:8] + ".json"
		c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		return c.Blob(http.StatusOK, "application/octet-stream", r.Body)
	}
	return notFound()
}
