package main

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"habeas/cmd/internal/gauge"
)

// counter numbers the people who ask.
type counter struct{ atomic.Int64 }

// sample is what one measurement found.
type sample struct {
	calls    int
	took     time.Duration
	waits    []time.Duration // of each call; empty where the calls are not ours
	program  time.Duration   // CPU of this process: Habeas and its callers
	postgres time.Duration   // CPU of PostgreSQL
	temporal time.Duration   // CPU of the Temporal server
	load     float64         // of the machine, over the last minute
}

func (s sample) rate() float64 { return float64(s.calls) / s.took.Seconds() }

// wait is the time within which a share of the calls was answered.
func (s sample) wait(share float64) time.Duration {
	if len(s.waits) == 0 {
		return 0
	}
	return s.waits[int(share*float64(len(s.waits)-1))]
}

// repeat makes the call from so many callers at a time until d is over. Calls under way then are waited for and counted.
func repeat(ctx context.Context, callers int, d time.Duration, call func(context.Context) error) (sample, error) {
	begin := time.Now()
	waits := make([][]time.Duration, callers)
	group, ctx := errgroup.WithContext(ctx)
	for i := range callers {
		group.Go(func() error {
			for ctx.Err() == nil {
				at := time.Now()
				if at.Sub(begin) >= d {
					return nil
				}
				if err := call(ctx); err != nil {
					return err
				}
				waits[i] = append(waits[i], time.Since(at))
			}
			return ctx.Err()
		})
	}
	err := group.Wait()
	s := sample{took: time.Since(begin), waits: slices.Concat(waits...)}
	s.calls = len(s.waits)
	slices.Sort(s.waits)
	return s, err
}

// costs measures f with the CPU that everybody spent on it.
func (in *installation) costs(f func() (sample, error)) (sample, error) {
	program, postgres, temporal := gauge.OwnCPU(), gauge.TreeCPU(in.postgres.PID()), gauge.TreeCPU(in.temporal.PID)
	s, err := f()
	s.program, s.postgres, s.temporal = gauge.OwnCPU()-program, gauge.TreeCPU(in.postgres.PID())-postgres, gauge.TreeCPU(in.temporal.PID)-temporal
	s.load = gauge.Load()
	return s, err
}
