package drp

import (
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/drp"
	"habeas/models/store"
)

// setUp gives an agent the token for a business, section 2.05. No token says who calls: the address does, and the signature proves it.
func (s *Server) setUp(c echo.Context) error {
	agent := c.Param("agent")
	if _, known := s.config.Agents[agent]; !known {
		return models.Errorf(models.Forbidden, "unknown_agent", "This agent is not known here.")
	}
	m, err := s.open(c, agent)
	if err != nil {
		return err
	}
	claims, err := drp.ReadSetup(m.Body)
	if err != nil {
		return err
	}
	if err := claims.Check(agent, slices.Collect(maps.Keys(s.config.Businesses)), s.now()); err != nil {
		return err
	}
	pair := store.DRPPair{Agent: agent, Business: claims.BusinessID}
	token, err := s.store.SetUpDRP(c.Request().Context(), pair, sha256.Sum256(m.Signed), claims.ExpiresAt.Time)
	if err != nil {
		return err
	}
	send(c.Response(), http.StatusOK, map[string]string{"agent-id": agent, "token": token})
	return nil
}

// agent says that a token is valid, section 2.06.
func (s *Server) agent(c echo.Context) error {
	p, err := s.caller(c)
	if err != nil {
		return err
	}
	if p.Agent != c.Param("agent") {
		return models.Errorf(models.Forbidden, "wrong_agent", "agent-id is not the agent that sends this.")
	}
	send(c.Response(), http.StatusOK, struct{}{})
	return nil
}
