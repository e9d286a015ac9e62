package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits of a call.
const (
	tries       = 3
	longestWait = 10 * time.Second // that a server may ask for between two tries
	largest     = 32 << 20         // of an answer, in bytes
)

// Error is a problem that the server told, RFC 9457.
type Error struct {
	Problem
}

// Error is the sentence with its code.
func (e *Error) Error() string {
	says := e.Detail
	if says == "" {
		says = e.Title
	}
	for _, f := range e.Errors {
		says += fmt.Sprintf(" (%s: %s)", f.Pointer, f.Code)
	}
	return says + " [" + e.Code + "]"
}

// Open makes a client for an installation, such as "https://privacy.example.com", with an access key or a token; an empty one calls as the public
// does. An answer other than 2xx is an *Error. A call that changes nothing, or has an Idempotency-Key, is tried again where that may help. Zero
// parameters are left out.
func Open(base, credential string, http *http.Client) (*ClientWithResponses, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, fmt.Errorf("the address of the installation must be like https://privacy.example.com")
	}
	return NewClientWithResponses(strings.TrimSuffix(base, "/"), WithHTTPClient(&caller{http, credential}))
}

// caller sends calls for the generated code.
type caller struct {
	http       *http.Client
	credential string
}

// Do sends one call.
func (c *caller) Do(r *http.Request) (*http.Response, error) {
	tidy(r)
	if c.credential != "" {
		r.Header.Set("Authorization", "Bearer "+c.credential)
	}
	repeatable := r.Method == http.MethodGet || r.Header.Get("Idempotency-Key") != ""
	for try := 1; ; try++ {
		res, err := c.http.Do(r)
		if err == nil && res.StatusCode < 300 {
			return res, ofThisInterface(res)
		}
		wait, again := pause(r.Context(), res, err, try)
		if err == nil {
			err = refusal(res)
		}
		if !again || !repeatable || try == tries || rewind(r) != nil {
			return nil, err
		}
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(wait):
		}
	}
}

// ofThisInterface fails for a page, with which a proxy, or another server, answers.
func ofThisInterface(res *http.Response) error {
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	return fmt.Errorf("there is a page at this address, and no interface of Habeas")
}

// tidy leaves out parameters that are not set, which the generated code cannot tell from those that are.
func tidy(r *http.Request) {
	q := r.URL.Query()
	for name, values := range q {
		if len(values) == 1 && (values[0] == "" || name == "limit" && values[0] == "0") {
			q.Del(name)
		}
	}
	r.URL.RawQuery = q.Encode()
	if r.Header.Get("Idempotency-Key") == "" {
		r.Header.Del("Idempotency-Key")
	}
}

// pause says whether trying again may help, and after how long.
func pause(ctx context.Context, res *http.Response, err error, try int) (time.Duration, bool) {
	wait := time.Duration(try*try) * 200 * time.Millisecond
	if err != nil {
		return wait, ctx.Err() == nil
	}
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return 0, false
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		wait = time.Duration(seconds) * time.Second
	}
	return wait, wait <= longestWait
}

// rewind makes the body ready to be sent again.
func rewind(r *http.Request) (err error) {
	if r.GetBody != nil {
		r.Body, err = r.GetBody()
	}
	return err
}

// refusal reads a problem; what is none, such as a proxy's page, is told by its status alone.
func refusal(res *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(res.Body, largest))
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	e := &Error{}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal(body, &e.Problem) == nil && e.Code != "" {
		return e
	}
	return fmt.Errorf("the server answered with status %d and no problem", res.StatusCode)
}
