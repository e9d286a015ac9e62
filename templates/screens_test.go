package templates_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"habeas/templates"
	"habeas/templates/pagetest"
)

// sample is one example of a page in one language.
type sample struct {
	path string // "/portal/home/0", with "/de" before it in another language
	lang string
	body []byte
}

// samples are all examples of all pages; those to persons in every language.
func samples(t *testing.T) (e *templates.Engine, out []sample) {
	t.Helper()
	e, err := templates.New()
	require.NoError(t, err)
	for p, n := range templates.Examples() {
		for _, l := range templates.Languages() {
			if l.Tag != "en" && !templates.ToPersons(p) {
				continue
			}
			for i := range n {
				f, path := frameOf(p), fmt.Sprintf("/%s/%d", p.Name(), i)
				if f.Lang = l.Tag; l.Tag != "en" {
					path = "/" + l.Tag + path
				}
				f.Here = path
				body, err := p.Sample(e, f, i)
				require.NoError(t, err)
				out = append(out, sample{path, l.Tag, body})
			}
		}
	}
	slices.SortFunc(out, func(a, b sample) int { return cmp.Compare(a.path, b.path) })
	return e, out
}

// TestPagesFitEveryScreenAndEverybody opens each example of each page in a browser at the width of a desk and of a phone, in light and dark.
// Nothing may be cut off sideways, and axe-core may hold nothing against it; the pictures are kept in build/screens to be looked at.
func TestPagesFitEveryScreenAndEverybody(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short run: pages were not looked at in a browser")
	}
	axe, ctx := pagetest.LoadAxe(t), pagetest.Open(t, 10*time.Minute)
	pagetest.KeepAxe(t, ctx, axe)
	e, all := samples(t)
	server := serve(t, e, all)
	for _, s := range all {
		require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(server.URL+s.path)), s.path)
		for _, screen := range screensOf(s) {
			name := fmt.Sprintf("%s-%d-%s", strings.ReplaceAll(s.path[1:], "/", "-"), screen.Width, screen.Scheme)
			screen.Set(t, ctx)
			if wider := pagetest.Overflow(t, ctx); wider > 0 {
				t.Errorf("%s: the page is %d pixels wider than the screen", name, wider)
			}
			if screen.Width != 390 {
				pagetest.RequireAccessible(t, ctx, axe, name)
			}
			if screen.Width != 320 && (s.lang == "en" || screen.Width == 390) { // what is to be looked at in another language are the lengths of words
				pagetest.Picture(t, ctx, filepath.Join("..", "build", "screens", name+".png"))
			}
		}
	}
}

// screensOf are the screens on which an example is looked at. What differs by language are the lengths of words, and what is marked as foreign.
func screensOf(s sample) []pagetest.Screen {
	if s.lang != "en" {
		return []pagetest.Screen{{Width: 320, Scheme: "light"}, {Width: 390, Scheme: "light"}, {Width: 1280, Scheme: "dark"}}
	}
	return []pagetest.Screen{
		{Width: 320, Scheme: "light"},
		{Width: 390, Scheme: "light"},
		{Width: 390, Scheme: "dark"},
		{Width: 1280, Scheme: "light"},
		{Width: 1280, Scheme: "dark"},
	}
}

func TestPagesAreValidHTML(t *testing.T) {
	t.Parallel()
	_, all := samples(t)
	documents := map[string][]byte{}
	for _, s := range all {
		documents[s.path] = s.body
	}
	pagetest.RequireValid(t, documents)
}

var loaded = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

// largest is what a page may weigh with all that it loads, uncompressed.
const largest = 100_000

func TestPagesAreLight(t *testing.T) {
	t.Parallel()
	e, all := samples(t)
	for _, s := range all {
		size := len(s.body)
		seen := map[string]bool{}
		for _, m := range loaded.FindAllStringSubmatch(string(s.body), -1) {
			a, ok := e.Asset(m[1])
			require.True(t, ok, m[1])
			if !seen[m[1]] {
				seen[m[1]], size = true, size+len(a.Body)
			}
		}
		require.Less(t, size, largest, s.path)
	}
}

// serve serves the samples and the static files, under the policy that the product sends.
func serve(t *testing.T, e *templates.Engine, all []sample) *httptest.Server {
	t.Helper()
	pages := map[string][]byte{}
	for _, s := range all {
		pages[s.path] = s.body
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'")
		if a, ok := e.Asset(r.URL.Path); ok {
			w.Header().Set("Content-Type", a.Type)
			_, _ = w.Write(a.Body)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(pages[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	return server
}
