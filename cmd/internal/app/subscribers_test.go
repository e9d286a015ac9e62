package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/app"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/subprocessor"
)

// telling is an App that writes to subscribers, its mail server and its pages.
func telling(t *testing.T) (*app.App, *mailbox.Mailbox, *httptest.Server) {
	t.Helper()
	box, err := mailbox.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = box.Close() })
	c := live(t, "SELECT 1")
	c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS = "127.0.0.1", box.Port(), "none"
	a, _, err := build(t, c)
	require.NoError(t, err)
	_, err = a.Store.PutController(t.Context(), request.Controller{
		Slug: "northwind", Name: "Northwind", Operator: true, Regime: "EU_GDPR", Timezone: "Europe/Brussels", Country: "BE", ContactEmail: "a@northwind.example",
	})
	require.NoError(t, err)
	handler, err := a.Handler()
	require.NoError(t, err)
	pages := httptest.NewServer(handler)
	t.Cleanup(pages.Close)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = a.TellSubscribers(ctx) })
	t.Cleanup(func() {
		stop()
		group.Wait()
	})
	return a, box, pages
}

// press posts to a page as a mail program does: without a cookie and without an origin.
func press(t *testing.T, pages *httptest.Server, path string, form url.Values) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, pages.URL+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := pages.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
}

func announce(t *testing.T, s *store.Store, slug string) {
	t.Helper()
	dpo := models.Actor{Role: models.RoleDPO, ID: models.ID{7}}
	c, err := s.DraftChange(t.Context(), subprocessor.Event{
		Actor: dpo, Words: subprocessor.Words{Reason: "not for the public", Address: models.Personal("privacy@" + slug + ".example")},
		Facts: subprocessor.Facts{Proposal: &subprocessor.Proposal{Sort: subprocessor.Add, Slug: slug, Name: "Post " + slug, Country: "NO", Purposes: []string{"letters"}, Categories: []string{"user.contact"}}},
	})
	require.NoError(t, err)
	_, err = s.NoteChange(t.Context(), c.ID, 0, subprocessor.Event{Kind: subprocessor.Announced, Actor: dpo})
	require.NoError(t, err)
}

func TestASubscriberConfirmsByMailHearsOfEachChangeOnceAndLeavesByOneCall(t *testing.T) {
	t.Parallel()
	a, box, pages := telling(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	wait := func(subject string) mailbox.Message {
		t.Helper()
		m, err := box.Wait(ctx, func(m mailbox.Message) bool {
			return m.For("reader@reader.example") && strings.Contains(m.Subject, subject)
		})
		require.NoError(t, err)
		return m
	}
	path := func(link string) string { return link[strings.Index(link, "/trust/"):] }
	press(t, pages, "/trust/subscribe", url.Values{"email": {"reader@reader.example"}})
	press(t, pages, path(wait("Confirm").Links()[0]), nil)
	require.NoError(t, box.SetMode(mailbox.Down))
	announce(t, a.Store, "one")
	require.NoError(t, box.SetMode(mailbox.Accept))
	first := wait("Post one")
	require.NotContains(t, first.Text, "not for the public")
	require.Contains(t, first.Text, "Norway")
	links := first.Links()
	leave := path(links[len(links)-1])
	require.Contains(t, leave, "/trust/unsubscribe/")
	announce(t, a.Store, "two")
	wait("Post two")
	require.Len(t, box.Messages("reader@reader.example"), 3, "each once")

	press(t, pages, leave, url.Values{"List-Unsubscribe": {"One-Click"}})
	announce(t, a.Store, "three")
	press(t, pages, "/trust/subscribe", url.Values{"email": {"reader@reader.example"}})
	_, err := box.Wait(ctx, func(mailbox.Message) bool { return len(box.Messages("reader@reader.example")) == 4 })
	require.NoError(t, err)
	for _, m := range box.Messages("reader@reader.example") {
		require.NotContains(t, m.Subject, "Post three")
	}
}
