package sample

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// errRefused is an answer that trying again will not change.
var errRefused = errors.New("refused")

// followNotice does what a person does with the link of a notice: open it, choose an answer in the form and send it. A page without a
// form has been answered before.
func followNotice(ctx context.Context, link, answer, note string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	page, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return errors.Join(errRefused, err)
	}
	shown, body, err := do(client, page)
	if err != nil {
		return err
	}
	form, action, ok := findForm(body)
	if !ok {
		return nil
	}
	if !form.Has("answer") {
		return fmt.Errorf("%w: the page of the notice has no field answer", errRefused)
	}
	if offered := offers(body, "answer"); len(offered) > 0 && !slices.Contains(offered, answer) {
		answer, note = offered[0], "" // a notice of something else than an erasure: it is done
	}
	form.Set("answer", answer)
	form.Set("note", note)
	target, err := shown.Parse(action)
	if err != nil {
		return errors.Join(errRefused, err)
	}
	send, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return errors.Join(errRefused, err)
	}
	send.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	send.Header.Set("Origin", shown.Scheme+"://"+shown.Host)
	send.Header.Set("Sec-Fetch-Site", "same-origin")
	_, _, err = do(client, send)
	return err
}

// do gives the final address and the body of a page that was found.
func do(client *http.Client, r *http.Request) (*url.URL, *html.Node, error) {
	res, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	body, err := html.Parse(io.LimitReader(res.Body, 1<<20))
	switch {
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return nil, nil, fmt.Errorf("%s: status %d", r.Method, res.StatusCode)
	case res.StatusCode >= 400:
		return nil, nil, fmt.Errorf("%w: %s: status %d", errRefused, r.Method, res.StatusCode)
	}
	return res.Request.URL, body, err
}

// findForm is the first form that is sent by POST, with the fields that it has and the values of those that are filled.
func findForm(n *html.Node) (fields url.Values, action string, ok bool) {
	for e := range n.Descendants() {
		if e.DataAtom != atom.Form || !strings.EqualFold(attribute(e, "method"), "post") {
			continue
		}
		fields = url.Values{}
		for f := range e.Descendants() {
			name := attribute(f, "name")
			if f.Type != html.ElementNode || name == "" {
				continue
			}
			value := attribute(f, "value")
			if kind := attribute(f, "type"); kind == "radio" || kind == "checkbox" {
				value = "" // not chosen yet
			}
			fields.Set(name, value)
		}
		return fields, attribute(e, "action"), true
	}
	return nil, "", false
}

// offers are the values of the radio buttons of a name.
func offers(n *html.Node, name string) []string {
	var out []string
	for e := range n.Descendants() {
		if e.DataAtom == atom.Input && attribute(e, "type") == "radio" && attribute(e, "name") == name {
			out = append(out, attribute(e, "value"))
		}
	}
	return out
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
