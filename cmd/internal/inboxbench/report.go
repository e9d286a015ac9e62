package inboxbench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/cmd/internal/gauge"
)

// report writes the figures as Markdown and fails when a median is over the limit.
func (b *bench) report(ctx context.Context, out io.Writer, pages []*page) (err error) {
	conn, err := pgx.Connect(ctx, b.server.DSN("habeas"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	version := ""
	if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&version); err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s, %s, %d CPUs (%s), PostgreSQL %s with fsync, %d open requests and as many closed, %d rounds of %d calls, load %.1f\n",
		time.Now().UTC().Format("2006-01-02 15:04 MST"), runtime.Version(), runtime.NumCPU(), gauge.CPUModel(), version, b.Open, b.Rounds, b.Calls, gauge.Load())
	fmt.Fprint(w, "\n| page | median ms | limit | p90 ms | longest ms | CPU ms a call: Habeas and caller, PostgreSQL |\n|---|--:|--:|--:|--:|--:|\n")
	var over []string
	for _, p := range pages {
		slices.Sort(p.waits)
		bound := ""
		if p.limited {
			bound = fmt.Sprint(limit.Milliseconds())
			if p.share(0.5) > limit {
				over = append(over, fmt.Sprintf("%s: %.1f ms", p.name, ms(p.share(0.5))))
			}
		}
		n := time.Duration(len(p.waits))
		fmt.Fprintf(w, "| %s | **%.1f** | %s | %.1f | %.1f | %.1f, %.1f |\n", p.name, ms(p.share(0.5)), bound, ms(p.share(0.9)), ms(p.share(1)), ms(p.program/n), ms(p.postgres/n))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(over) > 0 {
		return errors.New("over the limit: " + strings.Join(over, "; "))
	}
	return nil
}

// share is the time within which a share of the calls was answered.
func (p *page) share(of float64) time.Duration { return p.waits[int(of*float64(len(p.waits)-1))] }

func ms(d time.Duration) float64 { return d.Seconds() * 1e3 }

const logName = "postgresql.log"

// keepLogs makes a directory that the server, which may run as another user, can write its log to.
func (b *bench) keepLogs() (err error) {
	if b.logs, err = os.MkdirTemp("", "habeas-inboxbench-"); err != nil {
		return err
	}
	b.stops = append(b.stops, func() error { return os.RemoveAll(b.logs) })
	return os.Chmod(b.logs, 0o777)
}

var planHead = regexp.MustCompile(`duration: ([0-9.]+) ms  plan:`)

var manyBytes = regexp.MustCompile(`'\{[^']*\}'::bytea\[\]`)

// slow is how long a query must take for its plan to be written.
const slow = time.Millisecond

// explain calls each page once with every query explained by the server itself, and writes the plans of those that touch requests.
func (b *bench) explain(ctx context.Context, out io.Writer) error {
	dsn := b.server.DSN("habeas") + "&session_preload_libraries=auto_explain&auto_explain.log_min_duration=0&auto_explain.log_analyze=on&auto_explain.log_buffers=on&auto_explain.log_timing=off"
	_, address, err := b.serve(ctx, dsn)
	if err != nil {
		return err
	}
	pages, err := b.pagesAt(ctx, address)
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	seen := map[string]bool{}
	for _, p := range pages[1:] {
		from, err := b.logSize()
		if err != nil {
			return err
		}
		if err := p.call(ctx); err != nil {
			return err
		}
		plans, err := b.plansSince(from)
		if err != nil {
			return err
		}
		for _, text := range plans {
			query, _, _ := strings.Cut(text, "\n")
			if seen[query] && !strings.Contains(query, "ORDER BY") {
				continue // many pages look one row up by its key
			}
			seen[query] = true
			fmt.Fprintf(out, "%s:\n\n```\n%s\n```\n\n", p.name, text)
		}
	}
	return nil
}

func (b *bench) logSize() (int64, error) {
	info, err := os.Stat(filepath.Join(b.logs, logName))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// plansSince are the plans in the log behind an offset whose query reads the table of requests and takes a while, or that of kept figures.
func (b *bench) plansSince(from int64) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(b.logs, logName))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, entry := range strings.Split(string(text[from:]), " LOG: ")[1:] {
		m := planHead.FindStringSubmatch(entry)
		if m == nil || !strings.Contains(entry, "on requests") && !strings.Contains(entry, "on kept_figures") {
			continue
		}
		if took, err := time.ParseDuration(m[1] + "ms"); err != nil || took < slow && !strings.Contains(entry, "Limit") && !strings.Contains(entry, "kept_figures") {
			continue
		}
		out = append(out, tidy(entry))
	}
	return out, nil
}

// tidy keeps the query and its plan of an entry of the log.
func tidy(entry string) string {
	var lines []string
	for _, line := range strings.Split(entry, "\n")[1:] {
		if strings.HasPrefix(line, "\t") {
			lines = append(lines, strings.TrimPrefix(line, "\t"))
		}
	}
	return manyBytes.ReplaceAllString(strings.Join(lines, "\n"), "'{…}'::bytea[]")
}
