package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/models"
	"habeas/models/request"
)

// person is somebody whom a test has put into the sample company's databases.
type person struct {
	request.Subject
	ID int64 // in every table; far above those of the sample
}

// register is everybody whom the tests know, so that their traces can be looked for.
type register struct {
	mu     sync.Mutex
	people []person
}

var everybody register

func (r *register) add(subject request.Subject) person {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := person{subject, int64(5_000_000 + len(r.people))}
	r.people = append(r.people, p)
	return p
}

func (r *register) list() []person {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]person{}, r.people...)
}

// stranger is a person of whom no system knows anything.
func stranger(name string) person {
	email := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@people.example"
	return everybody.add(request.Subject{
		Name: models.Personal(name), Email: models.Personal(email), Identities: []request.Identity{{Kind: "email", Value: models.Personal(email)}},
	})
}

// reader is a person with a newsletter and the given number of letters sent to them.
func (h *house) reader(t *testing.T, name string, letters int) person {
	t.Helper()
	p := stranger(name)
	first, last, _ := strings.Cut(name, " ")
	h.insert(t, "marketing",
		statement{`INSERT INTO contacts VALUES ($1, $2, $3, $4, '2024-03-01', '{news}', '{}')`, []any{p.ID, p.Email.Reveal(), first, last}},
		statement{`INSERT INTO campaign_sends SELECT $1::bigint * 100000 + n, $1, 'spring', '2024-04-01', NULL FROM generate_series(1, $2::bigint) n`, []any{p.ID, letters}})
	return p
}

// party is a person with a name, an address and, if Nordkai's own, an attempt to sign in; onBehalfOf is a customer's slug, or empty.
func (h *house) party(t *testing.T, name, onBehalfOf string) person {
	t.Helper()
	p := stranger(name)
	var slug any
	if onBehalfOf != "" {
		slug = onBehalfOf
	}
	h.insert(t, "parties",
		statement{`INSERT INTO addresses VALUES ($1, 'Kirchweg 9', '28195', 'Bremen', 'DE', $2)`, []any{p.ID, slug}},
		statement{
			`INSERT INTO parties VALUES ($1, $2, $3, $4, NULL, NULL, $1, '{}', $5, '2024-01-01')`,
			[]any{p.ID, fmt.Sprintf("E2E-%d", p.ID), name, p.Email.Reveal(), slug},
		})
	if onBehalfOf == "" {
		h.insert(t, "logins", statement{`INSERT INTO login_attempts VALUES ($1, $2, '192.0.2.7', true, '2024-05-01')`, []any{p.ID, p.Email.Reveal()}})
	}
	return p
}

type statement struct {
	sql  string
	args []any
}

func (h *house) insert(t *testing.T, database string, statements ...statement) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.Postgres.DSN(database))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	for _, s := range statements {
		_, err := conn.Exec(t.Context(), s.sql, s.args...)
		require.NoError(t, err)
	}
}

// ask files a request with Nordkai and confirms it with the code from the mail.
func (h *house) ask(t *testing.T, right models.Right, p person) actor.Asked {
	t.Helper()
	return h.askOf(t, right, "nordkai", p)
}

func (h *house) askOf(t *testing.T, right models.Right, controller string, p person) actor.Asked {
	t.Helper()
	asked, err := h.public.Ask(within(t), right, controller, p.Subject)
	require.NoError(t, err)
	h.tell(t, asked.ID)
	require.NoError(t, h.public.Confirm(within(t), h.Mailbox, asked, p.Subject))
	return asked
}

// mail waits for a mail to a person that holds a text.
func (h *house) mail(t *testing.T, p person, text string) mailbox.Message {
	t.Helper()
	m, err := h.Mailbox.Wait(within(t), func(m mailbox.Message) bool { return m.For(p.Email.Reveal()) && strings.Contains(m.Text, text) })
	require.NoError(t, err)
	return m
}

// path is the way of the first link in a mail that has the given part.
func (h *house) path(t *testing.T, m mailbox.Message, part string) string {
	t.Helper()
	for _, l := range m.Links() {
		if strings.Contains(l, part) {
			return strings.TrimPrefix(l, h.Config.BaseURL)
		}
	}
	require.Fail(t, "the mail has no link with "+part)
	return ""
}

// closed waits for the end of a request and expects the outcome.
func (h *house) closed(t *testing.T, id models.ID, outcome models.Outcome) {
	t.Helper()
	r, err := h.dpo.AwaitState(within(t), id, models.Closed)
	require.NoError(t, err)
	require.Equal(t, string(outcome), r.Outcome)
}

// erased expects that a text stands in no column of any of the company's databases.
func (h *house) erased(t *testing.T, p person) {
	t.Helper()
	hits, err := h.Company.Search(within(t), p.Email.Reveal())
	require.NoError(t, err)
	require.Empty(t, hits)
}

// mailAfter waits for a mail to a person that came after another.
func (h *house) mailAfter(t *testing.T, p person, id int) mailbox.Message {
	t.Helper()
	m, err := h.Mailbox.Wait(within(t), func(m mailbox.Message) bool { return m.ID > id && m.For(p.Email.Reveal()) })
	require.NoError(t, err)
	return m
}

// tell writes where a request has got to when its test fails.
func (h *house) tell(t *testing.T, id models.ID) {
	t.Helper()
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		if h != shared { // whose log is written when all have ended
			name := strings.ReplaceAll(t.Name(), "/", "-")
			t.Log("what Habeas said is in build/e2e-"+name+".log", os.WriteFile("../../../build/e2e-"+name+".log", []byte(h.log.String()), 0o600))
		}
		ctx := context.WithoutCancel(t.Context())
		entries, err := h.dpo.Ledger(ctx, id)
		t.Log("ledger:", err)
		for _, e := range entries {
			t.Log(e.At.Format("15:04:05.000"), e.Kind)
		}
		conn, err := pgx.Connect(ctx, h.Postgres.DSN("habeas"))
		if err != nil {
			t.Log(err)
			return
		}
		defer func() { require.NoError(t, conn.Close(ctx)) }()
		rows, err := conn.Query(ctx, `SELECT kind || ' ' || name || ': attempt ' || attempts || ' ' || last_code || ', next ' || available_at FROM orders WHERE request_id = $1`, id.String())
		if err == nil {
			orders, err := pgx.CollectRows(rows, pgx.RowTo[string])
			t.Log("orders:", orders, err)
		}
	})
}
