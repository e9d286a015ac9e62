package api_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
	"habeas/models/store"
	"habeas/models/subprocessor"
)

const nasty = `<script>alert("x")</script>`

func entry() url.Values {
	return url.Values{
		"slug": {"mailer"}, "name": {"Mailer " + nasty}, "legal_name": {"Mailer Inc."}, "subprocessor": {"true"}, "country": {"US"}, "transfer": {"scc"},
		"purposes": {"sending mail\r\n" + nasty}, "categories": {"user.contact"}, "controllers": {"acme"}, "channel": {"mail"}, "address": {"privacy@mailer.example"},
		"contacts": {"Kim Example\r\n+1 202"}, "reminder_days": {"3"}, "response_days": {"10"}, "contract_on": {"2026-01-02"}, "next_review_on": {"2027-01-31"},
		"vetting.security": {"partly"}, "note.security": {"asked " + nasty},
	}
}

// in is where an answer leads.
func in(t *testing.T, a answer) string {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, a.status, a.body)
	path, _, _ := strings.Cut(a.header.Get("Location"), "?")
	return path
}

func TestTheDPOKeepsTheRegisterInTheConsole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	own := entry() // the operator's data concerns no customer
	own.Set("controllers", "northwind")
	path := in(t, b.post(dpo, "/staff/recipients", own))
	page := b.get(dpo, path)
	require.Equal(t, http.StatusOK, page.status)
	for _, want := range []string{"Mailer Inc.", "Kim Example", "standard contractual clauses", "Version 1", "&lt;script&gt;", "10 days"} {
		require.Contains(t, page.body, want)
	}
	require.NotContains(t, page.body, "<script")
	again := b.post(dpo, "/staff/recipients", own)
	require.Equal(t, http.StatusConflict, again.status)
	require.Contains(t, again.body, "already")

	form := own
	form.Set("seen", "1")
	form.Set("country", "DE")
	form.Set("next_review_on", "2026-02-01")
	require.Equal(t, path, in(t, b.post(dpo, path, form)))
	stale := b.post(dpo, path, form)
	require.Equal(t, http.StatusConflict, stale.status)
	require.Contains(t, stale.body, "Kim Example", "what was typed is there")
	form.Set("categories", "")
	form.Set("seen", "2")
	require.Equal(t, http.StatusBadRequest, b.post(dpo, path, form).status)

	list := b.get(dpo, "/staff/recipients?only=due&q=inc.")
	require.Contains(t, list.body, "Reviews that are due")
	require.Contains(t, list.body, path)
	require.Contains(t, b.get(dpo, "/staff/recipients?q=nobody").body, "No recipient fits")
	r, err := b.RecipientBySlug(t.Context(), "mailer")
	require.NoError(t, err)
	require.Equal(t, []any{2, "asked " + nasty, 72 * time.Hour}, []any{r.Version, r.Vetting.Of("security").Note.Reveal(), r.ReminderAfter})

	table := b.get(dpo, "/staff/recipients/register.csv")
	require.Equal(t, `attachment; filename="recipients.csv"`, table.header.Get("Content-Disposition"))
	rows, err := recipient.ReadCSV(strings.NewReader(table.body))
	require.NoError(t, err)
	entries, err := recipient.ReadJSON(strings.NewReader(b.get(dpo, "/staff/recipients/register.json").body))
	require.NoError(t, err)
	require.Equal(t, []recipient.Entry{r.Entry()}, rows)
	require.Equal(t, rows, entries)

	b.clock(time.Minute)
	auditor := b.signIn(b.keys[models.RoleAuditor])
	require.NotContains(t, b.get(auditor, path).body, "/edit")
	require.NotContains(t, b.log.String(), "Kim")
}

