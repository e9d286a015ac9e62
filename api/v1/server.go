package v1

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"habeas/api/audit"
	"habeas/api/figures"
	"habeas/api/intake"
	"habeas/api/middleware"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// Deps is what the server needs.
type Deps struct {
	Store *store.Store
	Graph *datamap.Graph         // the data map; nil: none is loaded
	Base  string                 // URL under which people reach the installation, without a slash at its end
	Keys  func() ([]byte, error) // the JWK set that verifies receipts and the ledger
	Audit *audit.Audit           // of the ledger
	Text  figures.Text           // words of the catalogue, for reports in words
	Now   func() time.Time
}

// Server answers the JSON interface.
type Server struct {
	store *store.Store
	base  string
	now   func() time.Time
	Deps
}

// New makes the server.
func New(d Deps) *Server {
	return &Server{store: d.Store, base: d.Base, now: d.Now, Deps: d}
}

func caller(ctx context.Context) models.Principal { return middleware.CallOf(ctx).Principal }

// SubmitRequest takes a request in.
func (s *Server) SubmitRequest(ctx context.Context, in SubmitRequestRequestObject) (SubmitRequestResponseObject, error) {
	raw := intake.Raw{
		Controller: in.Body.Controller, Right: in.Body.Right, Name: in.Body.Name, Email: in.Body.Email,
		Message: in.Body.Message, Language: in.Body.Language, Vouched: in.Body.IdentityVouched, Statement: intake.Statement{
			Ground: in.Body.Ground, Purposes: in.Body.Purposes, Situation: in.Body.Situation, Wrong: in.Body.Wrong, Correct: in.Body.Correct,
		},
	}
	raw.Corrections, raw.Identities = saidOf(in.Body.Corrections), identitiesOf(in.Body.Identities)
	got, err := s.take(ctx, raw, in.Params.IdempotencyKey, in.Body)
	if err != nil {
		return nil, err
	}
	return SubmitRequest202JSONResponse{Body: got, Headers: SubmitRequest202ResponseHeaders{Location: got.StatusURL}}, nil
}

func saidOf(in []SaidCorrection) (out []intake.Said) {
	for _, one := range in {
		out = append(out, intake.Said{Field: one.Field, Value: one.Value})
	}
	return out
}

func identitiesOf(in []Identity) (out []intake.Identity) {
	for _, one := range in {
		out = append(out, intake.Identity{Kind: one.Kind, Value: one.Value})
	}
	return out
}

// take takes a submission in; body is what was sent, to which an Idempotency-Key is bound.
func (s *Server) take(ctx context.Context, raw intake.Raw, key string, body any) (Accepted, error) {
	by := caller(ctx)
	sub, err := intake.Check(ctx, s.store, raw, by)
	if err != nil {
		return Accepted{}, err
	}
	if sub.Idempotency, err = idempotency(key, body, by); err != nil {
		return Accepted{}, err
	}
	submit := func() (store.Submitted, error) { return s.store.Submit(ctx, sub) }
	var got store.Submitted
	if by.Role == "" {
		got, err = intake.Level(ctx, submit)
	} else { // is told of the request anyway
		got, err = submit()
	}
	if err != nil {
		return Accepted{}, err
	}
	// Constant for the public, whatever state an open request of the same person is in.
	state := models.Verifying
	if by.Role != "" {
		r, err := s.store.Request(ctx, by.Scope, got.RequestID)
		if err != nil {
			return Accepted{}, err
		}
		state = r.State
	}
	return Accepted{ID: got.RequestID.String(), Reference: got.Reference, StatusURL: s.base + "/status/" + got.StatusToken, State: string(state)}, nil
}

// idempotency binds a key to the caller and to what was sent.
func idempotency(key string, body any, by models.Principal) (*store.Idempotency, error) {
	if key == "" {
		return nil, nil //nolint:nilnil // no key, nothing to bind
	}
	canonical, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	scope := "public"
	if by.Role != "" {
		scope = by.ID.String()
	}
	return &store.Idempotency{Scope: scope, Key: key, Fingerprint: sha256.Sum256(canonical)}, nil
}

// ListRequests lists the caller's requests by legal date.
func (s *Server) ListRequests(ctx context.Context, in ListRequestsRequestObject) (ListRequestsResponseObject, error) {
	scope, p := caller(ctx).Scope, in.Params
	f := store.Filter{State: models.State(p.State), Right: models.Right(p.Right), Open: p.Open, Overdue: p.Overdue, Reference: p.Reference}
	controllers, err := s.store.Controllers(ctx, scope)
	if err != nil {
		return nil, err
	}
	slugs := map[models.ID]string{}
	for _, c := range controllers {
		slugs[c.ID] = c.Slug
		if c.Slug == p.Controller {
			f.ControllerID = c.ID
		}
	}
	if p.Controller != "" && f.ControllerID.IsZero() {
		return nil, models.Errorf(models.Invalid, "unknown_controller", "There is no such controller here.").At("controller")
	}
	limit := p.Limit
	if limit == 0 {
		limit = 50
	}
	rows, next, err := s.store.Requests(ctx, scope, f, p.Cursor, limit)
	if err != nil {
		return nil, err
	}
	out := RequestList{Requests: make([]Request, len(rows)), Next: next}
	for i, r := range rows {
		out.Requests[i] = s.request(r, slugs[r.ControllerID])
	}
	return ListRequests200JSONResponse(out), nil
}

