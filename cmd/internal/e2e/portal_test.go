package e2e_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	downloads "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/templates/pagetest"
)

// keyboard is somebody who uses the pages in a browser without a pointing device.
type keyboard struct {
	ctx       context.Context
	name      string // of the pictures
	screen    pagetest.Screen
	axe       string // empty without JavaScript
	shown     int
	served    func(*testing.T) []byte
	documents map[string][]byte // what was served, by the pictures' names
}

// sit opens a browser.
func sit(t *testing.T, name string, screen pagetest.Screen, script bool) *keyboard {
	t.Helper()
	k := &keyboard{ctx: pagetest.Open(t, 8*time.Minute), name: name, screen: screen, documents: map[string][]byte{}}
	if script {
		k.axe = pagetest.LoadAxe(t)
	}
	k.served = pagetest.Documents(k.ctx)
	require.NoError(t, chromedp.Run(k.ctx, emulation.SetScriptExecutionDisabled(!script)))
	screen.Set(t, k.ctx)
	return k
}

// fetches makes the browser keep what is downloaded, and returns the folder.
func (k *keyboard) fetches(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	require.NoError(t, chromedp.Run(k.ctx, downloads.SetDownloadBehavior(downloads.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(folder)))
	return folder
}

// fetch goes to a link or a button, presses Enter and waits for a file whose name ends so.
func (k *keyboard) fetch(t *testing.T, selector, folder, ending string) (file string) {
	t.Helper()
	k.to(t, selector)
	require.NoError(t, chromedp.Run(k.ctx, chromedp.KeyEvent(kb.Enter)))
	eventually(t, func() bool {
		found, err := filepath.Glob(filepath.Join(folder, "*"+ending))
		require.NoError(t, err)
		if len(found) == 1 {
			file = found[0]
		}
		return len(found) == 1
	}, "no file has come that ends with "+ending)
	return file
}

// tabs is how often somebody presses the key before giving up.
const tabs = 80

// to presses the tabulator until what a selector names has the focus, which must be seen.
func (k *keyboard) to(t *testing.T, selector string) {
	t.Helper()
	for range tabs {
		var there, seen bool
		require.NoError(t, chromedp.Run(k.ctx, chromedp.KeyEvent(kb.Tab),
			chromedp.Evaluate(`document.activeElement.matches(`+strconv.Quote(selector)+`)`, &there)))
		if !there {
			continue
		}
		require.NoError(t, chromedp.Run(k.ctx, chromedp.Evaluate(`parseFloat(getComputedStyle(document.activeElement).outlineWidth) > 1`, &seen)))
		require.True(t, seen, "%s has the focus, and nobody sees it", selector)
		return
	}
	require.Fail(t, "the keyboard does not reach "+selector)
}

// write goes to a field and types.
func (k *keyboard) write(t *testing.T, selector, text string) {
	t.Helper()
	k.to(t, selector)
	require.NoError(t, chromedp.Run(k.ctx, chromedp.KeyEvent(text)))
}

// press goes to a link or a button, presses Enter and waits for the page that answers.
func (k *keyboard) press(t *testing.T, selector string) {
	t.Helper()
	k.to(t, selector)
	_, err := chromedp.RunResponse(k.ctx, chromedp.KeyEvent(kb.Enter))
	require.NoError(t, err)
	k.look(t)
}

// open goes to an address that came by mail.
func (k *keyboard) open(t *testing.T, url string) {
	t.Helper()
	require.NoError(t, chromedp.Run(k.ctx, chromedp.Navigate(url)))
	k.look(t)
}

// look holds the page to what every page must be, and takes pictures of it, in both themes.
func (k *keyboard) look(t *testing.T) {
	t.Helper()
	k.shown++
	name := k.name + "-" + strconv.Itoa(k.shown)
	k.documents[name] = k.served(t)
	require.Zero(t, pagetest.Overflow(t, k.ctx), name)
	for _, scheme := range []string{"light", "dark"} {
		pagetest.Screen{Width: k.screen.Width, Scheme: scheme}.Set(t, k.ctx)
		if k.axe != "" {
			pagetest.RequireAccessible(t, k.ctx, k.axe, name+" "+scheme)
		}
		pagetest.Picture(t, k.ctx, filepath.Join("..", "..", "..", "build", "screenshots", name+"-"+scheme+".png"))
	}
	k.screen.Set(t, k.ctx)
}

func (k *keyboard) text(t *testing.T, selector string) (text string) {
	t.Helper()
	require.NoError(t, chromedp.Run(k.ctx, chromedp.Text(selector, &text, chromedp.ByQuery)))
	return text
}

func (k *keyboard) location(t *testing.T) (url string) {
	t.Helper()
	require.NoError(t, chromedp.Run(k.ctx, chromedp.Location(&url)))
	return url
}

// TestAPersonGetsACopyByTheKeyboardAlone takes the whole way of a person: the language, the form with a mistake, the mail, the status page and the
// download with a code, on a phone and on a desk, with JavaScript and without.
func TestAPersonGetsACopyByTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, lang, confirm, ready, collected string
		screen                                pagetest.Screen
		script                                bool
	}{
		{"phone-script", "de", "Bestätigen Sie Ihren Antrag", "Ihre Daten liegen bereit", "schon abgeholt", pagetest.Screen{Width: 390, Scheme: "light"}, true},
		{"phone-plain", "pl", "Potwierdzenie wniosku", "Dane są gotowe", "już odebrane", pagetest.Screen{Width: 390, Scheme: "dark"}, false},
		{"desk-script", "fr", "Confirmez votre demande", "Vos données sont prêtes", "déjà récupéré", pagetest.Screen{Width: 1280, Scheme: "dark"}, true},
		{"desk-plain", "en", "Confirm your request", "Your data is ready", "already fetched", pagetest.Screen{Width: 1280, Scheme: "light"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := shared
			p := h.reader(t, "Kea Board "+c.name, 2)
			k := sit(t, "portal-"+c.name, c.screen, c.script)
			folder := k.fetches(t)

			k.open(t, h.Config.BaseURL+"/")
			if c.lang != "en" {
				k.press(t, `a[hreflang="`+c.lang+`"]`)
			}
			k.press(t, `a[href*="right=access"]`)
			k.press(t, "button.main")
			require.Contains(t, k.text(t, ".summary"), " ", "the mistakes are named")
			k.choose(t, "#controller", "nordkai")
			k.write(t, "#name", p.Name.Reveal())
			k.write(t, "#email", p.Email.Reveal())
			k.press(t, "button.main")
			reference := k.text(t, ".reference")

			mail := h.mail(t, p, reference)
			k.open(t, h.Config.BaseURL+h.path(t, mail, "/verify/"))
			require.Contains(t, k.text(t, "h1"), c.confirm)
			k.press(t, "button.main")
			require.Contains(t, k.text(t, "main"), reference)
			status := k.location(t)

			id := h.find(t, reference)
			h.tell(t, id)
			_, err := h.dpo.Settle(within(t), id)
			require.NoError(t, err)
			ready := h.mail(t, p, "/package/")
			link := h.path(t, ready, "/package/")
			k.open(t, status)
			require.Contains(t, k.text(t, "main"), c.ready)
			k.open(t, h.Config.BaseURL+link)
			k.press(t, "button.main")
			k.write(t, "#code", h.mailAfter(t, p, ready.ID).Code())
			k.fetch(t, "button.main", folder, ".zip")
			h.closed(t, id, models.Fulfilled)
			k.open(t, h.Config.BaseURL+link)
			require.Contains(t, k.text(t, "h1"), c.collected)
			k.open(t, status)
			pagetest.Paper(t, k.ctx, filepath.Join("..", "..", "..", "build", "screenshots", "portal-"+c.name+"-status.pdf"))
			h.nowhere(t, p)
			pagetest.RequireValid(t, k.documents)
		})
	}
}

// choose goes to a list and presses the arrow until it shows a value.
func (k *keyboard) choose(t *testing.T, selector, value string) {
	t.Helper()
	k.to(t, selector)
	for range tabs {
		var chosen bool
		require.NoError(t, chromedp.Run(k.ctx, chromedp.KeyEvent(kb.ArrowDown), chromedp.Evaluate(`document.activeElement.value === `+strconv.Quote(value), &chosen)))
		if chosen {
			return
		}
	}
	require.Fail(t, "the keyboard does not choose "+value)
}
