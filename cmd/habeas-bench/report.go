package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"habeas/cmd/internal/gauge"
)

// report collects the samples of all rounds.
type report struct {
	c       *cli
	in      *installation
	order   []measurement
	samples map[string][]sample
}

func newReport(c *cli, in *installation) *report {
	return &report{c: c, in: in, order: in.measurements(), samples: map[string][]sample{}}
}

func (r *report) add(m measurement, s sample) { r.samples[m.key()] = append(r.samples[m.key()], s) }

// write prints the report as Markdown.
func (r *report) write(ctx context.Context, out io.Writer) error {
	b := &strings.Builder{}
	r.head(ctx, b)
	fmt.Fprint(b, "\n| | at a time | a second | lowest to highest | p50 ms | p99 ms | CPU µs a call: Habeas and callers, PostgreSQL, Temporal | load |\n")
	fmt.Fprint(b, "|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, m := range r.order {
		r.row(b, m, r.samples[m.key()])
	}
	fmt.Fprint(b, "\n| ratio, pair by pair | at a time | median | of each round |\n|---|--:|--:|---|\n")
	for _, m := range r.order {
		if m.beside != "" {
			r.ratio(b, m)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (r *report) head(ctx context.Context, b *strings.Builder) {
	version := "unknown"
	if err := r.in.raw.QueryRow(ctx, "SHOW server_version").Scan(&version); err != nil {
		version += " (" + err.Error() + ")"
	}
	fmt.Fprintf(b, "%s, %s, %d CPUs (%s), PostgreSQL %s with fsync, %d rounds of %s each, %d bytes a submission\n",
		time.Now().UTC().Format("2006-01-02 15:04 MST"), runtime.Version(), runtime.NumCPU(), gauge.CPUModel(), version,
		r.c.Rounds, r.c.For, r.in.rowSize)
}

func (r *report) row(b *strings.Builder, m measurement, list []sample) {
	rates := each(list, sample.rate)
	a := func(spent func(sample) time.Duration) float64 {
		return gauge.Median(each(list, func(s sample) float64 { return spent(s).Seconds() * 1e6 / float64(max(1, s.calls)) }))
	}
	wait := func(share float64) string {
		ms := gauge.Median(each(list, func(s sample) float64 { return s.wait(share).Seconds() * 1e3 }))
		if ms == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f", ms)
	}
	loads := each(list, func(s sample) float64 { return s.load })
	fmt.Fprintf(b, "| %s | %d | **%.0f** | %.0f to %.0f | %s | %s | %.0f, %.0f, %.0f | %.1f to %.1f |\n", m.name, m.callers, gauge.Median(rates),
		slices.Min(rates), slices.Max(rates), wait(0.5), wait(0.99), a(func(s sample) time.Duration { return s.program }),
		a(func(s sample) time.Duration { return s.postgres }), a(func(s sample) time.Duration { return s.temporal }),
		slices.Min(loads), slices.Max(loads))
}

// ratio compares each round's measurement with the raw one of the same round.
func (r *report) ratio(b *strings.Builder, m measurement) {
	raw := r.samples[measurement{name: m.beside, callers: m.callers}.key()]
	var ratios []float64
	var words []string
	for i, s := range r.samples[m.key()] {
		ratios = append(ratios, s.rate()/raw[i].rate())
		words = append(words, fmt.Sprintf("%.2f", ratios[i]))
	}
	fmt.Fprintf(b, "| %s / %s | %d | **%.2f** | %s |\n", m.name, m.beside, m.callers, gauge.Median(ratios), strings.Join(words, " "))
}

func each(list []sample, f func(sample) float64) []float64 {
	out := make([]float64, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}