func TestWhatCustomersAreToldOfFirstIsNotWrittenIntoTheRegisterAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	a := b.post(dpo, "/staff/recipients", entry())
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, a.body, "Draft a change of subprocessors instead")
	require.Contains(t, a.body, "/staff/changes/new?")
	require.NotContains(t, a.body, "<script")
	_, err := b.RecipientBySlug(t.Context(), "mailer")
	require.Equal(t, "not_found", models.CodeOf(err))

	r, err := b.PutRecipient(t.Context(), store.Recipient{
		Slug: "mailer", Name: "Mailer", Channel: store.ChannelMail, Address: "a@mailer.example", Categories: []string{"user.contact"}, Country: "US", ReminderAfter: 72 * time.Hour,
		Facts: recipient.Facts{Subprocessor: true, Purposes: []string{"sending mail"}, Transfer: recipient.Clauses, Controllers: []string{"acme"}, LegalName: "Mailer Inc."},
	})
	require.NoError(t, err)
	path := "/staff/recipients/" + r.ID.String()
	form := entry()
	form.Set("name", "Mailer")
	form.Set("purposes", "sending mail")
	require.Equal(t, path, in(t, b.post(dpo, path, form)), "contacts, dates and vetting change at once")
	form.Set("purposes", "sending mail\r\nprofiling")
	form.Set("country", "CN")
	a = b.post(dpo, path, form)
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, a.body, "country, purposes")
	require.NotContains(t, a.body, "/staff/changes/new?address", "no address in a link")
	_, after, _ := strings.Cut(a.body, `href="/staff/changes/new?`)
	link, _, _ := strings.Cut(after, `"`)
	draft := b.get(dpo, "/staff/changes/new?"+html.UnescapeString(link))
	require.Equal(t, http.StatusOK, draft.status)
	for _, want := range []string{"profiling", `value="CN"`, `value="mailer"`, `value="change" required checked`} {
		require.Contains(t, draft.body, want)
	}
}

func TestAnEmergencyReplacementIsMarkedWhereverItIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.PutRecipient(t.Context(), store.Recipient{
		Slug: "older", Name: "Older", Channel: store.ChannelMail, Address: "a@older.example", Categories: []string{"user.contact"}, Country: "DE", ReminderAfter: time.Hour,
		Facts: recipient.Facts{Subprocessor: true, Purposes: []string{"sending mail"}},
	})
	require.NoError(t, err)
	dpo := b.signIn(b.keys[models.RoleDPO])
	form := entry()
	form.Set("sort", "add")
	form.Set("emergency", "true")
	form.Del("controllers")
	require.Equal(t, http.StatusBadRequest, b.post(dpo, "/staff/changes", form).status, "without a reason")
	form.Set("reason", "It is insolvent.")
	require.Equal(t, http.StatusBadRequest, b.post(dpo, "/staff/changes", form).status, "only a replacement")
	form.Set("sort", "replace")
	form.Set("old", "older")
	path := in(t, b.post(dpo, "/staff/changes", form))
	require.Contains(t, b.get(dpo, path).body, "in force at once")
	require.Contains(t, b.get(dpo, path).body, "<dd>United States</dd>", "a country has a name")
	in(t, b.post(dpo, path+"/events", url.Values{"kind": {"announced"}, "seen": {"1"}}))
	require.NotContains(t, b.get(dpo, path).body, "Withdraw the change")
	require.Equal(t, http.StatusConflict, b.post(dpo, path+"/events", url.Values{"kind": {"withdrawn"}, "reason": {"x"}}).status)
	list := b.get(b.client, "/trust").body
	require.Contains(t, list, "Mailer &lt;script")
	require.Contains(t, list, "in an emergency")
	token, err := b.ChangeToken(t.Context(), models.MustParseID(strings.TrimPrefix(path, "/staff/changes/")), b.acme.ID)
	require.NoError(t, err)
	require.Contains(t, b.get(b.client, "/changes/"+token).body, "in force with its announcement")
}

