package actor

import (
	"context"
	"net/http"

	"habeas/models"
)

// Correction is what a field of a group of the plan is to become.
type Correction struct {
	PlanDigest string `json:"plan_digest"`
	Group      int    `json:"group"`
	Field      string `json:"field"`
	Value      string `json:"value"`
}

// Correct enters a correction.
func (c Client) Correct(ctx context.Context, id models.ID, in Correction) error {
	return c.JSON(ctx, http.MethodPost, path(id, "/corrections"), in, nil)
}

// Suppressed asks whether addresses must not be used for a purpose.
func (c Client) Suppressed(ctx context.Context, purpose string, emails ...string) ([]bool, error) {
	in := struct {
		Purpose    string     `json:"purpose"`
		Identities []identity `json:"identities"`
	}{Purpose: purpose}
	for _, e := range emails {
		in.Identities = append(in.Identities, identity{"email", e})
	}
	var out struct {
		Suppressed []bool `json:"suppressed"`
	}
	err := c.JSON(ctx, http.MethodPost, "/v1/suppressions/check", in, &out)
	return out.Suppressed, err
}
