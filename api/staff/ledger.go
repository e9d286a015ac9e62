package staff

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/ledger"
	"habeas/templates"
)

// Bounds of a verification that is asked for on the page: how long it may take, and how long the call waits for its end before the page says
// that it goes on.
const (
	verifyPatience = 2 * time.Minute
	verifyWait     = 5 * time.Second
)

// audit is the verification of the ledger that was asked for last. One runs at a time: it reads all of the ledger.
type audit struct {
	mu     sync.Mutex
	began  time.Time // zero: none was asked for since the program started
	ended  time.Time // zero while it runs
	report ledger.Report
	fault  *ledger.Fault
	failed error
}

// ledgerPage says what the last verification found.
func (k *Console) ledgerPage(c echo.Context) error {
	return show(k, c, http.StatusOK, "ledger", templates.Ledger, k.audit.view())
}

// verifyLedger runs the check of `habeas ledger verify` with the published keys. It changes nothing.
func (k *Console) verifyLedger(c echo.Context) error {
	keys, err := k.Keys()
	if err != nil {
		return err
	}
	if done := k.audit.begin(k.Now()); done != nil {
		// It goes on when the caller has gone, and ends by itself.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), verifyPatience)
		go func() {
			defer close(done)
			defer cancel()
			report, err := k.Store.VerifyLedger(ctx, keys)
			if ctx.Err() != nil {
				err = models.Errorf(models.Unavailable, "verification_too_long", "The ledger is too long to be verified here; run `habeas ledger verify`.")
			}
			k.audit.end(k.Now(), report, err)
		}()
		select {
		case <-done:
		case <-time.After(verifyWait):
		case <-c.Request().Context().Done():
		}
	}
	return c.Redirect(http.StatusSeeOther, "/staff/ledger")
}

// begin is nil when a verification runs already.
func (a *audit) begin(now time.Time) chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.began.IsZero() && a.ended.IsZero() {
		return nil
	}
	a.began, a.ended, a.report, a.fault, a.failed = now, time.Time{}, ledger.Report{}, nil, nil
	return make(chan struct{})
}

func (a *audit) end(now time.Time, report ledger.Report, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended, a.report = now, report
	if fault, ok := errors.AsType[*ledger.Fault](err); ok {
		a.fault = fault
		return
	}
	a.failed = err
}

func (a *audit) view() templates.LedgerView {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := templates.LedgerView{BeganAt: a.began, EndedAt: a.ended, Entries: a.report.Entries, Checkpoints: a.report.Checkpoints, Head: a.report.Head}
	switch {
	case a.began.IsZero():
		v.State = "none"
	case a.ended.IsZero():
		v.State = "running"
	case a.fault != nil:
		v.State, v.Reason = "bad", a.fault.Error()
	case a.failed != nil:
		v.State, v.Reason = "failed", models.MessageOf(a.failed, "The ledger could not be read just now.")
	default:
		v.State = "good"
	}
	return v
}
