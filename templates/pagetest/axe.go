package pagetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// LoadAxe is the script of axe-core; it skips the test where scripts/setup.sh has not fetched it.
func LoadAxe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(cache(), "web", "node_modules", "axe-core", "axe.min.js"))
	if os.IsNotExist(err) {
		t.Skip("axe-core is not there: the accessibility of pages was not checked (scripts/setup.sh web)")
	}
	require.NoError(t, err)
	return string(script)
}

// KeepAxe leaves axe-core's script with the browser, which runs it in each document that it opens from now on: where very many are looked at, sending
// it for each takes as long as looking.
func KeepAxe(t *testing.T, ctx context.Context, script string) {
	t.Helper()
	require.NoError(t, chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	})))
}

// audit runs every rule of WCAG 2.2 up to AA and the best practices, and names what each violation is about.
const audit = `axe.run(document, {resultTypes: ['violations'], rules: {'color-contrast-enhanced': {enabled: false}}})
.then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + v.help + ' at ' + n.target.join(' ') + ' ' + n.html.slice(0, 200))))`

// Axe is what axe-core holds against the page that is open; empty when nothing. The browser's own interface carries the script, so that the page's
// content security policy stays as it is.
func Axe(t *testing.T, ctx context.Context, script string) []string {
	t.Helper()
	var loaded bool
	require.NoError(t, chromedp.Run(ctx, chromedp.Evaluate("typeof axe === 'object'", &loaded)))
	if !loaded { // once for a document, however often it is looked at: the script is half a megabyte
		require.NoError(t, chromedp.Run(ctx, chromedp.Evaluate(script+";0", nil)))
	}
	var found []string
	require.NoError(t, chromedp.Run(ctx,
		chromedp.Evaluate(audit, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })))
	return found
}

// RequireAccessible fails the test when axe-core holds anything against the page that is open.
func RequireAccessible(t *testing.T, ctx context.Context, script, name string) {
	t.Helper()
	if found := Axe(t, ctx, script); len(found) > 0 {
		t.Errorf("%s: %s", name, fmt.Sprintf("%d violations\n%s", len(found), strings.Join(found, "\n")))
	}
}
