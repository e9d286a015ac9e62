package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/pprof"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/workflows"
)

// measurement is one thing that is measured in each round.
type measurement struct {
	name    string
	callers int
	beside  string // the measurement before it that it is compared with; empty for none
	run     func(context.Context, time.Duration) (sample, error)
}

func (m measurement) key() string { return fmt.Sprintf("%s, %d at a time", m.name, m.callers) }

const (
	nameRaw      = "PostgreSQL: commits of a single row"
	nameIntake   = "Habeas: POST /v1/requests"
	nameSubmit   = "Habeas: store.Submit, without HTTP"
	nameLive     = "Habeas: GET /livez, HTTP alone"
	nameBare     = "Temporal: workflow starts"
	nameDispatch = "Habeas: dispatcher, order to started workflow"
)

// starters is how many workflows the dispatcher starts at a time.
const starters = 8

// measurements are in the order of a round: what is compared is measured one right after the other.
func (in *installation) measurements() []measurement {
	list := []measurement{}
	add := func(name string, callers int, beside string, call func(context.Context) error) {
		list = append(list, measurement{name, callers, beside, func(ctx context.Context, d time.Duration) (sample, error) {
			return in.costs(func() (sample, error) { return repeat(ctx, callers, d, call) })
		}})
	}
	for _, callers := range []int{1, mostCallers} {
		add(nameRaw, callers, "", in.insert)
		add(nameIntake, callers, nameRaw, in.post)
	}
	add(nameSubmit, mostCallers, nameRaw, in.submit)
	add(nameLive, mostCallers, "", in.live)
	add(nameBare, starters, "", in.startBare)
	list = append(list, measurement{nameDispatch, starters, nameBare, func(ctx context.Context, d time.Duration) (sample, error) {
		return in.costs(func() (sample, error) { return in.dispatch(ctx, d) })
	}})
	add(nameBare, mostCallers, "", in.startBare)
	return list
}

// prepare makes the table of the raw rows, and a backlog for the dispatcher, and learns how many bytes a submission writes.
func (in *installation) prepare(ctx context.Context) error {
	if _, err := in.raw.Exec(ctx, "CREATE TABLE bench_rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)"); err != nil {
		return err
	}
	if _, err := repeat(ctx, mostCallers, time.Second, in.post); err != nil {
		return err
	}
	return in.raw.QueryRow(ctx, `SELECT round((SELECT avg(pg_column_size(t.*)) FROM requests t) + (SELECT avg(pg_column_size(t.*)) FROM submissions t)
		+ (SELECT avg(pg_column_size(t.*)) FROM ledger_entries t) + (SELECT avg(pg_column_size(t.*)) FROM ledger_pending t)
		+ (SELECT avg(pg_column_size(t.*)) FROM orders t) + (SELECT avg(pg_column_size(t.*)) FROM idempotency_keys t))::int`).Scan(&in.rowSize)
}

// insert commits one row as large as all that a submission writes.
func (in *installation) insert(ctx context.Context) error {
	body := make([]byte, in.rowSize)
	if _, err := rand.Read(body); err != nil {
		return err
	}
	_, err := in.raw.Exec(ctx, "INSERT INTO bench_rows (body) VALUES ($1)", body)
	return err
}

const message = "I have moved and closed my account. Please tell me what you still hold about me and to whom you have given it."

// post is another person's request.
func (in *installation) post(ctx context.Context) error {
	n := in.people.Add(1)
	body := fmt.Sprintf(`{"controller":"bench","right":"access","name":"Person %d","email":"person.%d@example.org","language":"de","message":%q}`, n, n, message)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, in.url+"/v1/requests", bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", uuid.NewString())
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
	return in.do(r, http.StatusAccepted)
}

func (in *installation) live(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, in.url+"/livez", nil)
	if err != nil {
		return err
	}
	return in.do(r, http.StatusOK)
}

func (in *installation) do(r *http.Request, want int) error {
	res, err := in.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != want {
		return fmt.Errorf("%s %s: %s %s", r.Method, r.URL.Path, res.Status, answer)
	}
	return err
}

// submit is the same request without HTTP.
func (in *installation) submit(ctx context.Context) error {
	n := in.people.Add(1)
	email := models.Personal(fmt.Sprintf("person.%d@example.org", n))
	_, err := in.app.Store.Submit(ctx, store.Submission{
		Controller: in.controller, Right: models.Access, Channel: request.ChannelAPI, Language: "de", Actor: models.Actor{Role: models.RoleSubject},
		Subject: request.Subject{
			Name: models.Personal(fmt.Sprintf("Person %d", n)), Email: email, Identities: []request.Identity{{Kind: "email", Value: email}}, Message: message,
		},
		Idempotency: &store.Idempotency{Scope: "public", Key: uuid.NewString()},
	})
	return err
}

// startBare starts a workflow with the SDK alone; no worker serves its task queue, nor that of the dispatcher's workflows.
func (in *installation) startBare(ctx context.Context) error {
	id := uuid.NewString()
	_, err := in.bare.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "bare-" + id, TaskQueue: "bench"}, workflows.RequestWorkflowName, map[string]string{"id": id})
	return err
}

// dispatch lets the dispatcher work off the backlog that intake has left.
func (in *installation) dispatch(ctx context.Context, d time.Duration) (sample, error) {
	before, _, err := in.app.Store.OrdersWaiting(ctx)
	if err != nil {
		return sample{}, err
	}
	begin := time.Now()
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	if err := in.app.Dispatch(limited); err != nil {
		return sample{}, err
	}
	took := time.Since(begin)
	after, _, err := in.app.Store.OrdersWaiting(ctx)
	if err == nil && after == 0 {
		err = fmt.Errorf("the backlog of %d orders was too short for %s", before, d)
	}
	return sample{calls: int(before - after), took: took}, err
}

// profile samples where intake spends its time; the label side tells the server from the callers in this process.
func (in *installation) profile(ctx context.Context, path string, d time.Duration) error {
	f, err := os.Create(path) //nolint:gosec // the caller names it
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	label(ctx, "callers", func(ctx context.Context) { _, err = repeat(ctx, mostCallers, d, in.post) })
	pprof.StopCPUProfile()
	if err != nil {
		return err
	}
	return f.Close()
}

func label(ctx context.Context, side string, f func(context.Context)) {
	pprof.Do(ctx, pprof.Labels("side", side), f)
}
