package rowbench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/cmd/internal/gauge"
	"habeas/models"
)

// report writes the figures as Markdown and fails when one is over its limit.
func (b *bench) report(ctx context.Context, out io.Writer) error {
	w := bufio.NewWriter(out)
	version, err := b.version(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, %s, %d CPUs (%s), PostgreSQL %s with fsync, %d events of the person's among %d of others, %d rounds\n",
		time.Now().UTC().Format("2006-01-02 15:04 MST"), runtime.Version(), runtime.NumCPU(), gauge.CPUModel(), version, b.Rows, 2*b.Rows, b.Rounds)
	fmt.Fprint(w, "\n| Habeas | seconds | beside | seconds | ratio | limit | of each round | processor time, ratio | peak MiB | limit |\n|---|--:|---|--:|--:|--:|---|--:|--:|--:|\n")
	var over []string
	for _, p := range b.pairs {
		ratio, peak := p.ratio(), p.peak()
		limit, memory := "", ""
		if p.limited {
			limit, memory = fmt.Sprint(limitRatio), fmt.Sprint(limitPeak>>20)
			if ratio > limitRatio || peak >= limitPeak {
				over = append(over, fmt.Sprintf("%s: ratio %.2f, peak %d MiB", p.name, ratio, peak>>20))
			}
		}
		fmt.Fprintf(w, "| %s | **%.2f** | %s | %.2f | **%.2f** | %s | %s | %.2f | %d | %s |\n", p.name, gauge.Median(seconds(p.ours)), p.beside,
			gauge.Median(seconds(p.theirs)), ratio, limit, strings.Join(p.each(), " "), p.work(), peak>>20, memory)
	}
	b.once(ctx, w)
	if err := w.Flush(); err != nil {
		return err
	}
	if len(over) > 0 {
		return errors.New("over the limit: " + strings.Join(over, "; "))
	}
	return nil
}

// once writes what was measured once: the walk and the plan, beside reading the same rows.
func (b *bench) once(ctx context.Context, w io.Writer) {
	read, err := expertSelect(ctx, b.server.DSN("company"))
	if err != nil {
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprint(w, "\n| measured once | rows | seconds | rows a second | beside reading them | peak MiB |\n|---|--:|--:|--:|--:|--:|\n")
	for _, right := range []models.Right{models.Erasure, models.Export} {
		for _, m := range []struct {
			name string
			Result
		}{{"locate", b.locate[right]}, {"plan", b.plan[right]}} {
			rows := b.locate[right].Rows
			fmt.Fprintf(w, "| %s, for %s | %d | %.2f | %.0f | %.1f | %d |\n", m.name, right, rows, m.Took.Seconds(), float64(rows)/m.Took.Seconds(),
				m.Took.Seconds()/read.Took.Seconds(), m.Peak>>20)
		}
	}
	fmt.Fprintf(w, "| reading: COPY of each table's rows | %d | %.2f | %.0f | | |\n", read.Rows, read.Took.Seconds(), float64(read.Rows)/read.Took.Seconds())
}

// ratio is the median of the rounds' ratios.
func (p pair) ratio() float64 { return gauge.Median(p.ratios()) }

func (p pair) ratios() []float64 {
	out := make([]float64, len(p.ours))
	for i := range p.ours {
		out[i] = p.ours[i].Took.Seconds() / p.theirs[i].Took.Seconds()
	}
	return out
}

func (p pair) each() []string {
	var out []string
	for _, r := range p.ratios() {
		out = append(out, fmt.Sprintf("%.2f", r))
	}
	return out
}

// work is the median of the rounds' ratios of all processor time, which says more than the clock on a machine that others use.
func (p pair) work() float64 {
	var list []float64
	for i := range p.ours {
		list = append(list, (p.ours[i].CPU+p.ours[i].Server).Seconds()/(p.theirs[i].CPU+p.theirs[i].Server).Seconds())
	}
	return gauge.Median(list)
}

// peak is the most memory of any round.
func (p pair) peak() (most int64) {
	for _, r := range p.ours {
		most = max(most, r.Peak)
	}
	return most
}

func seconds(list []Result) []float64 {
	out := make([]float64, len(list))
	for i, r := range list {
		out[i] = r.Took.Seconds()
	}
	return out
}

func (b *bench) version(ctx context.Context) (version string, err error) {
	conn, err := pgx.Connect(ctx, b.server.DSN("postgres"))
	if err != nil {
		return "", err
	}
	err = conn.QueryRow(ctx, "SHOW server_version").Scan(&version)
	return version, errors.Join(err, conn.Close(ctx))
}
