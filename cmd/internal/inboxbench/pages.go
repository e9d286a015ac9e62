package inboxbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// page is one of the console's pages with what it took.
type page struct {
	name     string
	limited  bool
	call     func(context.Context) error
	waits    []time.Duration
	program  time.Duration // processor time of this process: Habeas and its caller
	postgres time.Duration
}

// browser is somebody who is signed in.
type browser struct {
	client *http.Client
	url    string
}

func (b *bench) signIn(ctx context.Context, address, key string) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	w := &browser{client: &http.Client{Jar: jar}, url: address}
	_, err = w.post(ctx, "/staff/login", url.Values{"key": {key}})
	return w, err
}

func (w *browser) get(ctx context.Context, path string) (string, error) {
	return w.do(ctx, http.MethodGet, path, nil)
}

func (w *browser) post(ctx context.Context, path string, form url.Values) (string, error) {
	return w.do(ctx, http.MethodPost, path, strings.NewReader(form.Encode()))
}

// do sends a call, follows where it leads, and reads the page to its end.
func (w *browser) do(ctx context.Context, method, path string, body io.Reader) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.url+path, body)
	if err != nil {
		return "", err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := w.client.Do(r)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(res.Body)
	err = errors.Join(err, res.Body.Close())
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d of %s %s", res.StatusCode, method, r.URL.Path)
	}
	return string(text), err
}

// pages are what is measured.
func (b *bench) pages(ctx context.Context) ([]*page, error) {
	return b.pagesAt(ctx, b.url)
}

func (b *bench) pagesAt(ctx context.Context, address string) ([]*page, error) {
	dpo, err := b.signIn(ctx, address, b.people.dpo)
	if err != nil {
		return nil, err
	}
	customer, err := b.signIn(ctx, address, b.people.customer)
	if err != nil {
		return nil, err
	}
	deep, err := follow(ctx, dpo, "/staff", 9)
	if err != nil {
		return nil, err
	}
	get := func(name string, w *browser, path, want string) *page {
		return &page{name: name, limited: true, call: func(ctx context.Context) error { return expect(want)(w.get(ctx, path)) }}
	}
	row := `name="request"`
	pages := []*page{
		{name: "GET /livez, HTTP alone", call: func(ctx context.Context) error { return expect("ok")(dpo.get(ctx, "/livez")) }},
		get("inbox", dpo, "/staff", row), get("inbox, tenth page", dpo, deep, row), get("inbox of a customer", customer, "/staff", row),
		get("inbox: waits for a decision", dpo, "/staff?waits=dpo", row), get("inbox: overdue", dpo, "/staff?due=overdue", row),
		get("inbox: within 7 days", dpo, "/staff?due=soon", row), get("inbox: one controller", dpo, "/staff?controller=customer-3", row),
		get("inbox: a rare state", dpo, "/staff?state=notifying", row), get("inbox: a state and a right that are rare together", dpo, "/staff?state=notifying&right=restriction", "<h1>"),
		get("inbox: one controller and a right", dpo, "/staff?controller=customer-3&right=restriction", "<h1>"), get("inbox: closed", dpo, "/staff?open=closed", row),
	}
	pages = append(pages,
		get("inbox: an outcome", dpo, "/staff?open=closed&outcome=refused", "<h1>"), get("inbox: a language", dpo, "/staff?language=pl", "<h1>"),
		get("inbox: data kept by law", dpo, "/staff?with=hold", row), get("inbox: asked by somebody else", dpo, "/staff?with=agent", "<h1>"),
		get("inbox: extended", dpo, "/staff?due=extended", "<h1>"), get("inbox: paused", dpo, "/staff?due=paused", "<h1>"),
		get("dashboard", dpo, "/staff/dashboard", "chart"), get("dashboard of a customer", customer, "/staff/dashboard", "chart"),
		get("holds", dpo, "/staff/holds", "Art. 51(1)"), get("report of a month", dpo, "/staff/reports", "<h1>"),
		get("report of a year", dpo, fmt.Sprintf("/staff/reports?period=%d", time.Now().Year()), "<h1>"),
	)
	n := 0
	next := func() opened { n++; return b.opened[n%len(b.opened)] }
	return append(pages,
		&page{name: "search by reference", limited: true, call: func(ctx context.Context) error {
			one := next()
			return expect(one.reference)(dpo.post(ctx, "/staff/search", url.Values{"q": {one.reference}}))
		}},
		&page{name: "search by address", limited: true, call: func(ctx context.Context) error {
			one := next()
			return expect(one.reference)(dpo.post(ctx, "/staff/search", url.Values{"q": {one.email}}))
		}},
		&page{name: "search by another identity", limited: true, call: func(ctx context.Context) error {
			one := next()
			return expect(one.reference)(dpo.post(ctx, "/staff/search", url.Values{"q": {one.number}}))
		}},
		&page{name: "search that finds nothing", limited: true, call: func(ctx context.Context) error {
			return expect("Nothing was found")(dpo.post(ctx, "/staff/search", url.Values{"q": {"CN-none"}}))
		}},
		&page{name: "a request's page", limited: true, call: func(ctx context.Context) error {
			one := next()
			return expect(one.reference)(dpo.get(ctx, "/staff/requests/"+one.id.String()))
		}},
	), nil
}

// expect fails when a page does not hold what shows that it is the right one.
func expect(text string) func(string, error) error {
	return func(body string, err error) error {
		if err == nil && !strings.Contains(body, text) {
			return errors.New("the page does not show what it should")
		}
		return err
	}
}

var more = regexp.MustCompile(`class="button" href="(/staff\?cursor=[^"]+)"`)

// follow is the address that is reached by asking for more so many times.
func follow(ctx context.Context, w *browser, path string, times int) (string, error) {
	for range times {
		body, err := w.get(ctx, path)
		if err != nil {
			return "", err
		}
		m := more.FindStringSubmatch(body)
		if m == nil {
			return "", errors.New("the inbox has no further page")
		}
		path = m[1]
	}
	return path, nil
}