// GetRequest is one request.
func (s *Server) GetRequest(ctx context.Context, in GetRequestRequestObject) (GetRequestResponseObject, error) {
	r, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	c, err := s.store.ControllerByID(ctx, caller(ctx).Scope, r.ControllerID)
	if err != nil {
		return nil, err
	}
	return GetRequest200JSONResponse(s.request(r, c.Slug)), nil
}

func (s *Server) find(ctx context.Context, id string) (request.Request, error) {
	rid, err := models.ParseID(id)
	if err != nil {
		return request.Request{}, err
	}
	return s.store.Request(ctx, caller(ctx).Scope, rid)
}

// GetPlan is the latest plan with the digest that a decision must name.
func (s *Server) GetPlan(ctx context.Context, in GetPlanRequestObject) (GetPlanResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	scope := caller(ctx).Scope
	p, decided, err := s.store.Plan(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	out := GetPlan200JSONResponse{
		Version: p.Version, Right: string(p.Right), Digest: p.Digest(), Decided: decided, RuleSet: p.RuleSet, Groups: groups(p.Groups),
	}
	if out.Narrowed, err = s.narrowed(ctx, p.Narrowed); err != nil {
		return nil, err
	}
	two, first, err := s.store.Approvals(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if out.FourEyes = two; first != nil {
		out.FirstApproval = FirstApproval{ID: first.ID.String(), Role: string(first.Actor.Role), ActorID: first.Actor.ID.String(), At: first.At}
	}
	return out, nil
}

func groups(in []plan.Group) []Group {
	out := make([]Group, len(in))
	for i, g := range in {
		out[i] = Group{
			No: g.No, System: g.System, Dataset: g.Dataset, Collection: g.Collection, Rows: g.Rows, Proposed: string(g.Proposed),
			Treatment: string(g.Treatment()), Reason: string(g.Reason), SharedWith: g.SharedWith, Rule: g.Rule, Citation: g.Citation,
			Explanation: g.Explanation, HoldThrough: g.HoldThrough.String(), ErasableOn: g.ErasableOn.String(), Categories: g.Categories,
			Fields: fields(g.Fields), Marked: g.Marked, Corrected: g.Corrected,
		}
		for _, o := range g.Options {
			out[i].Options = append(out[i].Options, string(o))
		}
	}
	return out
}

// Decide records a decision; the store asks the one rule whether it is allowed.
func (s *Server) Decide(ctx context.Context, in DecideRequestObject) (DecideResponseObject, error) {
	by := caller(ctx)
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	choices, err := intake.Choices(in.Body.Choices)
	if err != nil {
		return nil, err
	}
	d := request.Decision{
		RequestID: id, Kind: request.DecisionKind(in.Body.Kind), Actor: by.Actor, Reason: models.Personal(in.Body.Reason),
		PlanDigest: in.Body.PlanDigest, Choices: choices, Answer: in.Body.Answer,
	}
	if in.Body.NoticeID != "" {
		if d.NoticeID, err = models.ParseID(in.Body.NoticeID); err != nil {
			return nil, err
		}
	}
	d.Counts = in.Body.Counts
	if in.Body.TaskID != "" {
		if d.TaskID, err = models.ParseID(in.Body.TaskID); err != nil {
			return nil, err
		}
	}
	if d.Narrowing, err = s.narrowingOf(ctx, id, in.Body.Narrow); err != nil {
		return nil, err
	}
	if d, err = s.store.Decide(ctx, by.Scope, d); err != nil {
		return nil, err
	}
	return Decide202JSONResponse{ID: d.ID.String(), Kind: string(d.Kind), WaitsForSecond: d.Waits}, nil
}

func (s *Server) request(r request.Request, slug string) Request {
	return Request{
		ID: r.ID.String(), Reference: r.Reference, Controller: slug, Right: string(r.Right), State: string(r.State), Outcome: string(r.Outcome),
		Channel: string(r.Channel), Language: r.Language, ReceivedAt: r.ReceivedAt, VerifiedAt: r.VerifiedAt, ClosedAt: r.ClosedAt,
		Clock: s.clock(r.Clock, r.Open()), PlanVersion: r.PlanVersion,
	}
}

func (s *Server) clock(c request.Clock, open bool) Clock {
	return Clock{
		Regime: c.Regime, Timezone: c.Timezone, StartOn: c.StartOn.String(), DueOn: c.DueOn.String(), DueBefore: c.DueBefore,
		UnrolledDueOn: c.UnrolledDueOn.String(), ExtendedTo: c.ExtendedTo.String(), Paused: c.Paused,
		Overdue: open && c.Overdue(s.now()), RuleSet: c.RuleSet, Steps: c.Steps,
	}
}
