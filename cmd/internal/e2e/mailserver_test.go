package e2e_test

import (
	"fmt"
	"io"
	"log"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// mailServer takes very many messages and counts them. As Postfix does, it writes the Message-ID to its log before it says that it has taken a
// message. It fails as real ones do.
type mailServer struct {
	port int
	log  *os.File

	mu      sync.Mutex
	took    map[string]int // messages by recipient
	refused map[string]bool
	at      []time.Time // when each message to a person was taken
	calls   int         // dialogues about a message to a person
	queued  int         // places in the queue that were given away
	away    int         // connections that are still to be turned away
	fault   func(call int) fault
}

// fault is what goes wrong with a message.
type fault int

const (
	noFault    fault = iota
	busy             // the server takes this message later
	down             // the server closes the connection, and turns away those that come next
	tookHungUp       // it has taken the message, and the connection breaks before it says so
	lostHungUp       // the connection breaks after the last byte, and the message was not taken
)

// startMailServer serves until the test ends. fault decides by the number of the call; nil for a server without faults.
func startMailServer(t *testing.T, fault func(call int) fault) *mailServer {
	t.Helper()
	m := &mailServer{took: map[string]int{}, refused: map[string]bool{}, fault: fault}
	var err error
	m.log, err = os.Create(filepath.Join(t.TempDir(), "mail.log"))
	require.NoError(t, err)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m.port = l.Addr().(*net.TCPAddr).Port
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &dialogue{server: m, conn: c}, nil }))
	s.Domain, s.ErrorLog = "mail.localhost", log.New(io.Discard, "", 0)
	served := make(chan error, 1)
	go func() { served <- s.Serve(&door{Listener: l, server: m}) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.NoError(t, <-served)
		require.NoError(t, m.log.Close())
	})
	return m
}

// turnedAway is how many connections the server turns away when it is down.
const turnedAway = 12

// door is the listener of a server that may be down.
type door struct {
	net.Listener
	server *mailServer
}

// Accept gives the next connection that is not turned away.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil || !d.server.turnsAway() {
			return c, err
		}
		if err := c.Close(); err != nil {
			return nil, err
		}
	}
}

func (m *mailServer) turnsAway() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away--
	return m.away >= 0
}

// taken is how many messages to persons were taken.
func (m *mailServer) taken() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.at)
}

// most is the largest number of messages to persons that were taken within a length of time.
func (m *mailServer) most(within time.Duration) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	most, first := 0, 0
	for i, at := range m.at {
		for at.Sub(m.at[first]) > within {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// affected is the domain of everybody who is written to because of a breach, and nobody at the domain of strangers is known to the server.
const (
	affected  = "@bulk.example"
	strangers = "@unknown.example"
)

type dialogue struct {
	server *mailServer
	conn   *smtp.Conn
	to     string
	fault  fault
}

func (d *dialogue) Mail(string, *smtp.MailOptions) error { return nil }
func (d *dialogue) Reset()                               { d.to, d.fault = "", noFault }
func (d *dialogue) Logout() error                        { return nil }

func (d *dialogue) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	m := d.server
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case strings.HasSuffix(to, strangers):
		m.refused[to] = true
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<" + to + ">: no such mailbox"}
	case strings.HasSuffix(to, affected) && m.fault != nil:
		m.calls++
		d.fault = m.fault(m.calls)
	}
	switch d.fault {
	case down:
		m.away = turnedAway
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Going down"}
	case busy:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Try again later"}
	}
	return nil
}

func (d *dialogue) Data(r io.Reader) error {
	message, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, message.Body); err != nil { // a message that ends early is no message
		return err
	}
	if d.fault == lostHungUp {
		return d.hangUp()
	}
	if err := d.server.take(d.to, message.Header.Get("Message-Id")); err != nil {
		return err
	}
	if d.fault == tookHungUp {
		return d.hangUp()
	}
	return nil
}

func (d *dialogue) hangUp() error { return d.conn.Conn().Close() }

func (m *mailServer) take(to, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.took[to]++
	if strings.HasSuffix(to, affected) {
		m.at = append(m.at, time.Now())
	}
	m.queued++
	now := time.Now().Format(time.RFC3339Nano)
	_, err := fmt.Fprintf(m.log, "%[1]s mail postfix/cleanup[4711]: %[2]X: message-id=%[3]s\n%[1]s mail postfix/qmgr[4712]: %[2]X: from=<>, size=1, nrcpt=1 (queue active)\n",
		now, m.queued, id)
	return err
}
