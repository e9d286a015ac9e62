package pagetest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// cache is where scripts/setup.sh keeps what it fetches.
func cache() string {
	if own := os.Getenv("HABEAS_CACHE_DIR"); own != "" {
		return own
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "habeas")
}

// FindBrowser is the path of a Chromium; empty when there is none.
func FindBrowser() string {
	for _, name := range []string{"chromium", "chromium-headless-shell", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	path := filepath.Join(cache(), "chromium", "run") // where scripts/setup.sh puts it for an ordinary user
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// Open starts a browser that ends with the test, or after the given time; it skips the test where there is no Chromium.
func Open(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	path := FindBrowser()
	if path == "" {
		t.Skip("no Chromium on this machine: pages were not looked at in a browser (scripts/setup.sh browser)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1280, 900),
		chromedp.DisableGPU,              // without one, drawing as if there were takes far longer than drawing
		chromedp.WSURLReadTimeout(limit)) // several that start at once on a busy machine need more than the usual 20 s
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, limit)
	t.Cleanup(cancel)
	return ctx
}

// Screen is how wide a page is shown and in which colours.
type Screen struct {
	Width  int64  // CSS pixels; below 600 it is a phone
	Scheme string // light or dark
}

// Set makes a browser's window a screen.
func (s Screen) Set(t *testing.T, ctx context.Context) {
	t.Helper()
	require.NoError(t, chromedp.Run(ctx,
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: s.Scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // a colour on its way to another is neither
		}),
		emulation.SetDeviceMetricsOverride(s.Width, 900, 1, s.Width < 600)))
}

// Overflow says by how many pixels the page that is open is wider than its screen.
func Overflow(t *testing.T, ctx context.Context) (wider int64) {
	t.Helper()
	require.NoError(t, chromedp.Run(ctx, chromedp.Evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth", &wider)))
	return wider
}

// Documents watches a browser, and returns what gives the page that is open as it was served.
func Documents(ctx context.Context) func(t *testing.T) []byte {
	var last atomic.Pointer[network.RequestID]
	chromedp.ListenTarget(ctx, func(event any) {
		if r, ok := event.(*network.EventResponseReceived); ok && r.Type == network.ResourceTypeDocument {
			last.Store(&r.RequestID)
		}
	})
	return func(t *testing.T) (body []byte) {
		t.Helper()
		require.NoError(t, chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
			body, err = network.GetResponseBody(*last.Load()).Do(ctx)
			return err
		})))
		require.NotEmpty(t, body)
		return body
	}
}

// Picture writes what the whole page that is open looks like.
func Picture(t *testing.T, ctx context.Context, file string) {
	t.Helper()
	var png []byte
	require.NoError(t, chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		png, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).WithFromSurface(true).WithOptimizeForSpeed(true).Do(ctx)
		return err
	})))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, png, 0o600))
}

// Paper writes what the page that is open looks like when it is printed, as PDF.
func Paper(t *testing.T, ctx context.Context, file string) {
	t.Helper()
	var pdf []byte
	require.NoError(t, chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPaperWidth(8.27).WithPaperHeight(11.69).Do(ctx)
		return err
	})))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
}
