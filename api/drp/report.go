package drp

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/drp"
	"habeas/models/store"
)

// maxURL is how long the address for callbacks may be.
const maxURL = 2000

// callable reports whether an address may be called back: it has to be https. Whether it lies inside the network is seen when it is called.
func (s *Server) callable(address models.Personal) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address.Reveal())
	return err == nil && u.Host != "" && u.User == nil && len(address) <= maxURL && (u.Scheme == "https" || u.Scheme == "http" && slices.Contains(s.config.Private, u.Host))
}

// report answers with how a request stands.
func (s *Server) report(c echo.Context, r store.DRPRequest) error {
	out, _, err := s.Report(c.Request().Context(), r)
	if err != nil {
		return err
	}
	send(c.Response(), http.StatusOK, out)
	return nil
}

// Report tells how a request stands, section 3.03, with the mark by which it is known whether the agent was told the same before. It fails with
// drp_off where this installation does not speak the protocol.
func (s *Server) Report(ctx context.Context, r store.DRPRequest) (out drp.Report, mark string, err error) {
	if s.config == nil {
		return out, "", models.Errorf(models.Unavailable, "drp_off", "This installation does not speak the Data Rights Protocol.")
	}
	p := r.Progress(s.now(), s.config.LapseAfter)
	out = drp.Report{ID: r.ID.String(), AgentRequestID: r.AgentRequestID, Received: drp.Time{Time: r.ReceivedAt}}
	out.Status, out.Reason = p.Status()
	out.Details = drp.Details(out.Reason, r.Outcome)
	if out.Status == drp.InProgress {
		due, err := s.due(ctx, r)
		if err != nil {
			return out, "", err
		}
		out.ExpectBy = &drp.Time{Time: due}
		if p.Extended { // section 3.08
			out.Details = "The time to answer was extended; the person was told why."
		}
	}
	switch {
	case out.Reason == drp.NeedVerification:
		out.VerifyURL, out.ExpiresAt = s.base+"/drp/verify/"+out.ID, &drp.Time{Time: r.ReceivedAt.Add(s.config.LapseAfter)}
	case out.Status == drp.Fulfilled && p.Results:
		out.ResultsURL, out.ExpiresAt = s.base+"/drp/results/"+out.ID, &drp.Time{Time: r.ResultsUntil}
		out.Details = "The person fetches the answer with a code that is mailed to them."
	}
	return out, p.Mark(), nil
}

func (s *Server) due(ctx context.Context, r store.DRPRequest) (time.Time, error) {
	if !r.Clock.DueBefore.IsZero() {
		return r.Clock.DueBefore.UTC(), nil
	}
	controller, err := s.store.ControllerByID(ctx, models.ScopeOperator(), r.ControllerID)
	if err != nil {
		return time.Time{}, err
	}
	return s.config.LegalDate(controller, r.ReceivedAt)
}

// results leads the person from the agent to the page on which they fetch the answer, with a code that goes to their own address.
func (s *Server) results(c echo.Context) error {
	id, err := requestID(c)
	if err != nil {
		return err
	}
	token, err := s.store.DRPResults(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/package/"+url.PathEscape(token))
}
