package pagetest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"habeas/templates/pagetest"
)

const (
	good = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Page</title></head><body><main><h1>Hello</h1></main></body></html>"
	bad  = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Page</title></head><body><main><h1>Hello</h1><p><div id=\"a\"></div><img src=\"/x.png\"><ul><p id=\"a\">no item</ul></main></body></html>"
)

func TestADocumentThatIsNotValidIsNamed(t *testing.T) {
	t.Parallel()
	found := pagetest.Invalid(t, map[string][]byte{"good": []byte(good), "bad": []byte(bad)})
	require.NotEmpty(t, found)
	for _, line := range found {
		require.True(t, strings.HasPrefix(line, "bad:"), line)
	}
	for _, rule := range []string{"no-dup-id", "element-permitted-content", "wcag/h37"} {
		require.Contains(t, strings.Join(found, "\n"), rule)
	}
}

func TestAPageThatSomePeopleCannotUseIsNamed(t *testing.T) {
	t.Parallel()
	axe, ctx := pagetest.LoadAxe(t), pagetest.Open(t, time.Minute)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		_, _ = w.Write([]byte(map[string]string{"/good": good, "/bad": bad}[r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(server.URL+"/good")))
	require.Empty(t, pagetest.Axe(t, ctx, axe))
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(server.URL+"/bad")))
	require.Contains(t, strings.Join(pagetest.Axe(t, ctx, axe), "\n"), "image-alt")

	pagetest.KeepAxe(t, ctx, axe)
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(server.URL+"/good")))
	require.Empty(t, pagetest.Axe(t, ctx, "throw 'it is there already'"))
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(server.URL+"/bad")))
	require.Contains(t, strings.Join(pagetest.Axe(t, ctx, "throw 'it is there already'"), "\n"), "image-alt")
}
