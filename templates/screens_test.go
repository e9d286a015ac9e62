package templates_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"habeas/templates"
)

// TestPagesFitEveryScreen opens each example of each page in a browser at the width of a desk and of a phone, in light and dark. Nothing may
// be cut off sideways; the pictures are kept in build/screens to be looked at.
func TestPagesFitEveryScreen(t *testing.T) {
	t.Parallel()
	browser := findBrowser()
	if browser == "" {
		t.Skip("no Chromium on this machine: pages were not looked at in a browser (apt-get install chromium)")
	}
	if testing.Short() {
		t.Skip("short run: pages were not looked at in a browser")
	}
	server := sampleServer(t)
	dir := filepath.Join("..", "build", "screens")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 9*time.Minute)
	t.Cleanup(cancel)

	for p, n := range templates.Examples() {
		for i := range n {
			require.Zero(t, overflow(t, ctx, fmt.Sprintf("%s/%s/%d", server.URL, p.Name(), i), 320), "%s/%d at 320 pixels", p.Name(), i)
			for _, width := range []int64{1280, 390} {
				for _, scheme := range []string{"light", "dark"} {
					name := fmt.Sprintf("%s-%d-%d-%s.png", strings.ReplaceAll(p.Name(), "/", "-"), i, width, scheme)
					picture, wider := look(t, ctx, fmt.Sprintf("%s/%s/%d", server.URL, p.Name(), i), width, scheme)
					require.Zero(t, wider, "%s: the page is wider than the screen", name)
					require.NoError(t, os.WriteFile(filepath.Join(dir, name), picture, 0o644))
				}
			}
		}
	}
}

func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-headless-shell", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// sampleServer serves /<page>/<example> and the static files.
func sampleServer(t *testing.T) *httptest.Server {
	t.Helper()
	e, err := templates.New()
	require.NoError(t, err)
	pages := map[string][]byte{}
	for p, n := range templates.Examples() {
		for i := range n {
			body, err := p.Sample(e, frameOf(p), i)
			require.NoError(t, err)
			pages[fmt.Sprintf("/%s/%d", p.Name(), i)] = body
		}
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

// look takes a picture of a page and says by how many pixels it is wider than the screen.
func look(t *testing.T, ctx context.Context, url string, width int64, scheme string) (picture []byte, wider int64) {
	t.Helper()
	require.NoError(t, chromedp.Run(ctx, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})))
	wider = overflow(t, ctx, url, width)
	require.NoError(t, chromedp.Run(ctx, chromedp.FullScreenshot(&picture, 100)))
	return picture, wider
}

// overflow opens a page and says by how many pixels it is wider than a screen of that width.
func overflow(t *testing.T, ctx context.Context, url string, width int64) (wider int64) {
	t.Helper()
	require.NoError(t, chromedp.Run(ctx,
		emulation.SetDeviceMetricsOverride(width, 900, 1, width < 600),
		chromedp.Navigate(url),
		chromedp.Evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth", &wider),
	))
	return wider
}
