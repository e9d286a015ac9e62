package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

func TestThePortalSpeaksTheLanguageOfTheBrowserOrTheOneThatWasChosen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := func(c *http.Client, path, browser string) string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Accept-Language", browser)
		return b.do(c, r).body
	}
	c := b.browser()
	require.Contains(t, in(c, "/", "ja"), `<html lang="en">`)
	require.Contains(t, in(c, "/", "de-AT, en;q=0.5"), "Was möchten Sie tun?")
	require.Contains(t, in(c, "/no-such-page", "fr"), "Page introuvable")
	require.Contains(t, in(c, "/?lang=pl", "de"), "Co chcą Państwo zrobić?")
	require.Contains(t, in(c, "/", "de"), "Co chcą Państwo zrobić?", "the choice is remembered")
	require.Contains(t, in(c, "/?lang=xx", "de"), "Co chcą Państwo zrobić?", "an unknown language changes nothing")
	require.Contains(t, in(c, "/trust", "de"), `<html lang="en">`, "a page for customers is in English")
	require.NotContains(t, in(c, "/trust", "de"), "hreflang")
	require.Contains(t, in(b.browser(), "/staff/login", "de"), "Sign in", "and so is the console")
}

func TestARequestKeepsTheLanguageInWhichItWasMade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.browser()
	first := b.get(c, "/?lang=de")
	cookie := first.header.Get("Set-Cookie")
	require.Contains(t, cookie, "habeas_language=de")
	for _, part := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		require.Contains(t, cookie, part)
	}
	bad := b.post(c, "/requests", url.Values{"right": {"erasure"}, "controller": {"acme"}, "email": {"x"}})
	require.Contains(t, bad.body, "Fehler:")
	require.Contains(t, bad.body, `href="/requests/new?lang=fr&amp;right=erasure"`, "the form can be opened in another language")
	sent := b.post(c, "/requests", url.Values{"right": {"erasure"}, "controller": {"acme"}, "email": {"sam@example.com"}})
	require.Equal(t, http.StatusSeeOther, sent.status)
	rows, _, err := b.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, "de", rows[0].Language)
	issued := b.issue(filed{id: rows[0].ID})
	require.Equal(t, "de", issued.Language, "the mails come in it too")
	require.Contains(t, b.get(c, strings.Replace(sent.header.Get("Location"), "/requests/sent/", "/status/", 1)).body, "Bestätigen Sie Ihre Adresse")
}

func TestTheStatusPageSaysHowToComplain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.verified(models.Access, "sam@example.com")
	page := b.get(b.browser(), "/status/"+f.token).body
	require.Contains(t, page, "Art. 77 and 79 GDPR")
	require.Contains(t, page, "Quote the reference")
}

func TestAFailureOnThePortalIsExplainedInTheLanguageOfThePerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.file(models.Access, "sam@example.com")
	got := b.post(b.browser(), "/status/"+f.token+"/withdraw?lang=pl", nil)
	require.Equal(t, http.StatusForbidden, got.status)
	require.Contains(t, got.body, `<html lang="pl">`)
	require.Contains(t, got.body, "Najpierw należy potwierdzić adres")
	require.NotContains(t, got.body, "Open the link")
}
