package sample

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"habeas/cmd/internal/devserver/mailbox"
)

// Options of the simulated recipients.
type Options struct {
	LateAfter time.Duration // how long the late one takes; 0 is three seconds
}

// Answered is one notice that a recipient has answered, or failed to.
type Answered struct {
	Slug string
	At   time.Time
	Err  error // nil when the answer was taken
}

// Simulators read the recipients' mail, take the webhook and answer notices as people would: by opening the link and sending the
// form on its page.
type Simulators struct {
	company *Company
	box     *mailbox.Mailbox
	options Options
	server  *http.Server
	address string
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	taken    map[string]bool // links that were answered or are being answered
	answered []Answered
	changed  chan struct{} // closed and replaced with each answer
}

// StartRecipients starts all recipients of the company; they stop when ctx ends or Close is called.
func (c *Company) StartRecipients(ctx context.Context, box *mailbox.Mailbox, o Options) (*Simulators, error) {
	if o.LateAfter == 0 {
		o.LateAfter = 3 * time.Second
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Simulators{
		company: c, box: box, options: o, address: l.Addr().String(), cancel: cancel, taken: map[string]bool{}, changed: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /privacy", func(w http.ResponseWriter, r *http.Request) { s.receive(ctx, w, r) })
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.running.Go(func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.record(Answered{Slug: "webhook", Err: err})
		}
	})
	for _, r := range c.Recipients(s.WebhookURL()) {
		if r.Channel == "mail" {
			s.running.Go(func() { s.read(ctx, r) })
		}
	}
	return s, nil
}

// WebhookURL is where the recipient with a webhook listens.
func (s *Simulators) WebhookURL() string { return "http://" + s.address + "/privacy" }

// WebhookHost is host:port of the webhook, for the list of hosts inside the network that may be called.
func (s *Simulators) WebhookHost() string { return s.address }

// Close stops all recipients and waits until they have stopped.
func (s *Simulators) Close() error {
	s.cancel()
	patience, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	err := s.server.Shutdown(patience) // waits for handlers, which start answers
	s.running.Wait()
	return err
}

// Answered are the notices answered so far, in order.
func (s *Simulators) Answered() []Answered {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.answered)
}

// Wait returns when n notices have been answered; it fails with the first failed answer, or with ctx's error.
func (s *Simulators) Wait(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		done, changed := slices.Clone(s.answered), s.changed
		s.mu.Unlock()
		for _, a := range done {
			if a.Err != nil {
				return fmt.Errorf("recipient %s: %w", a.Slug, a.Err)
			}
		}
		if len(done) >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d notices answered: %w", len(done), n, ctx.Err())
		}
	}
}

func (s *Simulators) record(a Answered) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.At = time.Now().UTC()
	s.answered = append(s.answered, a)
	close(s.changed)
	s.changed = make(chan struct{})
}

// take reports whether nobody has answered the link yet, and claims it.
func (s *Simulators) take(link string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[link] {
		return false
	}
	s.taken[link] = true
	return true
}

// read is the life of a recipient with a mailbox.
func (s *Simulators) read(ctx context.Context, r Recipient) {
	last, seen := 0, map[string]bool{}
	for {
		m, err := s.box.Wait(ctx, func(m mailbox.Message) bool { return m.ID > last && m.For(r.Address.Reveal()) })
		if err != nil {
			return
		}
		last = m.ID
		i := slices.IndexFunc(m.Links(), func(l string) bool { return strings.Contains(l, "/notices/") })
		if i < 0 {
			continue
		}
		link := m.Links()[i]
		if r.Behaviour == AfterReminder && !seen[link] {
			seen[link] = true
			continue
		}
		s.running.Go(func() { s.answer(ctx, r, link) })
	}
}

// receive takes a signed webhook: https://www.standardwebhooks.com.
func (s *Simulators) receive(ctx context.Context, w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 64<<10))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	hook, err := standardwebhooks.NewWebhook(webhookSecret)
	// The clock of the demo may be moved, so the age of the message says nothing here; a real recipient must look at it.
	if err != nil || hook.VerifyIgnoringTimestamp(body, req.Header) != nil {
		http.Error(w, "bad signature", http.StatusUnauthorized)
		return
	}
	var notice struct {
		Data struct {
			AcknowledgeURL string `json:"acknowledge_url"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &notice) != nil || notice.Data.AcknowledgeURL == "" {
		http.Error(w, "not a notice", http.StatusBadRequest)
		return
	}
	for _, r := range s.company.Recipients(s.WebhookURL()) {
		if r.Behaviour == ByWebhook {
			s.running.Go(func() { s.answer(ctx, r, notice.Data.AcknowledgeURL) })
		}
	}
	w.WriteHeader(http.StatusAccepted)
}

// answer follows a link once. Whoever sent it may be restarting, so it is tried for a while.
func (s *Simulators) answer(ctx context.Context, r Recipient, link string) {
	if !s.take(link) {
		return
	}
	if r.Behaviour == Late && !pause(ctx, s.options.LateAfter) {
		return
	}
	var err error
	for range 20 {
		if err = followNotice(ctx, link, r.Answer, r.Note); err == nil || errors.Is(err, errRefused) || !pause(ctx, 300*time.Millisecond) {
			break
		}
	}
	if ctx.Err() == nil {
		s.record(Answered{Slug: r.Slug, Err: err})
	}
}

// pause waits; false when ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
