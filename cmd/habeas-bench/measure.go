package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
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
	program, postgres, temporal := ownCPU(), treeCPU(in.postgres.PID()), treeCPU(in.temporal.PID)
	s, err := f()
	s.program, s.postgres, s.temporal = ownCPU()-program, treeCPU(in.postgres.PID())-postgres, treeCPU(in.temporal.PID)-temporal
	s.load = load()
	return s, err
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tick is the unit of CPU times in /proc, which Linux shows in hundredths of a second on all its platforms.
const tick = 10 * time.Millisecond

// treeCPU is what a process and its children have spent, from /proc; zero where there is none.
func treeCPU(pid int) (spent time.Duration) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, f := range files {
		b, err := os.ReadFile(f) //nolint:gosec // a file of the kernel
		if err != nil {
			continue // it has ended
		}
		_, rest, ok := strings.Cut(string(b), ") ") // past the name, which may hold blanks
		fields := strings.Fields(rest)
		if !ok || len(fields) < 15 || f != "/proc/"+strconv.Itoa(pid)+"/stat" && fields[1] != strconv.Itoa(pid) {
			continue
		}
		for _, n := range fields[11:15] { // user and system time, and those of its ended children
			ticks, err := strconv.Atoi(n)
			if err == nil {
				spent += time.Duration(ticks) * tick
			}
		}
	}
	return spent
}

// load is the machine's load average over one minute; zero where it is not told.
func load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), " ")
	l, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return l
}
