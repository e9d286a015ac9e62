package intake

import (
	"errors"
	"strings"
	"unicode/utf8"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
)

// Agent is who asks for another person, as it was typed, with the file that proves their authority.
type Agent struct {
	Name  string
	Email string
	Basis string
	Proof []byte
}

// agentOf checks an agent, who must have an address other than the person's: with the same one they would agree to their own authority.
func agentOf(raw *Agent, person string, faults *problem.Faults) *request.Agent {
	if raw == nil {
		return nil
	}
	add := func(field, code, message string) {
		*faults = append(*faults, models.Errorf(models.Invalid, code, "%s", message).At(field))
	}
	name := clean(raw.Name)
	switch {
	case name == "":
		add("/agent_name", "missing_agent", "Give the full name of whoever acts for the person.")
	case utf8.RuneCountInString(name) > maxName:
		add("/agent_name", "too_long", "The name is too long.")
	}
	email, ok := ParseEmail(raw.Email)
	switch {
	case !ok:
		add("/agent_email", "bad_agent_email", "Give your e-mail address in the form name@example.com.")
	case strings.EqualFold(email, person):
		add("/agent_email", "agent_is_person", "Give an address that is not the person's.")
	}
	basis, basisErr := request.ParseBasis(raw.Basis)
	proof, proofErr := request.NewProof(raw.Proof)
	for _, err := range []error{basisErr, proofErr} {
		if fault, is := errors.AsType[*models.Error](err); is {
			*faults = append(*faults, fault)
		}
	}
	return &request.Agent{Name: models.Personal(name), Email: models.Personal(email), Basis: basis, Proof: proof}
}
