package mailbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"habeas/cmd/internal/devserver/mailbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *mailbox.Mailbox {
	t.Helper()
	b, err := mailbox.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func send(b *mailbox.Mailbox, to, subject, text, html string) error {
	body := fmt.Sprintf("From: a@example.com\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n"+
		"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n%s\r\n--b--\r\n", to, subject, text, html)
	return smtp.SendMail(b.Addr(), nil, "a@example.com", []string{to}, []byte(body))
}

func TestAMessageIsKeptAsItArrived(t *testing.T) {
	t.Parallel()
	b := start(t)
	require.NoError(t, send(b, "Mara@example.com", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Open\r\nhttps://x.example/verify/abc?d=1\r\n1234-5678\r\n", "<p>Open</p>"))
	list := b.Messages("mara@EXAMPLE.com")
	require.Len(t, list, 1)
	m := list[0]
	require.Equal(t, "Grüße", m.Subject)
	require.Equal(t, "1@example.com", m.MessageID)
	require.Equal(t, []string{"Mara@example.com"}, m.To)
	require.Equal(t, []string{"https://x.example/verify/abc?d=1"}, m.Links())
	require.Equal(t, "1234-5678", m.Code())
	require.Equal(t, "<p>Open</p>", m.HTML)
	require.Empty(t, b.Messages("other@example.com"))
}

func TestWaitSeesMessagesOfThePastAndTheFuture(t *testing.T) {
	t.Parallel()
	b := start(t)
	require.NoError(t, send(b, "a@example.com", "first", "x", "x"))
	got, err := b.Wait(t.Context(), func(m mailbox.Message) bool { return m.Subject == "first" })
	require.NoError(t, err)
	require.Equal(t, 1, got.ID)

	waiting := make(chan struct{})
	found := make(chan mailbox.Message, 1)
	go func() {
		first := true
		m, err := b.Wait(context.Background(), func(m mailbox.Message) bool {
			if first {
				close(waiting)
				first = false
			}
			return m.Subject == "third"
		})
		if err == nil {
			found <- m
		}
		close(found)
	}()
	<-waiting
	require.NoError(t, send(b, "a@example.com", "second", "x", "x"))
	require.NoError(t, send(b, "a@example.com", "third", "x", "x"))
	require.Equal(t, 3, (<-found).ID)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := start(t).Wait(ctx, func(mailbox.Message) bool { return true })
	require.ErrorIs(t, err, context.Canceled)
}

func TestFailureModes(t *testing.T) {
	t.Parallel()
	b := start(t)
	for mode, want := range map[mailbox.Mode]string{mailbox.RefuseNow: "451", mailbox.Refuse: "550", mailbox.Down: "refused"} {
		require.NoError(t, b.SetMode(mode))
		require.ErrorContains(t, send(b, "a@example.com", "s", "x", "x"), want)
	}
	require.NoError(t, b.SetMode(mailbox.Slow))
	sent := make(chan error, 1)
	go func() { sent <- send(b, "a@example.com", "late", "x", "x") }()
	select {
	case <-sent:
		t.Fatal("a slow server answered")
	default:
	}
	require.NoError(t, b.SetMode(mailbox.Accept))
	require.NoError(t, <-sent)
	require.Len(t, b.Messages(""), 1)
}

func TestTheOldestMessagesAreDropped(t *testing.T) {
	t.Parallel()
	b := start(t)
	c, err := smtp.Dial(b.Addr())
	require.NoError(t, err)
	for i := range 2003 {
		require.NoError(t, c.Mail("a@example.com"))
		require.NoError(t, c.Rcpt("b@example.com"))
		w, err := c.Data()
		require.NoError(t, err)
		_, err = fmt.Fprintf(w, "Subject: %d\r\n\r\nx\r\n", i)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	require.NoError(t, c.Quit())
	list := b.Messages("")
	require.Len(t, list, 2000)
	require.Equal(t, "3", list[0].Subject)
	_, ok := b.Message(1)
	require.False(t, ok)
}

func TestThePageEscapesWhatStrangersWrote(t *testing.T) {
	t.Parallel()
	b := start(t)
	attack := `<script>alert(1)</script>`
	require.NoError(t, send(b, "a@example.com", attack, attack, attack))
	page := httptest.NewServer(http.StripPrefix("/mail", b.Handler()))
	t.Cleanup(page.Close)
	get := func(path string) (*http.Response, string) {
		r, err := page.Client().Get(page.URL + "/mail" + path)
		require.NoError(t, err)
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		return r, string(body)
	}
	for _, path := range []string{"/", "/?to=a@example.com", "/messages/1", "/messages/1/html"} {
		r, body := get(path)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		require.NotContains(t, body, "<script>", path)
		require.Contains(t, body, "&lt;script&gt;", path)
	}
	r, body := get("/messages/1/body")
	require.Contains(t, body, attack)
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "sandbox")
	r, _ = get("/messages/1/raw")
	require.Equal(t, "text/plain; charset=utf-8", r.Header.Get("Content-Type"))
	r, _ = get("/messages/99")
	require.Equal(t, http.StatusNotFound, r.StatusCode)

	var list struct{ Messages []mailbox.Message }
	_, body = get("/api/messages?to=A@example.com")
	require.NoError(t, json.NewDecoder(strings.NewReader(body)).Decode(&list))
	require.Len(t, list.Messages, 1)
	_, body = get("/api/messages?to=nobody@example.com")
	require.JSONEq(t, `{"messages":[]}`, body)
}
