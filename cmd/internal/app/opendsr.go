package app

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"habeas/activities/connectors"
	"habeas/api/opendsr"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/deadline"
	protocol "habeas/models/opendsr"
	"habeas/models/request"
)

// openProcessor reads the key and the certificate by which this installation answers as an OpenDSR processor; without them it is none.
func (a *App) openProcessor(context.Context) error {
	c := a.Config.OpenDSR
	if c.KeyFile == "" {
		return nil
	}
	key, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return err
	}
	certificate, err := os.ReadFile(c.CertFile)
	if err != nil {
		return err
	}
	a.processor, err = protocol.NewProcessor(c.DomainOf(a.Config.BaseURL), key, certificate)
	if err != nil {
		return models.Errorf(models.Invalid, "bad_opendsr_certificate", "OPENDSR_KEY_FILE and OPENDSR_CERT_FILE: %v.", err)
	}
	return nil
}

// legalDate is the instant before which a request that comes in now is to be answered, by its controller's regime.
func (a *App) legalDate(c request.Controller, received time.Time) (time.Time, error) {
	cal, err := a.law.Calendar(c.Country, c.Subdivision)
	if err != nil {
		return time.Time{}, err
	}
	zone, err := a.law.Zone(c.Timezone)
	if err != nil {
		return time.Time{}, err
	}
	answer, err := deadline.Compute(deadline.Request{Regime: c.Regime, ReceivedOn: calendar.DateOf(received.In(zone)), Calendar: cal, Zone: zone})
	if err != nil {
		return time.Time{}, err
	}
	return answer.Before(), nil
}

// openDSR is the processor's side of OpenDSR; nil without a key. Types of identity that the data maps do not know are not offered.
func (a *App) openDSR() *opendsr.Config {
	if a.processor == nil {
		return nil
	}
	kinds, err := a.Config.OpenDSR.Kinds()
	if err != nil { // Validate has refused it
		return nil
	}
	for typ, kind := range kinds {
		if !slices.Contains(a.Graph.IdentityKinds(), kind) {
			delete(kinds, typ)
		}
	}
	return &opendsr.Config{Processor: a.processor, Kinds: kinds, LegalDate: a.legalDate, Private: a.Config.Policy.PrivateWebhooks}
}

// handed are the systems of processors, which prove what they call back.
type handed struct{ systems map[string]connectors.System }

// Proved fails for a system that this process does not reach, and for one that is no processor.
func (h handed) Proved(ctx context.Context, system string, header http.Header, body []byte) (string, error) {
	type prover interface {
		Proved(ctx context.Context, header http.Header, body []byte) (domain string, err error)
	}
	p, err := connectors.As[prover](h.systems[system], "call back")
	if err != nil {
		return "", err
	}
	return p.Proved(ctx, header, body)
}

// callback is where processors call this installation back. A worker of some systems names none: whether the server reaches them, too, it does not know.
func (a *App) callback() string {
	if len(a.only) > 0 {
		return ""
	}
	return protocol.CallbackURL(strings.TrimSuffix(a.Config.BaseURL, "/"))
}
