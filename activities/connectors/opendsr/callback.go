package opendsr

import (
	"context"
	"net/http"

	"habeas/models/opendsr"
)

// Proved reports, by its domain, that a body was sent and signed by the processor; it fails with answer_unproven, or as asking the processor for its
// certificate does. A call without a signature is never believed, whatever the settings say of answers: anybody can make one.
func (s *System) Proved(ctx context.Context, header http.Header, body []byte) (domain string, err error) {
	if first(header, opendsr.HeaderSignature, opendsr.HeaderSignatureOld) == "" {
		return "", s.unproven("has no signature")
	}
	_, err = s.verified(ctx, &answer{header: header, body: body})
	return s.set.Domain, err
}

// callbacks are the addresses that a request names: this installation's own, and those of the settings.
func (s *System) callbacks() []string {
	if s.callback == "" {
		return s.set.Callbacks
	}
	return append([]string{s.callback}, s.set.Callbacks...)
}
