package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/config"
	"habeas/cmd/internal/devserver"
	"habeas/cmd/internal/devserver/actor"
	"habeas/models"
	"habeas/models/store"
	"habeas/models/store/vault"
)

// patience bounds each test, far above what it takes on a busy machine.
const patience = 5 * time.Minute

// house is an installation with what tests need of it.
type house struct {
	*devserver.Server
	store       *store.Store // beside the App, as an operator's own tool would be
	public, dpo actor.Client
	customer    actor.Client // Brightline's
	log         journal      // of the App and of the Temporal SDK in it
}

// shared is the installation that tests use in parallel, each with people of its own. Tests that break something have another.
var shared *house

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil { // tests mostly wait
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if shared, err = open(context.Background(), false); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %v\nPostgreSQL comes with `make setup`, the Temporal server with `make temporal-dev`.\n", err)
		return 1
	}
	code := m.Run()
	if code != 0 { // what Habeas said meanwhile; it holds no personal data, or leaks fails
		fmt.Fprintln(os.Stderr, "e2e: the log is in build/e2e.log", os.WriteFile("../../../build/e2e.log", []byte(shared.log.String()), 0o600))
	}
	if err := errors.Join(shared.leaks(), shared.close()); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return code
}

// open starts an installation. Its slowest recipient is reminded after a second instead of ten. Unless it is detached, whose processes have the clock
// of the machine, it begins at noon, so that no day ends between two steps of a test, nor lasts longer than the 24 hours by which one moves the clock.
func open(ctx context.Context, detached bool, configure ...func(*config.Config)) (_ *house, err error) {
	h := &house{}
	clock := &devserver.Clock{}
	if !detached {
		clock.Advance(untilNoon(time.Now()))
	}
	h.Server, err = devserver.Start(ctx, devserver.Options{
		Clock: clock, Detached: detached, Log: slog.New(slog.NewJSONHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Configure: func(c *config.Config) {
			c.PostsPerMinute = 6000 // everybody here has one address
			for _, change := range configure {
				change(c)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	h.public = actor.Client{Base: h.Config.BaseURL}
	h.dpo = actor.Client{Base: h.Config.BaseURL, Key: h.DPOKey}
	h.customer = actor.Client{Base: h.Config.BaseURL, Key: h.Customer}
	v, err := vault.New(vault.Config{Master: h.Config.MasterKey.Reveal(), Signing: h.Config.SigningKey.Reveal()})
	if err != nil {
		return nil, errors.Join(err, h.Stop())
	}
	if h.store, err = store.Open(ctx, store.Config{DSN: h.Config.DatabaseURL.Reveal(), Vault: v, Now: h.Clock.Now}); err != nil {
		return nil, errors.Join(err, h.Stop())
	}
	recipients, err := h.store.Recipients(ctx)
	for _, r := range recipients {
		if r.Slug == "pacific-gate" { // who answers only a reminder
			r.ReminderAfter = time.Second
			_, put := h.store.PutRecipient(ctx, r)
			err = errors.Join(err, put)
		}
	}
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func untilNoon(now time.Time) time.Duration {
	noon := now.UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
	if noon.Before(now) {
		noon = noon.Add(24 * time.Hour)
	}
	return noon.Sub(now)
}

// close stops everything and says what stayed behind: the directory of the database, or one of the processes.
func (h *house) close() error {
	dir, pids := h.Postgres.Dir(), []int{h.Postgres.PID(), h.Temporal.PID}
	err := errors.Join(h.store.Close(), h.Stop())
	if _, stat := os.Stat(dir); !errors.Is(stat, os.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("the directory %s was left behind", dir))
	}
	for _, pid := range pids {
		if alive(pid) {
			err = errors.Join(err, fmt.Errorf("process %d was left behind", pid))
		}
	}
	return err
}

// alive does not count a process that has ended and is not yet buried.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// leaks names what the log holds of the people of all tests. It does not quote it.
func (h *house) leaks() error {
	text := strings.ToLower(h.log.String())
	for _, p := range everybody.list() {
		for _, word := range []models.Personal{p.Email, p.Name} {
			if strings.Contains(text, strings.ToLower(word.Reveal())) {
				return errors.New("the log holds a name or an address of a person")
			}
		}
	}
	return nil
}

// within gives a test its time.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// connect opens a database of the installation: habeas, temporal, or one of the sample company's systems.
func (h *house) connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.Postgres.DSN(database))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) })
	return conn
}

// count is the number that a query of one number gives.
func (h *house) count(t *testing.T, database, query string, args ...any) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.Postgres.DSN(database))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	require.NoError(t, conn.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

// eventually waits for what nothing announces.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, patience, 20*time.Millisecond, what)
}

// journal keeps what is written to it.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
