package opendsr

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/opendsr"
)

// Codes of a delegation's errors.
const (
	CodeUnknown    = "unknown_delegation" // NotFound: the processor does not know the request
	CodeNotPending = "not_pending"        // Conflict: too late to cancel
	CodeNoResult   = "no_result"          // NotFound: it is not completed, or brought nothing
)

// types are the rights that the protocol knows.
var types = map[connectors.Right]opendsr.Type{
	connectors.RightAccess: opendsr.Access, connectors.RightExport: opendsr.Portability, connectors.RightErase: opendsr.Erasure,
}

// Submit hands a request over. It asks first whether the processor has it already, so that done twice it is done once.
func (s *System) Submit(ctx context.Context, order connectors.Delegation) (connectors.Delegated, error) {
	body, err := s.request(order)
	if err != nil {
		return connectors.Delegated{}, err
	}
	known, err := s.Follow(ctx, order.ID)
	if err == nil || models.CodeOf(err) != CodeUnknown {
		return known, err
	}
	a, err := s.call(ctx, http.MethodPost, s.requests, body)
	if err != nil {
		return connectors.Delegated{}, err
	}
	switch a.status {
	case http.StatusCreated, http.StatusOK, http.StatusAccepted:
		return s.received(ctx, a, order.ID, body)
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity: // perhaps because another has just handed it over
		if known, err := s.Follow(ctx, order.ID); err == nil {
			return known, nil
		}
	}
	return connectors.Delegated{}, s.refused(a.status)
}

// request is the body of a request.
func (s *System) request(order connectors.Delegation) ([]byte, error) {
	typ, ok := types[order.Right]
	if !ok {
		return nil, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The protocol of the processor %s has no %s; a person must ask for it.", s.name, order.Right)
	}
	r := opendsr.Request{
		ID: opendsr.RequestID(order.ID), Type: typ, Submitted: opendsr.Time{Time: order.Received}, Version: s.set.Protocol,
		Callbacks: s.callbacks(), Extensions: s.set.Extensions,
	}
	if s.set.Protocol == protocolDSR {
		r.Regulation = s.set.Regulation
	}
	for _, known := range order.Identities {
		as, mapped := s.set.Identities[known.Kind]
		text := datamap.Fold(known.Kind, known.Value.Reveal())
		value, ok := as.Format.Of(text)
		if mapped && ok && text != "" {
			r.Identities = append(r.Identities, opendsr.Identity{Type: as.Type, Value: value, Format: as.Format})
		}
	}
	if len(r.Identities) == 0 {
		return nil, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The processor %s takes none of the person's kinds of identity; a person must ask it.", s.name)
	}
	return json.Marshal(r)
}

// received understands the answer to a new request.
func (s *System) received(ctx context.Context, a *answer, id models.ID, body []byte) (connectors.Delegated, error) {
	proof, err := s.verified(ctx, a)
	if err != nil {
		return connectors.Delegated{}, err
	}
	var r opendsr.Receipt
	if err := s.read(a, &r); err != nil {
		return connectors.Delegated{}, err
	}
	if r.EncodedRequest != "" {
		back, err := base64.StdEncoding.DecodeString(r.EncodedRequest)
		if err != nil || string(back) != string(body) {
			return connectors.Delegated{}, s.unproven("repeats another request than the one that it was sent")
		}
	}
	if err := s.isAbout(r.ID, id); err != nil {
		return connectors.Delegated{}, err
	}
	return connectors.Delegated{Reference: r.ID, State: connectors.DelegatedPending, ExpectBy: r.ExpectBy.Time, Proof: proof}, nil
}

// isAbout fails when a signed answer is about another request: a replay of one that is genuine.
func (s *System) isAbout(have string, id models.ID) error {
	if !strings.EqualFold(have, opendsr.RequestID(id)) {
		return s.unproven("is about another request")
	}
	return nil
}

