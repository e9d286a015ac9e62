package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/workflows"
)

// How the outbox is emptied.
const (
	dispatchBatch   = 16
	dispatchLease   = 30 * time.Second
	dispatchIdle    = 200 * time.Millisecond
	dispatchMaxWait = time.Minute
	sealEvery       = time.Second
)

// Dispatch tells Temporal what the database has recorded, until ctx ends. Temporal may be down: the orders wait.
func (a *App) Dispatch(ctx context.Context) error {
	for ctx.Err() == nil {
		orders, err := a.Store.ClaimOrders(ctx, dispatchBatch, dispatchLease)
		if err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "The outbox cannot be read", "code", codeOf(err))
		}
		if len(orders) == 0 {
			pause(ctx, dispatchIdle)
			continue
		}
		var group sync.WaitGroup
		for _, o := range orders {
			group.Go(func() { a.carryOut(ctx, o) })
		}
		group.Wait()
	}
	return nil
}

// carryOut carries out one order and notes the outcome.
func (a *App) carryOut(ctx context.Context, o store.Order) {
	err := a.tell(ctx, o)
	if ctx.Err() != nil {
		return // the lease runs out and another takes it
	}
	if errors.Is(err, workflows.ErrGone) {
		err = a.gone(ctx, o)
	}
	if err == nil {
		if err := a.Store.FinishOrder(ctx, o.ID); err != nil {
			a.log.WarnContext(ctx, "An order was carried out but not noted", "order", o.ID.String(), "code", codeOf(err))
		}
		return
	}
	wait := min(dispatchIdle<<min(o.Attempts, 10), dispatchMaxWait)
	if err := a.Store.DelayOrder(ctx, o.ID, a.now().Add(wait), codeOf(err)); err != nil {
		a.log.WarnContext(ctx, "An order could not be put off", "order", o.ID.String(), "code", codeOf(err))
	}
}

// gone judges a decision that no running workflow waits for. That is right for a closed request, and for a notice: its workflow asks the database
// before it sends anything; and for a task of a deferral: its workflow asks whether it is settled. An open request without a workflow is a fault, and the decision is kept until somebody has mended it.
func (a *App) gone(ctx context.Context, o store.Order) error {
	if !o.NoticeID.IsZero() || !o.DeferralID.IsZero() {
		return nil
	}
	r, err := a.Store.Request(ctx, models.ScopeOperator(), o.RequestID)
	if err != nil || !r.Open() {
		return err
	}
	a.log.ErrorContext(ctx, "An open request has no workflow", "request", o.RequestID.String(), "order", o.ID.String())
	return models.Errorf(models.Unavailable, "workflow_gone", "The request has no running workflow.")
}

func (a *App) tell(ctx context.Context, o store.Order) error {
	switch {
	case !o.BreachID.IsZero() && o.Kind == store.OrderStart:
		return a.Clients.StartBreach(ctx, o.BreachID)
	case o.Kind == store.OrderBreachMail:
		return a.Clients.StartBreachMailing(ctx, o.BreachID)
	case o.Kind == store.OrderBreachTest:
		return a.Clients.StartBreachTrial(ctx, o.ID, o.BreachID)
	case !o.BreachID.IsZero():
		return a.Clients.TellBreach(ctx, o.ID, o.BreachID)
	case !o.ChangeID.IsZero() && o.Kind == store.OrderStart:
		return a.Clients.StartChange(ctx, o.ChangeID)
	case !o.ChangeID.IsZero():
		return a.Clients.TellChange(ctx, o.ID, o.ChangeID)
	case !o.ContractEndID.IsZero() && o.Kind == store.OrderStart:
		return a.Clients.StartContractEnd(ctx, o.ContractEndID)
	case !o.ContractEndID.IsZero():
		return a.Clients.TellContractEnd(ctx, o.ID, o.ContractEndID)
	case o.Kind == store.OrderScan:
		return a.Clients.StartScan(ctx, o.RequestID)
	case o.Kind == store.OrderStart:
		return a.Clients.StartRequest(ctx, o.RequestID)
	case o.Kind == store.OrderStartLifting:
		return a.Clients.StartLifting(ctx, o.RequestID, o.DecisionID)
	case o.Kind == store.OrderRemind && !o.NoticeID.IsZero():
		return a.Clients.RemindOfNotice(ctx, o.ID, o.NoticeID)
	case o.Kind == store.OrderRemind:
		return a.Clients.RemindOfRequest(ctx, o.ID, o.RequestID)
	case o.Kind == store.OrderProcessorCalled && !o.NoticeID.IsZero():
		return a.Clients.TellNoticeOfCall(ctx, o.ID, o.NoticeID)
	case o.Kind == store.OrderProcessorCalled:
		return a.Clients.TellRequestOfCall(ctx, o.ID, o.RequestID, o.DelegationID)
	}
	return a.Clients.Deliver(ctx, workflows.Delivery{
		OrderID: o.ID, RequestID: o.RequestID, DecisionID: o.DecisionID, NoticeID: o.NoticeID, DeferralID: o.DeferralID, Kind: request.DecisionKind(o.Name),
	})
}

// seal chains new ledger entries, a second after they were written at the latest.
func (a *App) seal(ctx context.Context) error {
	for ctx.Err() == nil {
		if _, err := a.Store.Seal(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "The ledger was not sealed", "code", codeOf(err))
		}
		pause(ctx, sealEvery)
	}
	return nil
}

// pause waits, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
