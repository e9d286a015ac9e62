package e2e_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/store"
)

// manner is how a recipient takes its notices.
type manner string

const (
	atOnce        manner = "at-once"
	afterReminder manner = "after-reminder" // answers the second message
	twiceOver     manner = "twice"          // sends its answer a second time
	wrongLink     manner = "wrong-link"     // tries links that are none of its own first
	declining     manner = "declining"
	silent        manner = "silent"
	unknown       manner = "unknown" // its mail server knows no such mailbox
	moved         manner = "moved"   // likewise, until the DPO corrects the address
	faulty        manner = "faulty"  // its server fails twice with 500
	hanging       manner = "hanging" // its server hangs once
	redirecting   manner = "redirecting"
	garbled       manner = "garbled" // answers 200 with an error
	flooding      manner = "flooding"
	slow          manner = "slow"   // answers the notice before it answers the call
	absent        manner = "absent" // nobody listens at its address
	done          manner = "done"   // a processor that completes
	unproved      manner = "unproved"
	cancelling    manner = "cancelling"
	byHand        manner = "by-hand"
)

// waived are those for whom only the DPO can end it.
func (m manner) waived() bool {
	switch m {
	case declining, silent, unknown, absent, cancelling:
		return true
	}
	return false
}

const recipientSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// notified are the recipients of one erasure, each in its own manner, and what they have got.
type notified struct {
	*production
	hooks  *httptest.Server
	inside *httptest.Server // nobody may be led there

	mu      sync.Mutex
	manners map[string]manner         // by slug
	got     map[string]map[string]int // by slug: how often each message came, by its identifier
	began   map[string]time.Time      // by slug: when the first message came
	digests map[string][32]byte       // by identifier
	calls   map[string]int            // of a webhook, those that failed too
	quick   map[string]bool           // by slug: has answered before a reminder was due
	faults  []error
	running sync.WaitGroup
	stop    context.CancelFunc // of those that never end by themselves
}

func newNotified(t *testing.T) *notified {
	t.Helper()
	n := &notified{
		manners: map[string]manner{}, got: map[string]map[string]int{}, began: map[string]time.Time{}, digests: map[string][32]byte{}, calls: map[string]int{},
		quick: map[string]bool{},
	}
	n.hooks, n.inside = httptest.NewServer(http.HandlerFunc(n.hook)), httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n.fault(errors.New("a redirect was followed to " + r.URL.Path))
	}))
	t.Cleanup(n.hooks.Close)
	t.Cleanup(n.inside.Close)
	return n
}

func (n *notified) fault(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = append(n.faults, err)
}

// enter puts a recipient into the register.
func (n *notified) enter(t *testing.T, channel store.RecipientChannel, as manner, no int, address string) {
	t.Helper()
	slug := fmt.Sprintf("%s-%s-%d", channel, as, no)
	r := store.Recipient{
		Slug: slug, Name: "Recipient " + slug, Channel: channel, Address: models.Personal(address), Categories: []string{"user.contact.email"}, Country: "IE",
		Purpose: "Tests", ReminderAfter: reminded,
	}
	if channel == store.ChannelWebhook {
		r.Secret = recipientSecret
	}
	_, err := n.store.PutRecipient(within(t), r)
	require.NoError(t, err)
	n.manners[slug] = as
}

// take notes that a message came and says how many different ones there were. A message that comes again must be the same.
func (n *notified) take(slug, id string, body []byte) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.got[slug] == nil {
		n.got[slug], n.began[slug] = map[string]int{}, time.Now()
	}
	digest := sha256.Sum256(body)
	if known, ok := n.digests[id]; ok && known != digest {
		n.faults = append(n.faults, fmt.Errorf("%s got two messages under one identifier", slug))
	}
	n.digests[id] = digest
	n.got[slug][id]++
	return len(n.got[slug])
}

// messages are the identifiers of the messages that a recipient got.
func (n *notified) messages(slug string) map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[string]int{}
	for id, times := range n.got[slug] {
		out[id] = times
	}
	return out
}

const recipientDomain = "@recipients.example"

// read takes the recipients' mail until ctx ends.
func (n *notified) read(ctx context.Context, box *mailbox.Mailbox) {
	last := 0
	for {
		m, err := box.Wait(ctx, func(m mailbox.Message) bool { return m.ID > last && strings.HasSuffix(m.To[0], recipientDomain) })
		if err != nil {
			return
		}
		last = m.ID
		slug := strings.TrimSuffix(strings.TrimPrefix(m.To[0], "new-"), recipientDomain)
		for _, link := range m.Links() {
			if strings.Contains(link, "/notices/") {
				n.answerAsItDoes(ctx, slug, n.take(slug, m.MessageID, []byte(m.Text)), link)
			}
		}
	}
}

