package activities_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/mail"
	"habeas/models"
	"habeas/models/store"
)

// smtpServer is a real mail server on a socket. A test says what it answers to whom; it counts what it was asked and what it took.
type smtpServer struct {
	t       *testing.T
	address string
	server  *smtp.Server
	now     func() time.Time

	mu      sync.Mutex
	rcpt    func(to string, call int) error // of the call-th dialogue about an address; nil takes everybody
	data    func(to string) error
	refuses func(c *smtp.Conn, to string) error // before rcpt
	asked   map[string][]time.Time
	took    map[string]int
}

var errHangUp = errors.New("the connection is closed")

func (s *smtpServer) listen() {
	s.t.Helper()
	l, err := (&net.ListenConfig{}).Listen(s.t.Context(), "tcp", s.address)
	require.NoError(s.t, err)
	s.address = l.Addr().String()
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &smtpDialogue{server: s, conn: c}, nil }))
	s.server.Domain, s.server.ErrorLog = "mail.localhost", log.New(io.Discard, "", 0)
	go func() { _ = s.server.Serve(l) }()
}

// answers changes what the server answers.
func (s *smtpServer) answers(rcpt func(to string, call int) error, data func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rcpt, s.data = rcpt, data
}

func (s *smtpServer) calls() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.asked {
		n += len(times)
	}
	return n
}

// seen is when the server was asked about each address, and how many messages for each it took.
func (s *smtpServer) seen() (asked map[string][]time.Time, took map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked), maps.Clone(s.took)
}

// leave closes the server, and lets nobody else on this machine have its port: a connection that its side has closed keeps it for a minute.
func (s *smtpServer) leave() {
	s.t.Helper()
	c, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", s.address)
	require.NoError(s.t, err)
	_, err = bufio.NewReader(c).ReadString('\n') // the greeting: the server has it in hand
	require.NoError(s.t, err)
	require.NoError(s.t, s.server.Close())
	_, err = io.Copy(io.Discard, c)
	require.NoError(s.t, err)
	require.NoError(s.t, c.Close())
}

type smtpDialogue struct {
	server *smtpServer
	conn   *smtp.Conn
	to     string
}

func (d *smtpDialogue) Mail(string, *smtp.MailOptions) error { return nil }
func (d *smtpDialogue) Reset()                               { d.to = "" }
func (d *smtpDialogue) Logout() error                        { return nil }

func (d *smtpDialogue) Rcpt(to string, _ *smtp.RcptOptions) error {
	s := d.server
	s.mu.Lock()
	defer s.mu.Unlock()
	d.to = to
	s.asked[to] = append(s.asked[to], s.now())
	if s.refuses != nil {
		if err := s.refuses(d.conn, to); err != nil {
			return err
		}
	}
	if s.rcpt == nil {
		return nil
	}
	return d.answer(s.rcpt(to, len(s.asked[to])))
}

func (d *smtpDialogue) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s := d.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data != nil {
		if err := d.answer(s.data(d.to)); err != nil {
			return err
		}
	}
	s.took[d.to]++
	return nil
}

func (d *smtpDialogue) answer(err error) error {
	if errors.Is(err, errHangUp) {
		_ = d.conn.Conn().Close()
	}
	return err
}

func answer(code, class, detail int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, class, detail}, Message: "not now, <p0.canary@person.example>"}
}

// served is affecting with a real mail server, reached as in production.
func (w *world) served(n int) (models.ID, *smtpServer) {
	w.t.Helper()
	id, _ := w.affecting(n)
	s := &smtpServer{t: w.t, address: "127.0.0.1:0", now: w.now, asked: map[string][]time.Time{}, took: map[string]int{}}
	s.listen()
	w.t.Cleanup(func() { _ = s.server.Close() })
	address, err := net.ResolveTCPAddr("tcp", s.address)
	require.NoError(w.t, err)
	sender, err := mail.New(mail.Config{Host: "127.0.0.1", Port: address.Port, TLS: mail.Plain, From: "privacy@northwind.example"})
	require.NoError(w.t, err)
	w.deps.Bulk = activities.BulkMail{
		Grace: time.Minute, Open: func(ctx context.Context) (activities.MailSession, error) { return sender.Open(ctx) },
		Accepted: func(context.Context, [][]byte) (taken, begun map[string]bool, err error) { return nil, nil, nil }, // nothing is uncertain here
	}
	w.rebuild()
	return id, s
}

func person(i int) string { return fmt.Sprintf("p%d.canary@person.example", i) }

// round lets the mailing run until a run ends without a failure of the server, as Temporal does.
func (w *world) round(id models.ID) activities.BreachMailed {
	w.t.Helper()
	for range 20 {
		out, err := w.mailed(id)
		if err == nil {
			return out
		}
		require.NotContains(w.t, err.Error(), "canary")
		w.pass(time.Second)
	}
	require.Fail(w.t, "the run fails again and again")
	return activities.BreachMailed{}
}

