package sample_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/devserver/mailbox"
	"habeas/cmd/internal/devserver/sample"
)

// office is the page of notices as Habeas serves it: a form that needs a cookie and its hidden field.
type office struct {
	*httptest.Server
	mu     sync.Mutex
	got    map[string]url.Values // by token
	faults int                   // answers with 503 so often
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{got: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /notices/{token}", func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.faults > 0 {
			o.faults--
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "c", Value: "1", Path: "/"})
		if o.got[r.PathValue("token")] != nil {
			fmt.Fprint(w, "<p>Already answered.</p>")
			return
		}
		fmt.Fprintf(w, `<form method="get" action="/search"><input name="q"></form><form method="post" action="%s"><input type="hidden" name="csrf" value="x&amp;y">
<input type="radio" name="answer" value="erased"><input type="radio" name="answer" value="retained_by_law"><textarea name="note"></textarea></form>`, r.URL.Path)
	})
	mux.HandleFunc("POST /notices/{token}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("c"); err != nil || r.FormValue("csrf") != "x&y" || r.Header.Get("Origin") != o.URL {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.got[r.PathValue("token")] != nil {
			http.Error(w, "twice", http.StatusConflict)
			return
		}
		o.got[r.PathValue("token")] = r.PostForm
	})
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

func recipients(t *testing.T) (*mailbox.Mailbox, *sample.Simulators) {
	t.Helper()
	box, err := mailbox.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, box.Close()) })
	s, err := (&sample.Company{}).StartRecipients(t.Context(), box, sample.Options{LateAfter: time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return box, s
}

func mailNotice(t *testing.T, box *mailbox.Mailbox, r sample.Recipient, link string) {
	t.Helper()
	body := "Subject: Notice\r\n\r\nPlease answer:\r\n" + link + "\r\n"
	require.NoError(t, smtp.SendMail(box.Addr(), nil, "a@nordkai.example", []string{r.Address.Reveal()}, []byte(body)))
}

func TestRecipientsAnswerEachInItsWay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.faults = 1
	box, s := recipients(t)
	list := (&sample.Company{}).Recipients(s.WebhookURL())
	require.Len(t, list, 5)
	for _, r := range list {
		if r.Channel == "mail" {
			mailNotice(t, box, r, o.URL+"/notices/"+r.Slug)
			continue
		}
		require.Equal(t, http.StatusAccepted, post(t, s, r, o.URL+"/notices/"+r.Slug, true))
	}
	require.NoError(t, s.Wait(t.Context(), 4))
	o.mu.Lock()
	require.NotContains(t, o.got, "pacific-gate", "it waits for the reminder")
	require.Equal(t, "retained_by_law", o.got["meridian-customs"].Get("answer"))
	require.NotEmpty(t, o.got["meridian-customs"].Get("note"))
	o.mu.Unlock()

	for _, r := range list { // reminders; what was answered is not answered again
		if r.Channel == "mail" {
			mailNotice(t, box, r, o.URL+"/notices/"+r.Slug)
		}
	}
	require.NoError(t, s.Wait(t.Context(), 5))
	require.Len(t, s.Answered(), 5)
	require.Equal(t, "erased", o.got["pacific-gate"].Get("answer"))
}

// post sends a notice to the webhook and gives the status.
func post(t *testing.T, s *sample.Simulators, r sample.Recipient, link string, signed bool) int {
	t.Helper()
	body := []byte(fmt.Sprintf(`{"type":"erasure.notice","data":{"acknowledge_url":%q}}`, link))
	hook, err := standardwebhooks.NewWebhook(r.Secret)
	require.NoError(t, err)
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC) // the demo's clock may be moved
	signature, err := hook.Sign("notice-1", at, body)
	require.NoError(t, err)
	if !signed {
		body = bytes.Replace(body, []byte("notice"), []byte("notlce"), 1)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.WebhookURL(), bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set(standardwebhooks.HeaderWebhookID, "notice-1")
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func TestAWebhookThatWasChangedOnItsWayIsRefused(t *testing.T) {
	t.Parallel()
	_, s := recipients(t)
	require.Contains(t, s.WebhookURL(), s.WebhookHost())
	for _, r := range (&sample.Company{}).Recipients(s.WebhookURL()) {
		if r.Channel == "webhook" {
			require.True(t, strings.HasPrefix(r.Secret, "whsec_"))
			require.Equal(t, http.StatusUnauthorized, post(t, s, r, "http://127.0.0.1:1/notices/x", false))
		}
	}
	require.Empty(t, s.Answered())
}

func TestAnAnswerThatIsRefusedIsReported(t *testing.T) {
	t.Parallel()
	box, s := recipients(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(gone.Close)
	mailNotice(t, box, (&sample.Company{}).Recipients("")[0], gone.URL+"/notices/x")
	require.ErrorContains(t, s.Wait(t.Context(), 1), "status 404")
}
