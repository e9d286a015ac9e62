package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"habeas/activities/outbound"
	"habeas/models"
)

// Limits of one call.
const (
	timeout     = 10 * time.Second
	maxResponse = 64 << 10
)

// Stable codes of errors.
const (
	CodeUnavailable = "webhook_unavailable" // Unavailable: no answer, or one that is not 2xx; trying again may help
	CodeForbidden   = "webhook_forbidden"   // Invalid: the address is not https or lies inside the network
	CodeBadSecret   = "webhook_bad_secret"  //nolint:gosec // a code, or a secret of the sample that everybody knows
)

// Sender posts signed webhooks; it is safe for concurrent use.
type Sender struct{ guard *outbound.Guard }

// New returns a sender. Hosts (host:port) in allowed may lie inside the network and be reached without TLS; all others must be https on the public
// Internet, checked when the connection is made, so that neither a redirect nor a changed DNS entry leads inside.
func New(allowed []string) *Sender {
	return &Sender{guard: outbound.New(outbound.Options{Timeout: timeout, Private: allowed})}
}

// Post sends body once, signed for the message ID and the instant. Only a 2xx status is success. Errors name neither the address nor the answer.
func (s *Sender) Post(ctx context.Context, address, secret models.Personal, id string, at time.Time, body []byte) error {
	client, err := s.clientFor(address)
	if err != nil {
		return err
	}
	hook, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		return models.Errorf(models.Invalid, CodeBadSecret, "The recipient's webhook secret is not of the form whsec_….")
	}
	signature, err := hook.Sign(id, at, body)
	if err != nil {
		return models.Errorf(models.Invalid, CodeBadSecret, "The webhook could not be signed.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.Reveal(), bytes.NewReader(body))
	if err != nil {
		return forbidden()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Habeas")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	res, err := client.Do(req)
	if outbound.Forbidden(err) {
		return forbidden()
	}
	if err != nil {
		return models.Errorf(models.Unavailable, CodeUnavailable, "The recipient's webhook does not answer.")
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if _, err := io.CopyN(io.Discard, res.Body, maxResponse); err != nil && !errors.Is(err, io.EOF) {
		return models.Errorf(models.Unavailable, CodeUnavailable, "The recipient's webhook broke off its answer.")
	}
	if res.StatusCode/100 != 2 {
		return models.Errorf(models.Unavailable, CodeUnavailable, "The recipient's webhook answered with status %d.", res.StatusCode)
	}
	return nil
}

func (s *Sender) clientFor(address models.Personal) (*http.Client, error) {
	u, err := url.Parse(address.Reveal())
	if err != nil {
		return nil, forbidden()
	}
	client, err := s.guard.Client(u)
	if err != nil {
		return nil, forbidden()
	}
	return client, nil
}

func forbidden() error {
	return models.Errorf(models.Invalid, CodeForbidden, "The webhook's address must be https on the public Internet, or be allowed by name.")
}
