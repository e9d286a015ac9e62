package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/recipient"
	"habeas/models/request"
	"habeas/models/store"
)

// asked subscribes an address and gives the mail that waits for it.
func (b *bundle) asked(t *testing.T, address string) store.SubscriberMail {
	t.Helper()
	require.Equal(t, "/trust/subscribed", in(t, b.post(b.client, "/trust/subscribe", url.Values{"email": {address}})))
	mails, err := b.ClaimSubscriberMails(t.Context(), 10, time.Hour)
	require.NoError(t, err)
	require.Len(t, mails, 1)
	return mails[0]
}

func TestAReaderSubscribesByTwoStepsAndLeavesByOneCall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bad := b.post(b.client, "/trust/subscribe", url.Values{"email": {"nobody" + nasty}})
	require.Equal(t, http.StatusBadRequest, bad.status)
	require.Contains(t, bad.body, "Enter an e-mail address")
	require.Contains(t, bad.body, `value="nobody&lt;script&gt;`, "what was typed is there")
	require.Equal(t, http.StatusBadRequest, b.post(b.client, "/trust/subscribe", url.Values{"email": {"a@reader.example"}, "website": {"x"}}).status)

	mail := b.asked(t, "a@reader.example")
	link := "/trust/subscribe/" + mail.Confirm
	for range 2 {
		require.Contains(t, b.get(b.client, link).body, "Confirm your address", "looking changes nothing")
	}
	for range 2 {
		a := b.post(b.client, link, nil)
		require.Equal(t, http.StatusOK, a.status)
		require.Contains(t, a.body, "Your address is confirmed")
	}
	again := b.post(b.client, "/trust/subscribe", url.Values{"email": {"a@reader.example"}})
	require.Equal(t, "/trust/subscribed", in(t, again), "the same answer")

	leave := "/trust/unsubscribe/" + mail.Leave
	require.Contains(t, b.get(b.client, leave).body, "End the mails")
	forged := b.post(b.client, "/trust/unsubscribe/"+strings.Repeat("A", 43), url.Values{"List-Unsubscribe": {"One-Click"}})
	require.Equal(t, http.StatusOK, forged.status)
	n, err := b.Subscribers(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n, "looking and guessing end nothing")
	for range 2 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+leave, strings.NewReader("List-Unsubscribe=One-Click"))
		require.NoError(t, err)
		r.Header.Set("Origin", "https://mail.example")
		a := b.do(b.client, r)
		require.Equal(t, http.StatusOK, a.status)
		require.Empty(t, a.header.Get("Set-Cookie"))
	}
	n, err = b.Subscribers(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	require.Contains(t, b.get(b.client, leave).body, "no further mail")
	require.Equal(t, http.StatusNotFound, b.post(b.client, link, nil).status, "the address is gone, and its link with it")
	require.NotContains(t, b.log.String(), "reader.example")
	require.NotContains(t, b.log.String(), mail.Leave)
}

func TestALinkThatHasExpiredConfirmsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mail := b.asked(t, "a@reader.example")
	b.clock(49 * time.Hour)
	a := b.post(b.client, "/trust/subscribe/"+mail.Confirm, nil)
	require.Equal(t, http.StatusNotFound, a.status)
	require.Contains(t, a.body, "not valid any more")
	n, err := b.Subscribers(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestSubscribingIsLimitedByAddressAndLeavingIsNot(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.PostsPerMinute = 2 })
	status := 0
	for range 3 {
		status = b.post(b.client, "/trust/subscribe", url.Values{"email": {"a@reader.example"}}).status
	}
	require.Equal(t, http.StatusTooManyRequests, status)
	for range 5 {
		require.Equal(t, http.StatusOK, b.post(b.client, "/trust/unsubscribe/x", nil).status, "a mail provider calls for many readers")
	}
}

func TestThePublicListIsFilteredWithoutScripts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for slug, f := range map[string]store.Recipient{
		"carrier": {Country: "EE", Categories: []string{"user.contact"}, Facts: recipient.Facts{Purposes: []string{"transport"}, LegalName: "Carrier OÜ"}},
		"mailer":  {Country: "US", Categories: []string{"user.contact.email"}, Facts: recipient.Facts{Purposes: []string{"mail", "bounces"}}},
		"host":    {Country: "DE", Categories: []string{"user.financial"}, Facts: recipient.Facts{Purposes: []string{"hosting"}}},
	} {
		f.Slug, f.Name, f.Channel, f.Address, f.ReminderAfter, f.Facts.Subprocessor = slug, "The "+slug, store.ChannelMail, "x@y.example", time.Hour, true
		_, err := b.PutRecipient(t.Context(), f)
		require.NoError(t, err)
	}
	for query, want := range map[string]string{
		"": "carrier host mailer", "country=US": "mailer", "purpose=hosting": "host", "category=user.contact": "carrier mailer", "category=user.contact.email": "carrier mailer",
		"q=estonia": "carrier", "q=carrier+o%C3%BC": "carrier", "country=US&purpose=hosting": "", "country=XX": "", "q=%3Cscript%3E": "",
	} {
		page := b.get(b.client, "/trust?"+query)
		require.Equal(t, http.StatusOK, page.status)
		var got []string
		for _, slug := range []string{"carrier", "host", "mailer"} {
			if strings.Contains(page.body, "<h3>The "+slug+"</h3>") {
				got = append(got, slug)
			}
		}
		require.Equal(t, want, strings.Join(got, " "), query)
		require.Equal(t, want == "", strings.Contains(page.body, "No subprocessor fits"), query)
		require.NotContains(t, page.body, "<script")
	}
	require.Contains(t, b.get(b.client, "/trust?country=US").body, `<option value="US" selected>United States</option>`)
}

func TestTheServiceIsShownByPartsAndOnlyPublicNamesOfSystemsAre(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) {
		d.PublicSystems = map[string]string{"erp_db": "Shipment tracking", "erp_files": "Shipment tracking", "crm": "Customer service"}
	})
	page := b.get(b.client, "/trust").body
	require.Contains(t, page, "not checked yet")
	require.NotContains(t, page, "Other connected systems")
	for name, code := range map[string]string{"erp_db": "", "erp_files": "system_unavailable", "hidden_db": "", "crm": ""} {
		require.NoError(t, b.NoteSystem(t.Context(), name, code))
	}
	page = b.get(b.client, "/trust").body
	require.Equal(t, 1, strings.Count(page, "Shipment tracking"))
	require.Equal(t, 1, strings.Count(page, ">disturbed<"))
	require.Contains(t, page, "Other connected systems")
	require.Contains(t, page, "Something does not work")
	for _, never := range []string{"erp_db", "erp_files", "hidden_db", "system_unavailable"} {
		require.NotContains(t, page, never)
	}
	require.NoError(t, b.NoteSystem(t.Context(), "erp_files", ""))
	require.Contains(t, b.get(b.client, "/trust").body, "Everything works")
	_, err := b.Submit(t.Context(), store.Submission{
		Controller: b.acme, Right: models.Access, Channel: request.ChannelPortal, Language: "en", Subject: request.Subject{Email: "a@reader.example"},
		Actor: models.Actor{Role: models.RoleSubject},
	})
	require.NoError(t, err)
	b.clock(11 * time.Minute)
	require.Contains(t, b.get(b.client, "/trust").body, "Something does not work", "an order waits that Temporal has not heard of")
}
