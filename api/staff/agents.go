package staff

import (
	"context"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// addAgents lists who asks for the person. Their names are personal and are shown with the identity only.
func (k *Console) addAgents(ctx context.Context, who models.Principal, r request.Request, v *templates.RequestView) error {
	agents, err := k.Store.Agents(ctx, who.Scope, r.ID)
	for _, a := range agents {
		v.Agents = append(v.Agents, templates.AgentView{
			Path: v.Path + "/agents/" + a.SubmissionID.String(), Basis: string(a.Basis), State: string(a.State), Size: a.Size, At: a.At, Reason: a.Reason.Reveal(),
			CanFetch:  !a.Gone && (who.Role == models.RoleDPO || who.Role == models.RoleHandler),
			CanDecide: r.Open() && who.Role == models.RoleDPO && a.State.Decidable() == nil,
		})
	}
	return err
}

// nameAgents shows who the agents of a request are.
func nameAgents(v *templates.RequestView, agents []store.Agent) {
	for i := range min(len(v.Agents), len(agents)) {
		v.Agents[i].Name, v.Agents[i].Email = agents[i].Name.Reveal(), agents[i].Email.Reveal()
	}
}

// decideAgent accepts or refuses the authority of an agent. A refusal to do so is told on the page itself.
func (k *Console) decideAgent(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	id, submission, err := agentIDs(c)
	if err != nil {
		return err
	}
	who := caller(c)
	d := store.AgentDecision{
		RequestID: id, SubmissionID: submission, Accept: form.Get("authority") == "accept", Actor: who.Actor,
		Reason: models.Personal(strings.ReplaceAll(strings.TrimSpace(form.Get("reason")), "\r\n", "\n")),
	}
	if !d.Accept && form.Get("authority") != "refuse" {
		return models.Errorf(models.Invalid, "unknown_decision", "There is no such decision.")
	}
	err = k.Store.DecideAgent(c.Request().Context(), who.Scope, d)
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid {
		p := problem.Of(err, "", "")
		return k.showRequest(c, p.Status, func(v *templates.RequestView) { v.Failure = p.Detail })
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/requests/"+id.String()+"?done=decided")
}

// fetchProof hands a proof of authority out, never to be shown by the browser, under a name of our own.
func (k *Console) fetchProof(c echo.Context) error {
	id, submission, err := agentIDs(c)
	if err != nil {
		return err
	}
	who := caller(c)
	proof, err := k.Store.AgentProof(c.Request().Context(), who.Scope, id, submission, who.Actor)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "proof-" + submission.String()[:8] + proof.Extension()}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	return c.Blob(http.StatusOK, "application/octet-stream", proof.Content)
}

func agentIDs(c echo.Context) (id, submission models.ID, err error) {
	if id, err = models.ParseID(c.Param("id")); err == nil {
		submission, err = models.ParseID(c.Param("submission"))
	}
	if err != nil {
		err = notFound()
	}
	return id, submission, err
}
