package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Mode is how the server behaves towards those who send.
type Mode string

const (
	Accept    Mode = "accept"
	RefuseNow Mode = "refuse_now" // every recipient is refused for the moment (451)
	Refuse    Mode = "refuse"     // every recipient is refused for good (550)
	Slow      Mode = "slow"       // no recipient is answered before the mode changes
	Down      Mode = "down"       // the port is closed
)

const (
	keep    = 2000    // messages; older ones are dropped
	maxSize = 4 << 20 // bytes of a message
)

// Mailbox is a running server.
type Mailbox struct {
	address string
	port    int

	mu       sync.Mutex
	listener net.Listener
	server   *smtp.Server // nil while down
	mode     Mode
	turned   chan struct{} // closed and replaced when the mode changes
	arrived  chan struct{} // closed and replaced when a message arrives
	messages []Message     // oldest first
	unknown  []string      // addresses that are refused for good
	next     int
}

// Start serves SMTP without TLS on a free port of 127.0.0.1.
func Start() (*Mailbox, error) {
	b := &Mailbox{mode: Accept, turned: make(chan struct{}), arrived: make(chan struct{})}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	b.address, b.port = l.Addr().String(), l.Addr().(*net.TCPAddr).Port //nolint:errcheck // ends with Close
	b.serve(l)
	return b, nil
}

// Addr is host:port of the SMTP server; it stays the same when the server was down.
func (b *Mailbox) Addr() string { return b.address }

// Port is the server's port on 127.0.0.1.
func (b *Mailbox) Port() int { return b.port }

func (b *Mailbox) serve(l net.Listener) {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }))
	s.Domain = "mailbox.localhost"
	s.MaxMessageBytes = maxSize
	s.MaxRecipients = 10
	s.ReadTimeout = time.Minute
	s.EnableSMTPUTF8 = true
	s.ErrorLog = log.New(io.Discard, "", 0) // it would print addresses
	b.listener, b.server = l, s
	go func() {
		_ = s.Serve(l) //nolint:errcheck // ends with Close
	}()
}

// SetMode changes the behaviour for commands from now on. Going Down ends all connections; leaving it fails when another process
// has taken the port.
func (b *Mailbox) SetMode(m Mode) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.turned)
	b.turned = make(chan struct{})
	b.mode = m
	if m == Down {
		return b.shut()
	}
	if b.server == nil {
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", b.address)
		if err != nil {
			return fmt.Errorf("mailbox: %w", err)
		}
		b.serve(l)
	}
	return nil
}

// Close ends the server; the messages stay readable.
func (b *Mailbox) Close() error { return b.SetMode(Down) }

func (b *Mailbox) shut() error {
	if b.server == nil {
		return nil
	}
	err := errors.Join(b.listener.Close(), b.server.Close())
	b.server = nil
	if errors.Is(err, net.ErrClosed) || errors.Is(err, smtp.ErrServerClosed) {
		return nil // each of the two closes the listener
	}
	return err
}

// behaviour is the mode, and a channel that is closed when it changes.
func (b *Mailbox) behaviour() (Mode, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mode, b.turned
}

// SetUnknown names the addresses that have no mailbox here, from now on: they are refused for good, whatever the mode.
func (b *Mailbox) SetUnknown(addresses ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unknown = addresses
}

func (b *Mailbox) knows(address string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !slices.Contains(b.unknown, address)
}

func (b *Mailbox) add(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	m.ID = b.next
	if len(b.messages) == keep {
		b.messages = slices.Delete(b.messages, 0, 1)
	}
	b.messages = append(b.messages, m)
	close(b.arrived)
	b.arrived = make(chan struct{})
}

// Messages are those kept, oldest first; to limits them to one recipient, in any case, when it is not empty.
func (b *Mailbox) Messages(to string) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Message
	for _, m := range b.messages {
		if to == "" || m.For(to) {
			list = append(list, m)
		}
	}
	return list
}

// Message is one of those kept.
func (b *Mailbox) Message(id int) (Message, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.messages, func(m Message) bool { return m.ID == id })
	if i < 0 {
		return Message{}, false
	}
	return b.messages[i], true
}

// Wait returns the oldest message that matches, at once when it is there already. It fails when ctx ends, with its error.
func (b *Mailbox) Wait(ctx context.Context, match func(Message) bool) (Message, error) {
	seen := 0
	for {
		b.mu.Lock()
		arrived := b.arrived
		fresh := slices.DeleteFunc(slices.Clone(b.messages), func(m Message) bool { return m.ID <= seen })
		b.mu.Unlock()
		for _, m := range fresh {
			if match(m) {
				return m, nil
			}
			seen = m.ID
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("mailbox: wait for a message: %w", ctx.Err())
		}
	}
}

// session is one SMTP dialogue.
type session struct {
	box  *Mailbox
	from string
	to   []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from, s.to = from, nil
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	for {
		mode, turned := s.box.behaviour()
		switch mode {
		case RefuseNow:
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Try again later"}
		case Refuse:
			return noMailbox(to)
		case Down:
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down"}
		case Slow:
			<-turned
			continue
		case Accept:
		}
		if !s.box.knows(to) {
			return noMailbox(to)
		}
		s.to = append(s.to, to)
		return nil
	}
}

// noMailbox is what real servers say: they repeat the address, and whoever logs this leaks it.
func noMailbox(to string) error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<" + to + ">: no such mailbox"}
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Not a mail message"}
	}
	m.From, m.To = s.from, slices.Clone(s.to)
	s.box.add(m)
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

// For reports whether the message went to the address, in any case.
func (m Message) For(address string) bool {
	return slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, address) })
}
