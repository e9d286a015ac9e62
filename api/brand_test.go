package api_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/brand"
	"habeas/models/store"
)

// at calls a page on a host of its own.
func (b *bundle) at(host, method, path string, form url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewBufferString(form.Encode()))
	require.NoError(b.t, err)
	r.Host = host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://"+host)
	return b.do(b.browser(), r)
}

func TestAControllersPagesLookLikeItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var logo bytes.Buffer
	require.NoError(t, png.Encode(&logo, image.NewGray(image.Rect(0, 0, 80, 30))))
	acme, err := b.ControllerBySlug(t.Context(), "acme")
	require.NoError(t, err)
	require.NoError(t, b.PutBrand(t.Context(), acme.ID, brand.Brand{Band: "#ffe000", Accent: "#7a0019", Logo: logo.Bytes(), Host: "privacy.acme.example"}))

	page := b.get(b.browser(), "/c/acme").body
	require.Contains(t, page, `href="/requests/new?right=erasure&amp;controller=acme"`, "the link of the controller's site chooses it")
	for part, want := range map[string]string{`/brand/acme/style\.[0-9a-f]{8}\.css`: "--band:#ffe000;--band-ink:#000000", `/brand/acme/logo\.[0-9a-f]{8}\.png`: "PNG"} {
		path := regexp.MustCompile(part).FindString(page)
		require.NotEmpty(t, path, part)
		file := b.get(b.browser(), path)
		require.Equal(t, http.StatusOK, file.status)
		require.Contains(t, file.body, want)
		require.Contains(t, file.header.Get("Cache-Control"), "immutable")
	}
	require.Equal(t, http.StatusNotFound, b.get(b.browser(), "/brand/acme/style.00000000.css").status)
	require.Equal(t, http.StatusNotFound, b.get(b.browser(), "/brand/globex/style.00000000.css").status)
	require.Equal(t, http.StatusNotFound, b.get(b.browser(), "/c/nobody").status)
	require.NotContains(t, b.get(b.browser(), "/").body, "/brand/")
	require.NotContains(t, b.get(b.browser(), "/c/globex").body, "/brand/", "a controller without a brand looks like Habeas")
	form := b.get(b.browser(), "/requests/new?right=access&controller=acme").body
	require.Contains(t, form, "/brand/acme/")
	require.Contains(t, form, `class="back" href="/c/acme"`, "another right is chosen with the same controller")
	require.NotContains(t, b.get(b.browser(), "/staff/login").body, "/brand/")
	f := b.verified(models.Access, "sam@example.com")
	require.Contains(t, b.get(b.browser(), "/status/"+f.token).body, "/brand/acme/")
}

func TestAnOwnDomainIsAboutItsControllerAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acme, err := b.ControllerBySlug(t.Context(), "acme")
	require.NoError(t, err)
	globex, err := b.ControllerBySlug(t.Context(), "globex")
	require.NoError(t, err)
	require.NoError(t, b.PutBrand(t.Context(), acme.ID, brand.Brand{Band: "#12352f", Host: "privacy.acme.example"}))
	require.Equal(t, "host_taken", models.CodeOf(b.PutBrand(t.Context(), globex.ID, brand.Brand{Host: "privacy.acme.example"})))
	require.Equal(t, "low_contrast", models.CodeOf(b.PutBrand(t.Context(), globex.ID, brand.Brand{Accent: "#ffff00"})))
	require.Equal(t, "bad_logo", models.CodeOf(b.PutBrand(t.Context(), globex.ID, brand.Brand{Logo: []byte("<svg/>")})))

	const host = "Privacy.Acme.example:8443"
	require.Contains(t, b.at(host, "GET", "/", nil).body, "controller=acme")
	form := b.at(host, "GET", "/requests/new?right=access", nil).body
	require.Contains(t, form, `<input type="hidden" name="controller" value="acme">`)
	require.NotContains(t, form, "globex", "nobody there learns of other customers")
	sent := b.at(host, "POST", "/requests", url.Values{"right": {"access"}, "controller": {"globex"}, "email": {"sam@example.com"}})
	require.Equal(t, http.StatusSeeOther, sent.status, sent.body)
	all, _, err := b.Requests(t.Context(), models.ScopeOf(acme.ID), store.Filter{}, "", 10)
	require.NoError(t, err)
	require.Len(t, all, 1, "whatever the form says")
	require.Contains(t, b.at("unknown.example", "GET", "/requests/new?right=access", nil).body, "Company globex", "an unknown host is served as the service itself")
}
