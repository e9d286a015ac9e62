package v1

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/store"
)

// tolerance is how far the instant of a signature may be from now; what is older may have been caught and sent again.
const tolerance = 5 * time.Minute

// nobodys is a secret that nobody signs with, so that a recipient that does not exist takes as long to refuse as a wrong signature.
const nobodys = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// ReceiveBreachReport takes in what a subprocessor has signed. It reads the body itself, because the signature is over its bytes.
func (s *Server) ReceiveBreachReport(c echo.Context) error {
	ctx := c.Request().Context()
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	who, err := s.store.RecipientBySlug(ctx, c.Param("recipient"))
	if err != nil && models.CodeOf(err) != "not_found" {
		return err
	}
	if !s.signed(who, c.Request().Header, body) {
		return models.Errorf(models.Unauthenticated, "bad_signature", "The signature is not valid.")
	}
	var report struct{ What, Contact string }
	if err := json.Unmarshal(body, &report); err != nil {
		return models.Errorf(models.Invalid, "bad_json", "The body is not JSON of the form that it must have.")
	}
	b, err := s.store.ReportBreachOnce(ctx, register.Event{
		Actor: models.Actor{Role: models.RoleRecipient, ID: who.ID}, Facts: register.Facts{Source: register.FromSubprocessor, Recipient: who.ID},
		Words: register.Words{What: models.Personal(report.What), Contact: models.Personal(report.Contact)},
	}, &store.Idempotency{Scope: "recipient " + who.ID.String(), Key: c.Request().Header.Get(standardwebhooks.HeaderWebhookID), Fingerprint: sha256.Sum256(body)})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, map[string]string{"reference": b.Reference})
}

func (s *Server) signed(who store.Recipient, h http.Header, body []byte) bool {
	secret, known := who.Secret.Reveal(), who.Secret != ""
	if !known {
		secret = nobodys
	}
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return false
	}
	seconds, err := strconv.ParseInt(h.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return false
	}
	valid := hook.VerifyIgnoringTimestamp(body, h) == nil
	return valid && known && s.now().Sub(time.Unix(seconds, 0)).Abs() <= tolerance
}