// report asks for the status of a request.
func (s *System) report(ctx context.Context, id models.ID) (*opendsr.StatusReport, []byte, error) {
	a, err := s.call(ctx, http.MethodGet, s.requests+"/"+opendsr.RequestID(id), nil)
	if err != nil {
		return nil, nil, err
	}
	switch a.status {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone, http.StatusBadRequest: // 400 is all that the text has for an error
		return nil, nil, models.Errorf(models.NotFound, CodeUnknown, "The processor %s does not know the request.", s.name)
	default:
		return nil, nil, s.refused(a.status)
	}
	proof, err := s.verified(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	var r opendsr.StatusReport
	if err := s.read(a, &r); err != nil {
		return nil, nil, err
	}
	return &r, proof, s.isAbout(r.ID, id)
}

// states are the states of a delegation by the protocol's.
var states = map[opendsr.Status]connectors.DelegatedState{
	opendsr.Pending: connectors.DelegatedPending, opendsr.InProgress: connectors.DelegatedRunning, opendsr.Completed: connectors.DelegatedDone,
	opendsr.Cancelled: connectors.DelegatedCancelled, opendsr.Denied: connectors.DelegatedRefused,
}

// Follow asks how far a request is.
func (s *System) Follow(ctx context.Context, id models.ID) (connectors.Delegated, error) {
	r, proof, err := s.report(ctx, id)
	if err != nil {
		return connectors.Delegated{}, err
	}
	status, ok := opendsr.ReadStatus(r.Status)
	if !ok {
		return connectors.Delegated{}, s.mismatch("gives a status that the protocol does not have")
	}
	d := connectors.Delegated{Reference: r.ID, State: states[status], ExpectBy: r.ExpectBy.Time, Proof: proof}
	if status == opendsr.Denied {
		d.Reason = string(opendsr.Denied)
	}
	return d, nil
}

// Cancel withdraws a request that is pending.
func (s *System) Cancel(ctx context.Context, id models.ID) (connectors.Delegated, error) {
	d, err := s.Follow(ctx, id)
	switch {
	case err != nil || d.State == connectors.DelegatedCancelled:
		return d, err
	case d.State != connectors.DelegatedPending:
		return connectors.Delegated{}, s.notPending()
	}
	a, err := s.call(ctx, http.MethodDelete, s.requests+"/"+opendsr.RequestID(id), nil)
	if err != nil {
		return connectors.Delegated{}, err
	}
	switch a.status {
	case http.StatusAccepted, http.StatusOK:
	case http.StatusBadRequest, http.StatusConflict, http.StatusMethodNotAllowed, http.StatusUnprocessableEntity: // it may have begun meanwhile
		now, err := s.Follow(ctx, id)
		if err == nil && now.State != connectors.DelegatedPending {
			return connectors.Delegated{}, s.notPending()
		}
		return connectors.Delegated{}, errors.Join(s.refused(a.status), err)
	default:
		return connectors.Delegated{}, s.refused(a.status)
	}
	proof, err := s.verified(ctx, a)
	if err != nil {
		return connectors.Delegated{}, err
	}
	var c opendsr.Cancellation
	if err := s.read(a, &c); err != nil {
		return connectors.Delegated{}, err
	}
	return connectors.Delegated{Reference: c.ID, State: connectors.DelegatedCancelled, Proof: proof}, s.isAbout(c.ID, id)
}

func (s *System) notPending() error {
	return models.Errorf(models.Conflict, CodeNotPending, "The processor %s has begun with the request, which can no longer be cancelled.", s.name)
}

// Result streams the result of a completed request. The text leaves open how a result is given and signed: it comes from the signed
// status' results_url, by TLS, from the processor's own host or one that the settings name.
func (s *System) Result(ctx context.Context, id models.ID, w io.Writer) error {
	r, _, err := s.report(ctx, id)
	if err != nil {
		return err
	}
	if status, ok := opendsr.ReadStatus(r.Status); !ok || status != opendsr.Completed || r.ResultsURL == "" {
		return models.Errorf(models.NotFound, CodeNoResult, "The processor %s has no result for the request.", s.name)
	}
	u, err := url.Parse(r.ResultsURL)
	if err != nil {
		return s.mismatch("gives an address for the result that is none")
	}
	own, allowed := s.ownHost(u)
	if !allowed {
		return s.mismatch("keeps the result at another host, which result_hosts does not name")
	}
	res, err := s.open(ctx, http.MethodGet, r.ResultsURL, nil, own)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if res.StatusCode != http.StatusOK {
		return s.refused(res.StatusCode)
	}
	into := &sink{w: w}
	n, err := io.Copy(into, io.LimitReader(res.Body, s.set.MaxResult+1))
	switch {
	case into.err != nil:
		return into.err
	case err != nil:
		return s.unsent(ctx, err)
	case n > s.set.MaxResult:
		return s.mismatch("has a result with more than max_result_bytes")
	}
	return nil
}

// sink keeps the caller's own error apart from the processor's.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (n int, err error) {
	n, s.err = s.w.Write(b)
	return n, s.err
}
