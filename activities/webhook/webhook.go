package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"habeas/activities/outbound"
	"habeas/models"
	"habeas/models/opendsr"
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

// Message is one message to a webhook. Each secret signs, so that a receiver may still know only the former one.
type Message struct {
	Address models.Personal
	Secrets []models.Personal // whsec_…; at least one
	ID      string            // the same each time that the message is sent
	Body    []byte
}

// Post sends body once, signed for the message ID and the instant. Only a 2xx status is success. Errors name neither the address nor the answer.
func (s *Sender) Post(ctx context.Context, address, secret models.Personal, id string, at time.Time, body []byte) error {
	_, err := s.Send(ctx, Message{Address: address, Secrets: []models.Personal{secret}, ID: id, Body: body}, at)
	return err
}

// Send is Post for a message with any number of secrets; it also gives the status of the answer, 0 when there was none. What the answer's body says
// does not count.
func (s *Sender) Send(ctx context.Context, m Message, at time.Time) (status int, err error) {
	signatures := make([]string, len(m.Secrets))
	for i, secret := range m.Secrets {
		hook, err := standardwebhooks.NewWebhook(secret.Reveal())
		if err != nil {
			return 0, models.Errorf(models.Invalid, CodeBadSecret, "The recipient's webhook secret is not of the form whsec_….")
		}
		if signatures[i], err = hook.Sign(m.ID, at, m.Body); err != nil {
			return 0, models.Errorf(models.Invalid, CodeBadSecret, "The webhook could not be signed.")
		}
	}
	return s.post(ctx, m.Address, m.Body, http.Header{
		http.CanonicalHeaderKey(standardwebhooks.HeaderWebhookID):        {m.ID},
		http.CanonicalHeaderKey(standardwebhooks.HeaderWebhookTimestamp): {strconv.FormatInt(at.Unix(), 10)},
		http.CanonicalHeaderKey(standardwebhooks.HeaderWebhookSignature): {strings.Join(signatures, " ")},
	})
}

// Callback sends the status of a request to the address that its OpenDSR request named, signed by the processor. Otherwise it is like Send.
func (s *Sender) Callback(ctx context.Context, address models.Personal, by *opendsr.Processor, body []byte) (status int, err error) {
	h := http.Header{}
	if err := by.Seal(h, body, true); err != nil {
		return 0, models.Errorf(models.Invalid, CodeBadSecret, "The callback could not be signed.")
	}
	return s.post(ctx, address, body, h)
}

// Tell sends the status of a request to the address that an agent of the Data Rights Protocol has named. The text has no signature for it, so that an
// agent asks before it trusts one. Otherwise it is like Send.
func (s *Sender) Tell(ctx context.Context, address models.Personal, body []byte) (status int, err error) {
	return s.post(ctx, address, body, http.Header{})
}

func (s *Sender) post(ctx context.Context, address models.Personal, body []byte, h http.Header) (status int, err error) {
	client, err := s.clientFor(address)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.Reveal(), bytes.NewReader(body))
	if err != nil {
		return 0, forbidden()
	}
	req.Header = h
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Habeas")
	res, err := client.Do(req)
	if outbound.Forbidden(err) {
		return 0, forbidden()
	}
	if err != nil {
		return 0, models.Errorf(models.Unavailable, CodeUnavailable, "The recipient's webhook does not answer.")
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if _, err := io.CopyN(io.Discard, res.Body, maxResponse); err != nil && !errors.Is(err, io.EOF) {
		return res.StatusCode, models.Errorf(models.Unavailable, CodeUnavailable, "The recipient's webhook broke off its answer.")
	}
	if res.StatusCode/100 != 2 {
		return res.StatusCode, models.Errorf(models.Unavailable, CodeUnavailable, "The recipient's webhook answered with status %d.", res.StatusCode)
	}
	return res.StatusCode, nil
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
