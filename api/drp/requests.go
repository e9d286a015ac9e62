package drp

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/models"
	"habeas/models/drp"
	"habeas/models/request"
	"habeas/models/store"
)

// agentRequestID is what an agent may call its request: it is kept as it is, so that no mail address may stand in it.
var agentRequestID = regexp.MustCompile(`^[A-Za-z0-9._:/+=-]{0,128}$`)

// exercise takes a request in, section 2.01.
func (s *Server) exercise(c echo.Context) error {
	p, err := s.caller(c)
	if err != nil {
		return err
	}
	m, err := s.open(c, p.Agent)
	if err != nil {
		return err
	}
	x, err := drp.ReadExercise(m.Body)
	if err != nil {
		return err
	}
	if err := x.Check(p.Agent, []string{p.Business}, s.now()); err != nil {
		return err
	}
	got, err := s.take(c, store.DRPOrder{
		DRPPair: p, AgentRequestID: x.AgentRequestID, Digest: sha256.Sum256(m.Signed), Callback: x.Callback, LapseAfter: s.config.LapseAfter,
	}, x)
	if err != nil {
		return err
	}
	return s.report(c, got)
}

// take denies a request or files it. It fails with unknown_action, bad_agent_request_id, bad_callback_url and what intake.Check and SubmitDRP fail with.
func (s *Server) take(c echo.Context, o store.DRPOrder, x drp.Exercise) (store.DRPRequest, error) {
	right, known := x.Action.Right()
	if !known {
		return store.DRPRequest{}, models.Errorf(models.Invalid, "unknown_action", "exercise must be one of the protocol's rights actions.")
	}
	if !agentRequestID.MatchString(x.AgentRequestID) {
		return store.DRPRequest{}, models.Errorf(models.Invalid, "bad_agent_request_id", "agent-request-id must be at most 128 letters, digits and marks of ._:/+=-")
	}
	if !s.callable(x.Callback) {
		return store.DRPRequest{}, models.Errorf(models.Invalid, "bad_callback_url", "status_callback must be an https address.")
	}
	ctx, business := c.Request().Context(), s.config.Businesses[o.Business]
	controller, err := s.store.ControllerBySlug(ctx, business.Controller)
	if models.KindOf(err) == models.NotFound { // the file names one that was not applied
		return store.DRPRequest{}, models.Errorf(models.Unavailable, "business_unavailable", "This business takes no requests just now.")
	}
	if err != nil {
		return store.DRPRequest{}, err
	}
	var why drp.Reason
	switch {
	case right == "":
		why = drp.ClaimNotCovered
	case x.Regime != "" && !slices.Contains(business.Regimes, strings.ToLower(x.Regime)):
		why = drp.OutsideJurisdiction
	case x.Email == "": // nobody could be asked to confirm it, or be told the answer
		why = drp.InsufVerification
	default:
		sub, err := s.submission(c, controller, right, x, s.config.Agents[o.Agent].Vouches && x.EmailVerified)
		if err != nil {
			return store.DRPRequest{}, err
		}
		return intake.Level(ctx, func() (store.DRPRequest, error) { return s.store.SubmitDRP(ctx, sub, o) })
	}
	return s.store.DenyDRP(ctx, controller.ID, o, why)
}

// submission is what an agent says of the person. The address counts when the person has confirmed it, or at once where the agent vouches for it;
// the telephone number counts only where it does, and is shown to staff otherwise.
func (s *Server) submission(c echo.Context, controller request.Controller, right models.Right, x drp.Exercise, vouched bool) (store.Submission, error) {
	raw := intake.Raw{Controller: controller.Slug, Right: string(right), Name: x.Name.Reveal(), Email: x.Email.Reveal()}
	if s.config.PhoneKind != "" && x.Phone != "" {
		raw.Identities = []intake.Identity{{Kind: s.config.PhoneKind, Value: x.Phone.Reveal()}}
	}
	sub, err := intake.Check(c.Request().Context(), s.store, raw, models.Principal{})
	if err != nil {
		return sub, err
	}
	if sub.Vouched = vouched; vouched && x.PhoneVerified {
		sub.Subject.Identities, sub.Subject.Claimed = append(sub.Subject.Identities, sub.Subject.Claimed...), nil
	}
	return sub, nil
}

// requestID is the identifier in the path; what is none is not found, as an unknown one.
func requestID(c echo.Context) (models.ID, error) {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return id, models.Errorf(models.NotFound, "not_found", "There is no such request.")
	}
	return id, nil
}

// status says how a request stands, section 2.02.
func (s *Server) status(c echo.Context) error {
	p, err := s.caller(c)
	if err != nil {
		return err
	}
	id, err := requestID(c)
	if err != nil {
		return err
	}
	got, err := s.store.DRP(c.Request().Context(), p, id)
	if err != nil {
		return err
	}
	return s.report(c, got)
}

// revoke takes a request back, section 2.04.
func (s *Server) revoke(c echo.Context) error {
	p, err := s.caller(c)
	if err != nil {
		return err
	}
	m, err := s.open(c, p.Agent)
	if err != nil {
		return err
	}
	if err := drp.ReadRevocation(m.Body); err != nil {
		return err
	}
	id, err := requestID(c)
	if err != nil {
		return err
	}
	got, err := s.store.RevokeDRP(c.Request().Context(), p, id)
	if err != nil {
		return err
	}
	return s.report(c, got)
}

// verify leads the person from the agent to the page that takes the code of the mail, section 3.02.1. It never leads back: whoever follows an
// address that came with a link may be led anywhere.
func (s *Server) verify(c echo.Context) error {
	id, err := requestID(c)
	if err != nil {
		return err
	}
	if given := c.QueryParam("request_id"); given != "" && !strings.EqualFold(given, id.String()) {
		return models.Errorf(models.NotFound, "not_found", "There is no such request.")
	}
	token, err := s.store.DRPPage(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/status/"+url.PathEscape(token))
}
