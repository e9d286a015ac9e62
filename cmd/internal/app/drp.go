package app

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"habeas/api/drp"
	"habeas/cmd/internal/config"
	"habeas/models"
	protocol "habeas/models/drp"
)

// drpID is an identifier of the network's directories; it stands in addresses.
var drpID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// openDRP reads who takes part in the Data Rights Protocol; without a file it is not spoken. It fails with bad_drp.
func (a *App) openDRP(context.Context) error {
	if a.Config.DRP == "" {
		return nil
	}
	d, err := config.LoadDRP(a.Config.DRP)
	if err != nil {
		return err
	}
	out := &drp.Config{Agents: map[string]drp.Agent{}, Businesses: map[string]drp.Business{}, LapseAfter: a.Config.Policy.LapseAfter, LegalDate: a.legalDate, Private: a.Config.Policy.PrivateWebhooks}
	for _, x := range d.Agents {
		key, ok := protocol.Key(x.VerifyKey)
		if _, twice := out.Agents[x.ID]; !ok || twice || !drpID.MatchString(x.ID) {
			return models.Errorf(models.Invalid, "bad_drp", "DRP: agent %q needs an id of its own and the 32 bytes of its Ed25519 verify_key in base64.", x.ID)
		}
		out.Agents[x.ID] = drp.Agent{Key: key, Vouches: x.Vouches}
	}
	for _, x := range d.Businesses {
		if _, twice := out.Businesses[x.ID]; twice || !drpID.MatchString(x.ID) || x.Controller == "" {
			return models.Errorf(models.Invalid, "bad_drp", "DRP: business %q needs an id of its own and its controller.", x.ID)
		}
		regimes := []string{"ccpa", "gdpr"}
		if x.Regimes != nil {
			regimes = nil
		}
		for _, r := range x.Regimes {
			regimes = append(regimes, strings.ToLower(r))
		}
		out.Businesses[x.ID] = drp.Business{Controller: x.Controller, Regimes: regimes}
	}
	if slices.Contains(a.Graph.IdentityKinds(), phoneKind) {
		out.PhoneKind = phoneKind
	}
	a.drp = out
	return nil
}

// phoneKind is the kind of identity that a telephone number is, where a data map has it.
const phoneKind = "phone_number"
