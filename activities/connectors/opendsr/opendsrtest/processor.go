package opendsrtest

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"habeas/models/opendsr"
)

// Processor is a processor of subject requests. A test sets its fields before it serves; Do changes it after. Safe for concurrent use.
type Processor struct {
	Authority   *Authority
	Domain      string
	Token       string                                        // bearer token that it wants
	Old         bool                                          // speaks OpenGDPR 1.0: its paths and headers
	Key         crypto.Signer                                 // signs
	Certificate []byte                                        // of Key, in PEM
	Spelling    map[opendsr.Status]string                     // instead of the text's
	Alter       func(h http.Header, body []byte) []byte       // changes an answer after it was signed
	Intercept   func(http.ResponseWriter, *http.Request) bool // answers instead, by true
	Begins      bool                                          // a request that is to be cancelled has just begun
	UnknownIs   int                                           // status for a request that it does not know; 404 when left out
	Bare        bool                                          // leaves out what the text calls optional

	mu       sync.Mutex
	requests map[string]*request
	posts    int
}

type request struct {
	body    []byte
	asked   opendsr.Request
	status  opendsr.Status
	results []byte
}

// New makes a processor for a domain with a valid certificate of a new authority.
func New(domain string) (*Processor, error) {
	authority, err := NewAuthority("Authority of " + domain)
	if err != nil {
		return nil, err
	}
	key, err := signingKey()
	if err != nil {
		return nil, err
	}
	file, err := authority.Issue(key, domain, time.Now().Add(-time.Hour), time.Now().Add(time.Hour*24))
	return &Processor{Authority: authority, Domain: domain, Token: "canary", Key: key, Certificate: file, requests: map[string]*request{}}, err
}

// Do changes the processor while it serves.
func (p *Processor) Do(f func(p *Processor)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

// Set gives a request a status and a result.
func (p *Processor) Set(id string, status opendsr.Status, result []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.requests[id]; r != nil {
		r.status, r.results = status, result
	}
}

// Asked are the requests that it has, by identifier, and how many were handed over, those refused too.
func (p *Processor) Asked() (requests map[string]opendsr.Request, posts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests = map[string]opendsr.Request{}
	for id, r := range p.requests {
		requests[id] = r.asked
	}
	return requests, p.posts
}

func (p *Processor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Intercept != nil && p.Intercept(w, r) {
		return
	}
	path, _ := strings.CutPrefix(r.URL.Path, "/v2")
	path, _ = strings.CutPrefix(path, "/v1")
	resource, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case resource == "cert.pem":
		w.Header().Set("Content-Type", "application/x-pem-file")
		send(w, http.StatusOK, p.Certificate)
	case r.Header.Get("Authorization") != "Bearer "+p.Token:
		send(w, http.StatusUnauthorized, nil)
	case resource == "discovery":
		p.discovery(w, r)
	case resource == "secure":
		p.result(w, id)
	case resource != p.path():
		send(w, http.StatusNotFound, nil)
	case r.Method == http.MethodPost && id == "":
		p.post(w, r)
	case p.requests[id] == nil:
		p.unknown(w)
	case r.Method == http.MethodGet:
		p.status(w, r, p.requests[id])
	case r.Method == http.MethodDelete:
		p.cancel(w, p.requests[id])
	default:
		send(w, http.StatusMethodNotAllowed, nil)
	}
}

func (p *Processor) path() string {
	if p.Old {
		return "opengdpr_requests"
	}
	return "requests"
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
}

func origin(r *http.Request) string { return "http://" + r.Host }

func (p *Processor) discovery(w http.ResponseWriter, r *http.Request) {
	d := opendsr.Discovery{Version: opendsr.Version, Types: []opendsr.Type{opendsr.Erasure, opendsr.Access}, Certificate: origin(r) + "/cert.pem", Identities: []opendsr.Identity{
		{Type: "email", Format: opendsr.Raw}, {Type: "email", Format: opendsr.SHA256}, {Type: "controller_customer_id", Format: opendsr.Raw},
	}}
	p.answer(w, http.StatusOK, d, false)
}

