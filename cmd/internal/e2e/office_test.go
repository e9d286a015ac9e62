package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/config"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/subprocessor"
	"habeas/templates/pagetest"
)

// office is an installation with what the people of the console find there: a breach and a change that concern the customer, and the customer's
// own server, which hears of its requests.
type office struct {
	*house
	customerID models.ID
	hook       string // address of the customer's server
	mu         sync.Mutex
	heard      int // messages that it has taken
}

// openOffice asks officers for a second factor, as an installation does that is not for trying out.
func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.heard++
	}))
	t.Cleanup(server.Close)
	o.hook = server.URL + "/habeas"
	var err error
	o.house, err = open(t.Context(), false, func(c *config.Config) {
		c.SignIn.SecondFactor = []string{string(models.RoleDPO)}
		c.TrustedProxies = []string{"127.0.0.0/8"} // who signs in often is slowed down by address, and here is only one
		c.Policy.PrivateWebhooks = append(c.Policy.PrivateWebhooks, hostOf(t, server.URL))
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, errors.Join(o.leaks(), o.close())) })
	customer, err := o.store.ControllerBySlug(t.Context(), "brightline-retail")
	require.NoError(t, err)
	o.customerID = customer.ID
	o.report(t)
	o.announce(t)
	return o
}

func (o *office) told() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.heard
}

// report writes down a breach that concerns the customer's data.
func (o *office) report(t *testing.T) {
	t.Helper()
	var breach struct {
		ID models.ID `json:"id"`
	}
	require.NoError(t, o.dpo.JSON(within(t), http.MethodPost, "/v1/breaches", map[string]any{
		"what": "A list of consignees was sent to the wrong carrier.", "contact": "the night shift",
	}, &breach))
	for _, event := range []map[string]any{
		{"kind": "heard"},
		{"kind": "aware", "aware_at": o.Clock.Now().Format(time.RFC3339)},
		{
			"kind": "found", "customers": []string{"brightline-retail"}, "persons": 40, "records": 40, "person_kinds": []string{"consignees"}, "categories": []string{"user.contact"},
			"consequences": "Unwanted mail.", "measures": "The carrier has deleted the list.", "contact": "Ada Brandt, dpo@nordkai.example",
		},
	} {
		require.NoError(t, o.dpo.JSON(within(t), http.MethodPost, "/v1/breaches/"+breach.ID.String()+"/events", event, nil))
	}
	o.mail(t, person{Subject: request.Subject{Email: "privacy@brightline.example"}}, "/breaches/")
}

// announce announces a subprocessor for the customer's data.
func (o *office) announce(t *testing.T) {
	t.Helper()
	dpo := models.Actor{Role: models.RoleDPO, ID: models.ID{7}}
	c, err := o.store.DraftChange(within(t), subprocessor.Event{
		Actor: dpo, Words: subprocessor.Words{Reason: "Letters to Norway arrive sooner.", Address: "privacy@fjord-post.example"},
		Facts: subprocessor.Facts{Proposal: &subprocessor.Proposal{
			Sort: subprocessor.Add, Slug: "fjord-post", Name: "Fjord Post", Country: "NO", Purposes: []string{"letters"}, Categories: []string{"user.contact"},
			Controllers: []string{"brightline-retail"},
		}},
	})
	require.NoError(t, err)
	_, err = o.store.NoteChange(within(t), c.ID, 0, subprocessor.Event{Kind: subprocessor.Announced, Actor: dpo})
	require.NoError(t, err)
	eventually(t, func() bool {
		found, err := o.store.Change(within(t), models.ScopeOf(o.customerID), c.ID)
		require.NoError(t, err)
		return found.Count().Told == 1
	}, "the customer is told of the change")
}

// invite makes an account for one of the operator's or the customer's people, and returns the way of its one-time link.
func (o *office) invite(t *testing.T, role models.Role, who person) string {
	t.Helper()
	spec := store.MemberSpec{Role: role, Name: who.Name, Email: who.Email}
	if role.Customer() {
		spec.ControllerID = o.customerID
	}
	_, token, err := o.store.InviteFirst(within(t), spec)
	require.NoError(t, err)
	return o.Config.BaseURL + "/staff/link/" + token
}

// phrase is everybody's password.
const phrase = "harbour crane over quiet water"

