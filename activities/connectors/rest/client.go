package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"habeas/activities/connectors"
	"habeas/activities/outbound"
	"habeas/models"
)

// answer is what an API answered.
type answer struct {
	status int
	header http.Header
	from   *url.URL
	tree   any // the JSON, nil when the body is empty
	isJSON bool
}

// send makes a call, waits where the API asks for it and there is time, and tries again what may be done twice. The error of a call
// that brought an answer is nil, whatever its status; an answer to be waited for too long is an error.
func (s *System) send(ctx context.Context, c *call, safe bool, where string) (*answer, error) {
	until := time.Now().Add(time.Duration(s.set.MaxWait))
	renewed := false
	for try := 0; ; try++ {
		if err := s.turn(ctx, until, where); err != nil {
			return nil, err
		}
		a, err := s.once(ctx, c)
		switch {
		case err != nil && (!safe || try >= *s.set.Retries || ctx.Err() != nil || !broken(err)):
			return nil, s.unsent(ctx, err, where)
		case err != nil: // the connection broke, and asking again changes nothing more
			if s.pause(ctx, time.Duration(try+1)*100*time.Millisecond, until, where) != nil {
				return nil, s.unsent(ctx, err, where)
			}
		case a.status == http.StatusUnauthorized && !renewed && s.credentials.Renew():
			renewed = true
		case waits(a.status) && (safe || a.status == http.StatusTooManyRequests || a.header.Get("Retry-After") != ""): // it has done nothing
			if err := s.pause(ctx, retryAfter(a.header, try), until, where); err != nil {
				return nil, err
			}
		default:
			return a, nil
		}
	}
}

// broken reports whether a call failed on its way, rather than because it may not be made.
func broken(err error) bool {
	var known *models.Error
	var wire *url.Error
	return !errors.As(err, &known) && (errors.As(err, &wire) && !outbound.Forbidden(err) || errors.Is(err, io.ErrUnexpectedEOF))
}

// once makes a call once.
func (s *System) once(ctx context.Context, c *call) (*answer, error) {
	u, err := s.address(c)
	if err != nil {
		return nil, err
	}
	content, err := c.content()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, c.method, u.String(), bytes.NewReader(content))
	if err != nil {
		return nil, mismatch("A request of the system %s is no HTTP request.", s.name)
	}
	for name, value := range s.set.Headers {
		req.Header.Set(name, value)
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Set("User-Agent", "Habeas")
	client, err := s.guard.Client(u)
	if err != nil {
		return nil, err
	}
	if err := s.credentials.Apply(ctx, req); err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	s.heed(res.Header)
	return s.read(res, u)
}

// address is where a call goes: below the API's own, also when a link of the API's says so.
func (s *System) address(c *call) (*url.URL, error) {
	if c.full != "" {
		u, err := s.base.Parse(c.full)
		if err != nil || !sameOrigin(s.base, u.String()) {
			return nil, mismatch("The system %s gives a link that leads to another host, which is not followed.", s.name)
		}
		return u, nil
	}
	raw := strings.TrimSuffix(s.set.URL, "/") + c.path
	if len(c.query) > 0 {
		raw += "?" + c.query.Encode()
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, mismatch("A path of the system %s is none.", s.name)
	}
	return u, nil
}

// read takes in the whole answer: a row of a page that breaks off is never used.
func (s *System) read(res *http.Response, from *url.URL) (*answer, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, s.set.MaxAnswer+1))
	if err != nil {
		return nil, &url.Error{Op: "read", Err: io.ErrUnexpectedEOF}
	}
	if int64(len(body)) > s.set.MaxAnswer {
		return nil, mismatch("An answer of the system %s has more than %d bytes; ask for smaller pages, or raise max_answer_bytes.", s.name, s.set.MaxAnswer)
	}
	a := &answer{status: res.StatusCode, header: res.Header, from: from}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&a.tree); err == nil {
		_, err = dec.Token()
		a.isJSON = errors.Is(err, io.EOF)
	}
	return a, nil
}

// json fails when an answer that must be JSON is something else, such as the page of a proxy.
func (s *System) json(a *answer, where string) error {
	if a.isJSON {
		return nil
	}
	return models.Errorf(models.Unavailable, connectors.CodeFailed, "The system %s answers with something that is not JSON at %s.", s.name, where)
}
