package opendsr

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"habeas/activities/connectors"
	"habeas/activities/outbound"
	"habeas/activities/outbound/credentials"
	"habeas/models"
	"habeas/models/opendsr"
)

// maxAnswer is the most that an answer but a result may have.
const maxAnswer = 1 << 20

// answer is what the processor answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes one call below the processor's address. Calls are not repeated here: workflows do.
func (s *System) call(ctx context.Context, method, path string, body []byte) (*answer, error) {
	res, err := s.open(ctx, method, s.base.String()+path, body, true)
	if err == nil && res.StatusCode == http.StatusUnauthorized && s.credentials.Renew() { // with a fresh token, once
		if err = res.Body.Close(); err == nil {
			res, err = s.open(ctx, method, s.base.String()+path, body, true)
		}
	}
	if err != nil {
		return nil, s.unsent(ctx, err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, s.unsent(ctx, err)
	case len(content) > maxAnswer:
		return nil, s.mismatch("answers with more than a mebibyte")
	}
	return &answer{res.StatusCode, res.Header, content}, nil
}

// open makes a call; the caller closes the answer's body.
func (s *System) open(ctx context.Context, method, address string, body []byte, proven bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, s.mismatch("gives an address that is none")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Habeas")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client, err := s.guard.Client(req.URL)
	if err != nil {
		return nil, s.unsent(ctx, err)
	}
	if proven {
		if err := s.credentials.Apply(ctx, req); err != nil {
			return nil, s.unsent(ctx, err)
		}
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, s.unsent(ctx, err)
	}
	return res, nil
}

// read takes an answer's JSON; members that it does not know are passed over.
func (s *System) read(a *answer, into any) error {
	if json.Unmarshal(a.body, into) != nil {
		return models.Errorf(models.Unavailable, connectors.CodeFailed, "The processor %s answers with something that is not of the protocol.", s.name)
	}
	return nil
}

// verified checks the signature under an answer and makes its proof; nil where the settings take unsigned answers and this is one.
func (s *System) verified(ctx context.Context, a *answer) ([]byte, error) {
	domain := first(a.header, opendsr.HeaderDomain, opendsr.HeaderDomainOld)
	signature := first(a.header, opendsr.HeaderSignature, opendsr.HeaderSignatureOld)
	if s.set.Unsigned && signature == "" {
		return nil, nil
	}
	if !strings.EqualFold(domain, s.set.Domain) {
		return nil, s.unproven("is not signed for the domain " + s.set.Domain)
	}
	for fresh := false; ; fresh = true {
		file, cert, err := s.certificate(ctx, fresh)
		if err != nil {
			return nil, err
		}
		err = opendsr.Verify(cert, a.body, signature)
		if err == nil {
			return json.Marshal(opendsr.NewProof(s.set.Domain, signature, file, a.body, time.Now()))
		}
		if fresh { // a certificate that was kept may have been replaced
			return nil, s.unproven("has no valid signature")
		}
	}
}

func first(h http.Header, names ...string) string {
	for _, name := range names {
		if v := h.Get(name); v != "" {
			return v
		}
	}
	return ""
}

// certificate is the processor's, kept as long as it is valid.
func (s *System) certificate(ctx context.Context, fresh bool) ([]byte, *x509.Certificate, error) {
	s.mu.Lock()
	file := s.file
	s.mu.Unlock()
	if !fresh && file != nil {
		if cert, err := opendsr.Certificate(file, s.set.Domain, s.roots, time.Now()); err == nil {
			return file, cert, nil
		}
	}
	d, err := s.discover(ctx)
	if err != nil {
		return nil, nil, err
	}
	if file, err = s.fetchCertificate(ctx, d.Certificate); err != nil {
		return nil, nil, err
	}
	cert, err := opendsr.Certificate(file, s.set.Domain, s.roots, time.Now())
	if err != nil {
		return nil, nil, s.unproven("cannot be verified, since its certificate is not one that a trusted authority has issued to " + s.set.Domain + " for now")
	}
	s.mu.Lock()
	s.file = file
	s.mu.Unlock()
	return file, cert, nil
}

// fetchCertificate downloads the certificate that the discovery names, from the processor's own host only.
func (s *System) fetchCertificate(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host != s.base.Host && !strings.EqualFold(u.Host, s.set.Domain) {
		return nil, s.unproven("cannot be verified, since its certificate is named at another domain")
	}
	res, err := s.open(ctx, http.MethodGet, address, nil, false)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	file, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, s.unsent(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, s.refused(res.StatusCode)
	}
	return file, nil
}

// ownHost reports whether a result lies where the processor's credentials may be sent, and whether it may be fetched at all.
func (s *System) ownHost(u *url.URL) (own, allowed bool) {
	own = u.Host == s.base.Host && u.Scheme == s.base.Scheme
	return own, own || strings.EqualFold(u.Host, s.set.Domain) || slices.Contains(s.set.ResultHosts, u.Host)
}

func (s *System) mismatch(text string) error {
	return models.Errorf(models.Invalid, connectors.CodeMismatch, "The processor %s %s.", s.name, text)
}

// CodeUnproven is an answer whose signature, certificate or domain is wrong (Invalid): it is not believed, and a person must look.
const CodeUnproven = "answer_unproven"

func (s *System) unproven(text string) error {
	return models.Errorf(models.Invalid, CodeUnproven, "An answer of the processor %s %s; it is not believed.", s.name, text)
}

// unsent says why a call brought no answer. The client's own error quotes the address, and is dropped.
func (s *System) unsent(ctx context.Context, err error) error {
	var known *models.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case outbound.Forbidden(err):
		return models.Errorf(models.Invalid, "address_forbidden", "The processor %s lies inside the network; list its host and port under private, if it may be reached.", s.name)
	case errors.Is(err, credentials.ErrRefused):
		return models.Errorf(models.Forbidden, connectors.CodeCredentials, "The processor %s got no token: its authorisation server does not accept the credentials.", s.name)
	}
	return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The processor %s does not answer.", s.name)
}

// refused says what a status means. An answer's text is never shown: it may quote a value.
func (s *System) refused(status int) error {
	kind, code, text := models.Invalid, connectors.CodeMismatch, "does not take the request"
	switch {
	case status == http.StatusUnauthorized:
		kind, code, text = models.Forbidden, connectors.CodeCredentials, "does not accept the credentials"
	case status == http.StatusForbidden:
		kind, code, text = models.Forbidden, connectors.CodeRefused, "refuses the rights that are needed"
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		kind, code, text = models.Unavailable, connectors.CodeBusy, "wants to be asked later"
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		kind, code, text = models.Unavailable, connectors.CodeUnavailable, "does not answer"
	case status >= 500:
		kind, code, text = models.Unavailable, connectors.CodeFailed, "failed"
	case status/100 == 3:
		text = "leads elsewhere by a redirect, which is not followed"
	}
	return models.Errorf(kind, code, "The processor %s %s (status %d).", s.name, text, status)
}
