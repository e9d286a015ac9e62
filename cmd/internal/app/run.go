package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/alexedwards/scs/pgxstore"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"habeas/activities"
	"habeas/api"
	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/rules"
	"habeas/workflows"
)

// drain is how long a stopping server lets calls under way finish.
const drain = 20 * time.Second

// heartbeat is how often a long activity tells Temporal that it lives, and learns that it was cancelled.
const heartbeat = 10 * time.Second

// Handler is the whole HTTP side.
func (a *App) Handler() (http.Handler, error) {
	var proxies []netip.Prefix
	for _, cidr := range a.Config.TrustedProxies {
		p, err := netip.ParsePrefix(cidr)
		if err != nil {
			return nil, err
		}
		proxies = append(proxies, p)
	}
	signIn, err := a.signIn()
	if err != nil {
		return nil, err
	}
	return api.New(api.Deps{
		Store: a.Store, Sessions: pgxstore.New(a.Store.Pool()), Codes: codes{a}, Eval: rules.Evaluator{Zones: a.law.Zone, Catalogue: a.rules}.Eval,
		Keys: a.PublicKeys, OpenDSR: a.openDSR(), Handed: handed{a.systems}, DRP: a.drp, Graph: a.Graph,
		Log: a.log, Now: a.now,
		Config: api.Config{
			BaseURL: a.Config.BaseURL, Contact: a.Config.DPOEmail.Reveal(), TrustedProxies: proxies, IdentityKinds: a.Graph.IdentityKinds(),
			PostsPerMinute: a.Config.PostsPerMinute, CallsPerMinute: a.Config.CallsPerMinute, PublicSystems: a.publicNames, SignIn: signIn,
		},
	})
}

// PublicKeys is the JWK set that verifies receipts and the ledger.
func (a *App) PublicKeys() ([]byte, error) { return ledger.JWKS(a.Vault.Signer().Public()) }

// Serve answers HTTP on the listener until ctx ends, then lets calls under way finish. It does not need Temporal.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	handler, err := a.Handler()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return server.Shutdown(stop)
	})
	return group.Wait()
}

// Work runs workflows and activities, empties the outbox and seals the ledger until ctx ends; with Options.Systems it runs the activities of these
// systems only. A Temporal service that is down is waited for.
func (a *App) Work(ctx context.Context) error {
	served, err := a.servedQueues()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	if len(a.only) == 0 {
		group.Go(func() error { return a.Dispatch(ctx) })
		group.Go(func() error { return a.seal(ctx) })
		group.Go(func() error { return a.Deliver(ctx) })
		group.Go(func() error { return a.TellSubscribers(ctx) })
		group.Go(func() error { return a.TellOfComplaints(ctx) })
		group.Go(func() error { return a.SendLinks(ctx) })
		group.Go(func() error { return a.indexIdentities(ctx) })
		group.Go(func() error { return a.keepFigures(ctx) })
		group.Go(func() error { return a.SendAlerts(ctx) })
	}
	group.Go(func() error { return a.watchWorkers(ctx, served) })
	group.Go(func() error { return a.runWorkers(ctx, served) })
	return group.Wait()
}

// runWorkers works on the main queue, unless only some systems are served, and on the queues of the systems.
func (a *App) runWorkers(ctx context.Context, served []activities.Queue) error {
	if !a.awaitTemporal(ctx) {
		return nil
	}
	options := worker.Options{WorkerStopTimeout: drain, MaxHeartbeatThrottleInterval: heartbeat}
	acts := a.activities()
	var workers []worker.Worker
	for _, queue := range served {
		w := worker.New(a.temporal, workflows.SystemQueue(queue), options)
		workflows.RegisterSystems(w, acts)
		workers = append(workers, w)
	}
	if len(a.only) == 0 {
		w := worker.New(a.temporal, workflows.TaskQueue, options)
		workflows.Register(w, acts)
		workers = append(workers, w)
	}
	for _, w := range workers {
		if err := w.Start(); err != nil {
			return err
		}
		defer w.Stop()
	}
	if len(a.only) == 0 {
		if err := a.Clients.EnsureSchedules(ctx, a.Config.Policy.SweepEvery); err != nil && ctx.Err() == nil {
			return err
		}
	}
	a.log.InfoContext(ctx, "The worker runs")
	<-ctx.Done()
	return nil
}

// awaitTemporal waits until the Temporal service answers; it is false when ctx has ended before.
func (a *App) awaitTemporal(ctx context.Context) bool {
	for told := false; ; told = true {
		err := a.Clients.Healthy(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if !told {
			a.log.WarnContext(ctx, "Temporal does not answer; waiting for it", "address", a.Config.Temporal.Address)
		}
		pause(ctx, dispatchIdle)
	}
}

func codeOf(err error) string { return models.CodeOf(err) }
