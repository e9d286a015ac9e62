package actor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// poll is how often something is asked that has no other way to be waited for.
const poll = 50 * time.Millisecond

// Client calls Habeas over HTTP, with an access key or as anybody.
type Client struct {
	Base string // of the portal, without a slash at its end
	Key  string // empty: the public
}

// browser has no deadline of its own; the callers' contexts have.
var browser = &http.Client{}

// Problem is an RFC 9457 answer.
type Problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// JSON sends in (unless nil) and reads the answer into out (unless nil). An answer other than 2xx is a *Problem.
func (c Client) JSON(ctx context.Context, method, path string, in, out any, header ...string) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	b, err := c.do(req)
	if err != nil || out == nil {
		return err
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = b
		return nil
	}
	return json.Unmarshal(b, out)
}

// Form sends a form as a browser on the portal's own page would and returns what came back.
func (c Client) Form(ctx context.Context, path string, form url.Values) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", c.Base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.do(req)
}

func (c Client) do(req *http.Request) ([]byte, error) {
	if c.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.Key)
	}
	return read(browser, req)
}

// read makes a call and reads its answer.
func read(browser *http.Client, req *http.Request) (b []byte, err error) {
	res, err := browser.Do(req) //nolint:gosec // it calls the installation under test
	if err != nil {
		return nil, err
	}
	b, err = io.ReadAll(res.Body)
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		p := &Problem{}
		if json.Unmarshal(b, p) != nil { // a page; its status says enough
			p = &Problem{}
		}
		p.Status = res.StatusCode
		return nil, p
	}
	return b, nil
}

// until asks again and again until done, or until ctx ends.
func until(ctx context.Context, what string, done func() (bool, error)) error {
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-time.After(poll):
		}
	}
}