func TestWhomTheServerPutsOffForEverHoldsUpNobodyAndCountsAsNotReachedInTheEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, s := w.served(300)
	s.answers(func(to string, call int) error {
		switch {
		case to == person(0), to == person(1):
			return answer(450, 2, 0)
		case to == person(5) && call <= 2: // greylisting
			return answer(451, 7, 1)
		case to == person(9):
			return errHangUp
		case to == person(11):
			return answer(550, 1, 1)
		}
		return nil
	}, func(to string) error {
		if to == person(7) {
			return answer(452, 3, 1)
		}
		return nil
	})
	begun := w.now()
	out := w.round(id)
	require.Equal(t, activities.BreachMailed{Sent: 294, Refused: 1, Deferred: 5, Pause: out.Pause}, out, "the others do not wait for them")
	for rounds := 0; out.Pause > 0; rounds++ {
		require.Less(t, rounds, 100)
		require.GreaterOrEqual(t, out.Pause, time.Minute)
		b, err := w.store.Breach(t.Context(), models.ScopeOperator(), id)
		require.NoError(t, err)
		require.False(t, b.Messaged, "somebody is still to be written to")
		w.pass(out.Pause)
		out = w.round(id)
	}
	require.Equal(t, activities.BreachMailed{Sent: 295, Refused: 1, Unreached: 4}, out)
	require.InDelta(t, 2, w.now().Sub(begun).Hours()/24, 0.5, "days")
	asked, took := s.seen()
	require.Len(t, took, 295)
	for to, n := range took {
		require.Equal(t, 1, n, to)
	}
	for _, i := range []int{0, 1, 7, 9} {
		require.Len(t, asked[person(i)], 16, "person %d", i)
	}
	require.Len(t, asked[person(5)], 3)
	var pauses []time.Duration
	for i, at := range asked[person(0)][1:] {
		pauses = append(pauses, at.Sub(asked[person(0)][i]).Round(time.Minute))
	}
	require.True(t, slices.IsSorted(pauses), "%v", pauses)
	require.Equal(t, time.Minute, pauses[0])
	require.Equal(t, 6*time.Hour, pauses[14])
	b, err := w.store.Breach(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.True(t, b.Messaged)
	require.Equal(t, 295, b.Events[len(b.Events)-1].Facts.Count)
}

func TestAServerThatTakesNothingEndsTheRunAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rcpt    func(string, int) error
		down    bool
		code    string
		put, of int // how many may be put off, and be asked about, in one run
	}{
		"nobody listens":     {down: true, code: "mail_unavailable"},
		"closing":            {rcpt: func(string, int) error { return answer(421, 3, 2) }, code: "mail_unavailable", of: 4},
		"not now, to anyone": {rcpt: func(string, int) error { return answer(451, 3, 0) }, code: "mail_deferred", put: 23, of: 23},
		"hangs up":           {rcpt: func(string, int) error { return errHangUp }, code: "mail_broken", put: 4, of: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id, s := w.served(200)
			s.answers(c.rcpt, nil)
			if c.down {
				s.leave()
			}
			for range 3 {
				before := s.calls()
				_, err := w.mailed(id)
				requireFailure(t, err, c.code, false)
				require.LessOrEqual(t, s.calls()-before, c.of, "it gives up soon")
			}
			counts, err := w.store.CountBreachPersons(t.Context(), id)
			require.NoError(t, err)
			require.LessOrEqual(t, counts[store.PersonDeferred], int64(3*c.put))
			require.EqualValues(t, 200, counts[store.PersonWaiting]+counts[store.PersonDeferred], "nobody is lost or stays in hand")
			s.answers(nil, nil)
			if c.down {
				s.listen()
			}
			out := w.round(id)
			if out.Pause > 0 {
				w.pass(out.Pause)
				out = w.round(id)
			}
			require.Equal(t, activities.BreachMailed{Sent: 200}, out)
			_, took := s.seen()
			require.Len(t, took, 200)
			for to, n := range took {
				require.Equal(t, 1, n, to)
			}
		})
	}
}

func TestAServerThatEndsAConnectionAfterSomeErrorsIsCalledAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, s := w.served(300)
	failed := map[*smtp.Conn]int{}
	s.refuses = func(c *smtp.Conn, to string) error {
		if failed[c] == 5 {
			return answer(421, 7, 0) // as Postfix does after twenty
		}
		if strings.HasSuffix(to, "5.canary@person.example") {
			failed[c]++
			return answer(550, 1, 1)
		}
		return nil
	}
	out, err := w.mailed(id)
	require.NoError(t, err)
	require.Equal(t, activities.BreachMailed{Sent: 270, Refused: 30}, out)
	_, took := s.seen()
	require.Len(t, took, 270)
	for to, n := range took {
		require.Equal(t, 1, n, to)
	}
}