// TestThePeopleOfTheConsoleGetThereByTheKeyboardAlone takes the ways of the officer and of the customer, on a phone and at a desk, with JavaScript and
// without.
func TestThePeopleOfTheConsoleGetThereByTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short run: the console was not used by the keyboard")
	}
	o := openOffice(t)
	t.Run("in", func(t *testing.T) { // ends when all have ended, and then the office closes
		for i, c := range []struct {
			name   string
			screen pagetest.Screen
			script bool
		}{
			{"phone-script", pagetest.Screen{Width: 390, Scheme: "light"}, true},
			{"phone-plain", pagetest.Screen{Width: 390, Scheme: "dark"}, false},
			{"desk-script", pagetest.Screen{Width: 1280, Scheme: "dark"}, true},
			{"desk-plain", pagetest.Screen{Width: 1280, Scheme: "light"}, false},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				for j, way := range []struct {
					who  string
					take func(*testing.T, *office, *keyboard)
				}{{"dpo", officersWay}, {"customer", customersWay}} {
					t.Run(way.who, func(t *testing.T) {
						k := sit(t, way.who+"-"+c.name, c.screen, c.script)
						k.comeFrom(t, fmt.Sprintf("192.0.2.%d", 1+10*i+j))
						way.take(t, o, k)
						pagetest.RequireValid(t, k.documents)
					})
				}
			})
		}
	})
}

// comeFrom makes the browser one that a proxy stands before.
func (k *keyboard) comeFrom(t *testing.T, address string) {
	t.Helper()
	require.NoError(t, chromedp.Run(k.ctx, network.Enable(), network.SetExtraHTTPHeaders(network.Headers{"X-Forwarded-For": address})))
}

// hit goes to what takes no new page to answer, and presses a key: Enter opens what is folded, the space bar ticks a box.
func (k *keyboard) hit(t *testing.T, selector, key string) {
	t.Helper()
	k.to(t, selector)
	require.NoError(t, chromedp.Run(k.ctx, chromedp.KeyEvent(key)))
}

// unfold opens what is folded.
func (k *keyboard) unfold(t *testing.T, details string) {
	t.Helper()
	k.hit(t, details+" > summary", kb.Enter)
	require.True(t, k.is(t, details+"[open]"), "%s is still folded", details)
}

// tick ticks a box.
func (k *keyboard) tick(t *testing.T, box string) {
	t.Helper()
	k.hit(t, box, " ")
	require.True(t, k.is(t, box+":checked"), "%s is not ticked", box)
}

// pick goes to a group of radio buttons and moves to one of them.
func (k *keyboard) pick(t *testing.T, group, button string) {
	t.Helper()
	k.hit(t, group, " ")
	for range tabs {
		if k.is(t, button+":checked") {
			return
		}
		require.NoError(t, chromedp.Run(k.ctx, chromedp.KeyEvent(kb.ArrowDown)))
	}
	require.Fail(t, "the keyboard does not pick "+button)
}

// is says whether the page has what a selector names.
func (k *keyboard) is(t *testing.T, selector string) bool {
	t.Helper()
	return k.count(t, selector) > 0
}

func (k *keyboard) count(t *testing.T, selector string) (n int) {
	t.Helper()
	require.NoError(t, chromedp.Run(k.ctx, chromedp.Evaluate(`document.querySelectorAll(`+strconv.Quote(selector)+`).length`, &n)))
	return n
}

// more goes to a page that stands behind the word More.
func (k *keyboard) more(t *testing.T, path string) {
	t.Helper()
	k.unfold(t, "nav details.more")
	k.press(t, `nav a[href="`+path+`"]`)
}

// choosePassword opens a one-time link: the first password is too short.
func (k *keyboard) choosePassword(t *testing.T, link string) {
	t.Helper()
	k.open(t, link)
	k.write(t, "#password", "short")
	k.press(t, "button.main")
	require.True(t, k.is(t, ".summary a"), "the mistake is named")
	k.write(t, "#password", phrase)
	k.press(t, "button.main")
}

// signIn gives an address and the password.
func (k *keyboard) signIn(t *testing.T, who person) {
	t.Helper()
	k.write(t, "#email", who.Email.Reveal())
	k.write(t, "#password", phrase)
	k.press(t, "button.main")
}

// signOut leaves, and finds the door closed.
func (k *keyboard) signOut(t *testing.T, inside string) {
	t.Helper()
	k.press(t, "form.who button")
	require.True(t, k.is(t, `form[action="/staff/login"]`))
	k.open(t, inside)
	require.True(t, strings.HasSuffix(k.location(t), "/staff/login"), "nobody is signed in")
}
