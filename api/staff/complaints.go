package staff

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/templates"
)

// maxAnswer is how long the answer to a complaint may be.
const maxAnswer = 16000

// addComplaints lists what the person has complained of; what it says is for casework alone.
func (k *Console) addComplaints(ctx context.Context, who models.Principal, r request.Request, v *templates.RequestView) error {
	complaints, err := k.Store.Complaints(ctx, who.Scope, r.ID)
	reads := who.Role == models.RoleDPO || who.Role == models.RoleHandler
	for _, c := range complaints {
		one := templates.ComplaintView{Path: v.Path + "/complaints/" + c.ID.String(), At: c.At, AnsweredAt: c.AnsweredAt}
		if reads {
			one.Text, one.Answer = c.Text.Reveal(), c.Answer.Reveal()
		}
		one.CanAnswer = who.Role == models.RoleDPO && c.AnsweredAt.IsZero() && c.Text != ""
		v.Complaints = append(v.Complaints, one)
	}
	return err
}

// answerComplaint takes the answer of the data protection officer in. A refusal to do so is told on the page itself.
func (k *Console) answerComplaint(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return notFound()
	}
	complaint, err := models.ParseID(c.Param("complaint"))
	if err != nil {
		return notFound()
	}
	text := strings.ReplaceAll(strings.TrimSpace(form.Get("answer")), "\r\n", "\n")
	if len(text) > maxAnswer {
		return models.Errorf(models.Invalid, "too_long", "The answer is too long.")
	}
	who := caller(c)
	err = k.Store.AnswerComplaint(c.Request().Context(), who.Scope, id, complaint, who.Actor, models.Personal(text))
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid {
		p := problem.Of(err, "", "")
		return k.showRequest(c, p.Status, func(v *templates.RequestView) { v.Failure = p.Detail })
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/requests/"+id.String()+"?done=answered")
}