// post refuses what the text refuses, and a request that it has already.
func (p *Processor) post(w http.ResponseWriter, r *http.Request) {
	p.posts++
	body, err := io.ReadAll(r.Body)
	var asked opendsr.Request
	if err != nil || json.Unmarshal(body, &asked) != nil {
		fail(w, "the body is no request")
		return
	}
	switch {
	case len(asked.ID) != 36 || asked.ID[14] != '4' || asked.ID != strings.ToLower(asked.ID):
		fail(w, "subject_request_id field is required.")
	case asked.Type != opendsr.Erasure && asked.Type != opendsr.Access:
		fail(w, "subject_request_type is not supported.")
	case !p.Old && asked.Regulation != opendsr.GDPR && asked.Regulation != opendsr.CCPA:
		fail(w, "regulation field is required.")
	case len(asked.Identities) == 0 || asked.Submitted.IsZero():
		fail(w, "subject_identities field is required.")
	case p.requests[asked.ID] != nil:
		fail(w, "subject_request_id is taken.")
	default:
		p.requests[asked.ID] = &request{body: body, asked: asked, status: opendsr.Pending}
		receipt := opendsr.Receipt{
			Controller: "example_controller_id", ExpectBy: at("2018-11-01T15:00:01Z"), Received: at("2018-10-02T15:00:01Z"),
			EncodedRequest: base64.StdEncoding.EncodeToString(body), ID: asked.ID,
		}
		if p.Bare {
			receipt.EncodedRequest, receipt.ExpectBy = "", opendsr.Time{}
		}
		p.answer(w, http.StatusCreated, receipt, true)
	}
}

func at(text string) opendsr.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err) // a constant
	}
	return opendsr.Time{Time: t}
}

func (p *Processor) status(w http.ResponseWriter, r *http.Request, q *request) {
	spelt := string(q.status)
	if s := p.Spelling[q.status]; s != "" {
		spelt = s
	}
	report := map[string]any{"subject_request_id": q.asked.ID, "request_status": spelt}
	if !p.Bare {
		report["controller_id"], report["expected_completion_time"], report["api_version"] = "example_controller_id", "2018-11-01T15:00:01Z", "2.0"
	}
	if q.results != nil {
		report["results_url"], report["results_count"] = origin(r)+"/secure/"+q.asked.ID, 103
	}
	p.answer(w, http.StatusOK, report, true)
}

func (p *Processor) result(w http.ResponseWriter, id string) {
	if q := p.requests[id]; q != nil && q.results != nil {
		send(w, http.StatusOK, q.results)
		return
	}
	send(w, http.StatusNotFound, nil)
}

func (p *Processor) cancel(w http.ResponseWriter, q *request) {
	if p.Begins {
		q.status = opendsr.InProgress
	}
	if q.status != opendsr.Pending {
		fail(w, "the request is not pending.")
		return
	}
	q.status = opendsr.Cancelled
	p.answer(w, http.StatusAccepted, opendsr.Cancellation{Controller: "example_controller_id", Received: at("2018-10-02T15:00:01Z"), ID: q.asked.ID, Version: opendsr.Version}, true)
}

func (p *Processor) unknown(w http.ResponseWriter) {
	if p.UnknownIs == 0 {
		send(w, http.StatusNotFound, nil)
		return
	}
	send(w, p.UnknownIs, nil)
}

// fail answers as section 7.7 shows.
func fail(w http.ResponseWriter, message string) {
	var f opendsr.Failure
	f.Error.Code, f.Error.Message = http.StatusBadRequest, message
	f.Error.Errors = []opendsr.Detail{{Domain: "Validation", Reason: "IllegalArgumentException", Message: message}}
	body, err := json.Marshal(f)
	if err != nil {
		panic(err) // a struct of texts
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	send(w, http.StatusBadRequest, body)
}

// answer sends JSON, signed where the text wants it.
func (p *Processor) answer(w http.ResponseWriter, status int, v any, signed bool) {
	body, err := json.MarshalIndent(v, "", "    ")
	if err == nil && signed {
		err = p.sign(w.Header(), body)
	}
	if err != nil {
		panic(http.ErrAbortHandler) // cannot happen with the keys of this package
	}
	if signed && p.Alter != nil {
		body = p.Alter(w.Header(), body)
	}
	w.Header().Set("Content-Type", "application/json")
	send(w, status, body)
}

func (p *Processor) sign(h http.Header, body []byte) error {
	signature, err := opendsr.Sign(p.Key, body)
	domain, under := opendsr.HeaderDomain, opendsr.HeaderSignature
	if p.Old {
		domain, under = opendsr.HeaderDomainOld, opendsr.HeaderSignatureOld
	}
	h.Set(domain, p.Domain)
	h.Set(under, signature)
	return err
}
