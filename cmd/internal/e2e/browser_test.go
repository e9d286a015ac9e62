package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/templates/pagetest"
)

// browser is a Chromium with no window, and a folder for pictures of what it showed.
type browser struct {
	ctx      context.Context
	pictures string
}

// openBrowser skips the test where there is no Chromium.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	b := &browser{ctx: pagetest.Open(t, patience), pictures: filepath.Join("..", "..", "..", "build", "screenshots")}
	require.NoError(t, os.MkdirAll(b.pictures, 0o750))
	return b
}

// do carries out actions and takes a picture of the page afterwards.
func (b *browser) do(t *testing.T, picture string, actions ...chromedp.Action) {
	t.Helper()
	require.NoError(t, chromedp.Run(b.ctx, actions...), picture)
	var png []byte
	require.NoError(t, chromedp.Run(b.ctx, chromedp.FullScreenshot(&png, 100)))
	require.NoError(t, os.WriteFile(filepath.Join(b.pictures, picture+".png"), png, 0o600))
}

// send presses a button that sends a form, and waits for the page that answers.
func send(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery))
		return err
	})
}

func (b *browser) text(t *testing.T) (text string) {
	t.Helper()
	require.NoError(t, chromedp.Run(b.ctx, chromedp.Text("main", &text, chromedp.ByQuery)))
	return text
}

func TestAPersonAsksAndTheDPODecidesInABrowser(t *testing.T) {
	t.Parallel()
	h, b := shared, openBrowser(t)
	p := h.housemates(t, "Wendelin Browser")
	b.do(t, "1-home", chromedp.Navigate(h.Config.BaseURL+"/"))
	b.do(t, "2-form", send(`a[href*="right=erasure"]`))
	b.do(t, "3-form-refused", send(`button.main`))
	require.Contains(t, b.text(t), "e-mail")
	b.do(t, "4-form-filled",
		chromedp.SetValue("#controller", "nordkai", chromedp.ByID),
		chromedp.SendKeys("#name", p.Name.Reveal(), chromedp.ByID),
		chromedp.SendKeys("#email", p.Email.Reveal(), chromedp.ByID))
	b.do(t, "5-sent", send(`button.main`))
	var reference string
	require.NoError(t, chromedp.Run(b.ctx, chromedp.Text(".reference", &reference, chromedp.ByQuery)))

	mail := h.mail(t, p, reference)
	b.do(t, "6-confirm", chromedp.Navigate(h.Config.BaseURL+h.path(t, mail, "/verify/")))
	b.do(t, "7-status", send(`button.main`))
	require.Contains(t, b.text(t), reference)
	var status string
	require.NoError(t, chromedp.Run(b.ctx, chromedp.Location(&status)))

	id := h.find(t, reference)
	h.tell(t, id)
	_, err := h.dpo.AwaitState(within(t), id, models.InReview)
	require.NoError(t, err)
	b.do(t, "8-login", chromedp.Navigate(h.Config.BaseURL+"/staff"))
	b.do(t, "9-inbox", chromedp.Click(`details:has(#key) > summary`, chromedp.ByQuery), chromedp.SendKeys("#key", h.DPOKey, chromedp.ByID), send(`details button`))
	b.do(t, "10-request", send(`a[href*="`+id.String()+`"]`))
	require.NotContains(t, b.text(t), p.Email.Reveal(), "who it is about is shown on demand only")
	b.do(t, "11-approved", chromedp.Click(`#decide input[id^="approve-"][value="keep"]`, chromedp.ByQuery), send(`form:has(input[value="approve"]) button`))
	r, err := h.dpo.AwaitState(within(t), id, models.Closed)
	require.NoError(t, err)
	require.NotEmpty(t, r.Outcome)
	b.do(t, "12-request-closed", chromedp.Navigate(h.Config.BaseURL+"/staff/requests/"+id.String()))
	b.do(t, "13-operations", chromedp.Navigate(h.Config.BaseURL+"/staff/operations"))
	b.do(t, "14-status-closed", chromedp.Navigate(status))
	require.Contains(t, b.text(t), reference)
	h.erased(t, p)
}

// find is the request with a reference.
func (h *house) find(t *testing.T, reference string) models.ID {
	t.Helper()
	var list struct {
		Requests []struct {
			ID models.ID `json:"id"`
		} `json:"requests"`
	}
	require.NoError(t, h.dpo.JSON(within(t), "GET", "/v1/requests?reference="+reference, nil, &list))
	require.Len(t, list.Requests, 1)
	return list.Requests[0].ID
}