func TestACustomerObjectsByItsLinkAndInTheConsoleAndIsAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []string{"acme", "globex"} {
		one, err := b.ControllerBySlug(t.Context(), c)
		require.NoError(t, err)
		one.ObjectionDays = 30
		_, err = b.PutController(t.Context(), one)
		require.NoError(t, err)
	}
	dpo := b.signIn(b.keys[models.RoleDPO])
	draft := entry()
	draft.Del("controllers")
	draft.Set("sort", "add")
	draft.Set("reason", "The old one closes. "+nasty)
	wrong := url.Values{"sort": {"add"}, "slug": {"mailer"}, "name": {"kept as typed"}}
	a := b.post(dpo, "/staff/changes", wrong)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "kept as typed")
	path := in(t, b.post(dpo, "/staff/changes", draft))
	require.Equal(t, http.StatusConflict, b.post(dpo, "/staff/changes", draft).status)

	b.clock(time.Minute)
	acme, globex := b.signIn(b.keys[models.RoleController]), b.signIn(b.globexK)
	require.Equal(t, http.StatusNotFound, b.get(acme, path).status, "nobody is told of a draft")
	in(t, b.post(dpo, path+"/events", url.Values{"kind": {"announced"}, "seen": {"1"}}))
	id := models.MustParseID(strings.TrimPrefix(path, "/staff/changes/"))
	c, err := b.Change(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	told := subprocessor.Event{Kind: subprocessor.Told, Actor: models.System()}
	for _, who := range c.Untold() {
		told.Facts.Told = append(told.Facts.Told, subprocessor.Telling{Customer: who, At: c.AnnouncedAt})
	}
	_, err = b.NoteChange(t.Context(), id, 0, told)
	require.NoError(t, err)

	token, err := b.ChangeToken(t.Context(), id, b.acme.ID)
	require.NoError(t, err)
	link := "/changes/" + token
	page := b.get(b.client, link)
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, "An objection is in time before")
	require.NotContains(t, page.body, "<script")
	require.Equal(t, http.StatusBadRequest, b.post(b.client, link, url.Values{"reason": {" "}}).status)
	for range 2 {
		require.Equal(t, link, in(t, b.post(b.client, link, url.Values{"reason": {"We mind. " + nasty}})))
	}
	require.Contains(t, b.get(b.client, link).body, "It was not answered yet.")
	require.Equal(t, http.StatusNotFound, b.get(b.client, link+"x").status)
	require.Equal(t, http.StatusNotFound, b.post(b.client, link+"x", url.Values{"reason": {"x"}}).status)

	require.NotContains(t, b.get(globex, path).body, "We mind", "another customer's objection")
	in(t, b.post(globex, path+"/object", url.Values{"reason": {"We too."}}))
	require.Contains(t, b.get(dpo, path).body, "We too.")
	for _, who := range []models.ID{b.acme.ID, c.Customers[1].ID} {
		in(t, b.post(dpo, path+"/events", url.Values{"kind": {"answered"}, "customer": {who.String()}, "answer": {"overrule"}, "reason": {"The data stays in the Union."}}))
	}
	require.Contains(t, b.get(acme, path).body, "The data stays in the Union.")
	early := b.post(dpo, path+"/events", url.Values{"kind": {"decided"}, "reason": {"x"}, "effective_on": {"2030-01-01"}})
	require.Equal(t, http.StatusConflict, early.status)
	require.Contains(t, early.body, "may still object")
	require.NotContains(t, b.log.String(), "We mind")
}

func TestThePublicListSaysWhoIsAtWorkAndWhatChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	put := func(slug string, f recipient.Facts) {
		t.Helper()
		_, err := b.PutRecipient(t.Context(), store.Recipient{
			Slug: slug, Name: slug + nasty, Channel: store.ChannelMail, Address: "secret-desk@x.example", Contacts: "Kim", Categories: []string{"user.contact"}, Country: "DE",
			ReminderAfter: time.Hour, Facts: f,
		})
		require.NoError(t, err)
	}
	put("at-work", recipient.Facts{Subprocessor: true, Purposes: []string{"hosting"}, Controllers: []string{"acme"}})
	put("gone", recipient.Facts{Subprocessor: true, EndedOn: calendar.Date{Year: 2020, Month: 1, Day: 1}})
	put("not-one", recipient.Facts{})
	page := b.get(b.client, "/trust")
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, "at-work&lt;script")
	require.Contains(t, page.body, "Everything works")
	for _, never := range []string{"gone", "not-one", "secret-desk", "Kim", "acme", "<script"} {
		require.NotContains(t, page.body, never)
	}
	require.Contains(t, b.get(b.client, "/trust?q=HOSTING").body, "at-work")
	require.Contains(t, b.get(b.client, "/trust?q="+url.QueryEscape(nasty)).body, "&lt;script")
	require.NoError(t, b.NoteSystem(t.Context(), "billing-db", "system_unavailable"))
	page = b.get(b.client, "/trust")
	require.Contains(t, page.body, "Something does not work")
	require.NotContains(t, page.body, "billing-db")
}

func TestSecurityTxtIsAsRFC9116WantsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.get(b.client, "/.well-known/security.txt")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Equal(t, "text/plain; charset=utf-8", a.header.Get("Content-Type"))
	fields := map[string]string{}
	for line := range strings.Lines(a.body) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		require.True(t, ok, line)
		fields[name] = value
	}
	require.Regexp(t, `^(mailto:|https://)`, fields["Contact"])
	expires, err := time.Parse(time.RFC3339, fields["Expires"])
	require.NoError(t, err)
	require.True(t, expires.After(start) && expires.Before(start.AddDate(1, 0, 0)))
}
