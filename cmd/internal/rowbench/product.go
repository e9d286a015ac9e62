package rowbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"
	"time"

	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/activities/connectors/postgres"
	"habeas/cmd/internal/gauge"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/hold"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/vault"
)

// Step is what a child process does with Habeas' own activities.
type Step struct {
	Habeas, Company string // databases
	Master, Signing string // keys
	Right           models.Right
	Request         string // set after the first step
	Do              string // locate, plan, erase, prove or export
	Profile         string // a file for a CPU profile of the step; empty for none
}

// Result is what a child process found. Peak is the most memory that it ever had, in bytes; CPU is the processor time of Habeas, or of the
// expert's program, and Server that of PostgreSQL.
type Result struct {
	Request     string
	Rows        int64
	Took        time.Duration
	CPU, Server time.Duration
	Peak        int64
}

// law has the built-in calendars and zones.
type law struct{}

func (law) Calendar(country, subdivision string) (*calendar.Calendar, error) {
	return calendar.For(country, subdivision)
}

func (law) Zone(name string) (*time.Location, error) { return time.LoadLocation(name) }

// product is Habeas without HTTP, Temporal and mail.
type product struct {
	store *store.Store
	acts  *activities.Activities
	env   *testsuite.TestActivityEnvironment
	close []func() error
}

func newProduct(ctx context.Context, s Step) (*product, error) {
	v, err := vault.New(vault.Config{Master: s.Master, Signing: s.Signing})
	if err != nil {
		return nil, err
	}
	p := &product{}
	if p.store, err = store.Open(ctx, store.Config{DSN: s.Habeas, Vault: v}); err != nil {
		return nil, err
	}
	p.close = append(p.close, p.store.Close)
	system, err := postgres.Open(ctx, connectors.Config{
		Name: "company", Kind: postgres.Kind, DSN: models.Personal(s.Company), Secret: []byte("a secret of this benchmark"),
	})
	if err != nil {
		return nil, err
	}
	p.close = append(p.close, system.Close)
	g, err := graph()
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewJSONHandler(io.Discard, nil)) //nolint:sloglint // the lines are to be made
	p.acts = activities.New(activities.Deps{
		Store: p.store, Systems: map[string]connectors.System{"company": system}, Graph: g, MapID: mapID, Rules: hold.Builtin(), Law: law{},
		Links: activities.Links{Base: "https://habeas.example"}, Log: log, Now: time.Now,
		Policy: activities.Policy{OperatorName: "Bench", DPOEmail: "dpo@company.example", ApproveUndecided: true, PackageFor: time.Hour, LapseAfter: time.Hour},
	})
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(tlog.NewStructuredLogger(log))
	p.env = suite.NewTestActivityEnvironment()
	p.env.SetTestTimeout(time.Hour)
	p.env.RegisterActivity(p.acts)
	return p, nil
}

func (p *product) stop() error {
	var errs []error
	for i := len(p.close) - 1; i >= 0; i-- {
		errs = append(errs, p.close[i]())
	}
	return errors.Join(errs...)
}

func do[Out any](p *product, activity, in any) (out Out, err error) {
	value, err := p.env.ExecuteActivity(activity, in)
	if err != nil || !value.HasValue() {
		return out, err
	}
	return out, value.Get(&out)
}

// Run does one step in this process.
func Run(ctx context.Context, s Step) (r Result, err error) {
	p, err := newProduct(ctx, s)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	r.Request = s.Request
	var id models.ID
	if s.Request == "" {
		id, err = p.begin(ctx, s.Right)
		r.Request = id.String()
	} else {
		id, err = models.ParseID(s.Request)
	}
	if err != nil {
		return r, err
	}
	var work activities.Work
	if s.Do == "erase" {
		if work, err = do[activities.Work](p, p.acts.PrepareErasure, activities.RequestRef{RequestID: id}); err != nil {
			return r, err
		}
	}
	before := gauge.OwnCPU()
	r.Rows, r.Took, err = timed(s.Profile, func() (int64, error) { return p.step(ctx, s, id, work) })
	r.Peak, r.CPU = gauge.Peak(), gauge.OwnCPU()-before
	return r, err
}

func timed(profile string, step func() (int64, error)) (rows int64, took time.Duration, err error) {
	if profile != "" {
		f, err := os.Create(profile) //nolint:gosec // the caller names it
		if err != nil {
			return 0, 0, err
		}
		defer f.Close() //nolint:errcheck // a profile
		if err := pprof.StartCPUProfile(f); err != nil {
			return 0, 0, err
		}
		defer pprof.StopCPUProfile()
	}
	begin := time.Now()
	rows, err = step()
	return rows, time.Since(begin), err
}

func (p *product) step(ctx context.Context, s Step, id models.ID, work activities.Work) (rows int64, err error) {
	ref := activities.RequestRef{RequestID: id}
	switch s.Do {
	case "locate":
		located, err := do[activities.Located](p, p.acts.Locate, ref)
		return located.Rows, err
	case "plan":
		if _, err := do[activities.Planned](p, p.acts.MakePlan, ref); err != nil {
			return 0, err
		}
		return 0, errors.Join(p.store.Advance(ctx, id, models.InReview, ""), p.store.Advance(ctx, id, models.Executing, ""))
	case "erase":
		for _, e := range work.Erase {
			done, err := do[activities.Done](p, p.acts.Erase, activities.GroupRef{RequestID: id, Group: e.Group, Index: e.Index})
			if err != nil {
				return rows, err
			}
			rows += done.Erased
		}
		return rows, nil
	case "prove":
		proof, err := do[activities.Proof](p, p.acts.ProveErased, activities.Ending{RequestID: id})
		if err == nil && proof.Left > 0 {
			err = fmt.Errorf("%d rows are left", proof.Left)
		}
		return proof.Checked, err
	case "export":
		_, err := do[activities.Package](p, p.acts.BuildPackage, ref)
		return 0, err
	default:
		return 0, fmt.Errorf("unknown step %q", s.Do)
	}
}

// begin takes the person's request in and verifies it.
func (p *product) begin(ctx context.Context, right models.Right) (models.ID, error) {
	c, err := p.store.PutController(ctx, request.Controller{
		Slug: "company", Name: "Company", Operator: true, Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE",
	})
	if err != nil {
		return models.ID{}, err
	}
	out, err := p.store.Submit(ctx, store.Submission{
		Controller: c, Right: right, Channel: request.ChannelPortal, Language: "en", Actor: models.Actor{Role: models.RoleSubject},
		Subject: request.Subject{Name: "Person", Email: person, Identities: []request.Identity{{Kind: "email", Value: person}}},
	})
	if err != nil {
		return models.ID{}, err
	}
	issued, err := p.store.IssueVerifications(ctx, out.RequestID)
	if err != nil {
		return models.ID{}, err
	}
	if _, err := p.store.VerifyByToken(ctx, issued[0].Token); err != nil {
		return models.ID{}, err
	}
	if _, err := do[activities.Opened](p, p.acts.Open, activities.RequestRef{RequestID: out.RequestID}); err != nil {
		return models.ID{}, err
	}
	return out.RequestID, errors.Join(p.store.Advance(ctx, out.RequestID, models.Verifying, ""), p.store.Advance(ctx, out.RequestID, models.Locating, ""))
}