// hook is all webhooks of the recipients, by path. Each verifies what it gets with the official library, as the text of Standard Webhooks asks.
func (n *notified) hook(w http.ResponseWriter, r *http.Request) {
	slug := strings.TrimPrefix(r.URL.Path, "/")
	body, err := io.ReadAll(r.Body)
	verifier, broken := standardwebhooks.NewWebhook(recipientSecret)
	var message struct {
		Data struct {
			Link string `json:"acknowledge_url"`
		}
	}
	if err := errors.Join(err, broken); err != nil {
		n.fault(err)
		return
	}
	if err := errors.Join(verifier.Verify(body, r.Header), json.Unmarshal(body, &message)); err != nil {
		n.fault(err)
		return
	}
	n.mu.Lock()
	n.calls[slug]++
	call, as := n.calls[slug], n.manners[slug]
	n.mu.Unlock()
	switch {
	case as == faulty && call <= 2:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case as == hanging && call == 1:
		<-r.Context().Done()
		return
	case as == redirecting && call <= 2:
		http.Redirect(w, r, n.inside.URL+"/secrets", http.StatusTemporaryRedirect)
		return
	}
	nth := n.take(slug, r.Header.Get(standardwebhooks.HeaderWebhookID), body)
	switch as {
	case garbled:
		_, _ = io.WriteString(w, `{"error": "we could not do that"}`)
	case flooding:
		_, _ = w.Write(make([]byte, 10<<20))
	default: // 200 and nothing else
	}
	n.answerAsItDoes(context.WithoutCancel(r.Context()), slug, nth, message.Data.Link)
	if as == slow || as == afterReminder { // long enough to be killed in the middle
		select {
		case <-r.Context().Done():
		case <-time.After(time.Second):
		}
	}
}

// answerAsItDoes follows the link of the nth different message, or does not.
func (n *notified) answerAsItDoes(ctx context.Context, slug string, nth int, link string) {
	n.mu.Lock()
	as := n.manners[slug]
	n.mu.Unlock()
	switch {
	case as == silent, as == garbled && nth < 2, as == afterReminder && nth < 2:
		return
	}
	n.running.Go(func() {
		if err := n.answer(ctx, as, link); err != nil {
			n.fault(fmt.Errorf("%s: %w", slug, err))
			return
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		if time.Since(n.began[slug]) < reminded {
			n.quick[slug] = true
		}
	})
}

func (n *notified) answer(ctx context.Context, as manner, link string) error {
	answers := url.Values{"answer": {"erased"}}
	if as == declining {
		answers = url.Values{"answer": {"declined"}, "note": {"We are a controller of our own."}}
	}
	path := strings.TrimPrefix(link, n.public.Base)
	if as == wrongLink {
		for _, wrong := range []string{path[:len(path)-1], path + "A", "/notices/" + strings.Repeat("A", 43)} {
			if err := expectStatus(n.send(ctx, wrong, answers), http.StatusNotFound); err != nil {
				return err
			}
		}
	}
	err := n.send(ctx, path, answers)
	if problem, ok := errors.AsType[*actor.Problem](err); ok && problem.Status == http.StatusConflict {
		return nil // a message that came again
	}
	if err == nil && as == twiceOver {
		return expectStatus(n.send(ctx, path, url.Values{"answer": {"not_held"}}), http.StatusConflict)
	}
	return err
}

func (n *notified) send(ctx context.Context, path string, answers url.Values) error {
	_, err := n.public.Form(ctx, path, answers)
	return err
}

func expectStatus(err error, status int) error {
	if problem, ok := errors.AsType[*actor.Problem](err); ok && problem.Status == status {
		return nil
	}
	return fmt.Errorf("instead of status %d: %w", status, errors.Join(err, errors.New("an answer")))
}

// processor is a recipient that speaks OpenDSR: the settings of its system, and what it does once it is asked.
func (n *notified) processor(t *testing.T, as manner) (settings map[string]any, play func(context.Context)) {
	t.Helper()
	p, err := opendsrtest.New("ads.example")
	require.NoError(t, err)
	if as == unproved { // its first answers carry another's signature
		wrong := 0
		p.Alter = func(h http.Header, body []byte) []byte {
			if wrong++; wrong <= 2 {
				h.Set(opendsr.HeaderSignature, "AAAA"+h.Get(opendsr.HeaderSignature)[4:])
			}
			return body
		}
	}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return map[string]any{"kind": "opendsr", "dsn": p.Token, "settings": map[string]any{
		"url": server.URL + "/v2", "domain": p.Domain, "auth": map[string]any{"kind": "bearer"}, "ca_file": writeFile(t, "ca.pem", p.Authority.PEM()),
		"private": []string{hostOf(t, server.URL)}, "identities": map[string]any{"email": map[string]any{"type": "email"}},
	}}, func(ctx context.Context) {
		status := opendsr.Completed
		if as == cancelling {
			status = opendsr.Cancelled
		}
		for ctx.Err() == nil {
			asked, _ := p.Asked()
			for id := range asked {
				p.Set(id, status, nil)
			}
			if len(asked) > 1 {
				n.fault(errors.New("a processor was asked for more than one erasure"))
			}
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}
