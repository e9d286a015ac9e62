package audit

import (
	"context"
	"errors"
	"sync"
	"time"

	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/store"
)

// Bounds of a verification: how long it may take, and how long the call that began it waits for its end.
const (
	patience = 2 * time.Minute
	wait     = 5 * time.Second
)

// State is how the verification that was asked for last stands.
type State string

const (
	None    State = "none" // none was asked for since the program started
	Running State = "running"
	Good    State = "good"
	Bad     State = "bad"    // the ledger is not as it was written
	Failed  State = "failed" // it could not be read
)

// Result is what a verification has found.
type Result struct {
	State   State
	BeganAt time.Time
	EndedAt time.Time // zero while it runs
	Reason  string    // in words, of Bad and Failed
	ledger.Report
}

// Audit verifies the ledger.
type Audit struct {
	store *store.Store
	now   func() time.Time

	mu   sync.Mutex
	last Result
}

// New makes an audit.
func New(s *store.Store, now func() time.Time) *Audit {
	return &Audit{store: s, now: now, last: Result{State: None}}
}

// Last is the verification that was asked for last.
func (a *Audit) Last() Result {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

// Run begins the check of `habeas ledger verify` with the published keys, unless one runs already, and waits a little for its end. It goes on when
// the caller has gone.
func (a *Audit) Run(ctx context.Context, keys []byte) {
	if !a.begin() {
		return
	}
	done := make(chan struct{})
	on, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	go func() {
		defer close(done)
		defer cancel()
		report, err := a.store.VerifyLedger(on, keys)
		if on.Err() != nil {
			err = models.Errorf(models.Unavailable, "verification_too_long", "The ledger is too long to be verified here; run `habeas ledger verify`.")
		}
		a.end(report, err)
	}()
	select {
	case <-done:
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

func (a *Audit) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last.State == Running {
		return false
	}
	a.last = Result{State: Running, BeganAt: a.now()}
	return true
}

func (a *Audit) end(report ledger.Report, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last.EndedAt, a.last.Report, a.last.State = a.now(), report, Good
	if fault, ok := errors.AsType[*ledger.Fault](err); ok {
		a.last.State, a.last.Reason = Bad, fault.Error()
	} else if err != nil {
		a.last.State, a.last.Reason = Failed, models.MessageOf(err, "The ledger could not be read just now.")
	}
}
