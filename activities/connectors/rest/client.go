package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
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

// turn waits for the turn that the settings' rate, and what the API has said of its own, leave to the next call.
func (s *System) turn(ctx context.Context, until time.Time, where string) error {
	r := s.limit.Reserve()
	wait := r.Delay()
	s.mu.Lock()
	wait = max(wait, time.Until(s.notBefore))
	s.mu.Unlock()
	if err := s.pause(ctx, wait, until, where); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// pause waits, or fails with code system_busy when that would take too long inside a call: workflows wait better.
func (s *System) pause(ctx context.Context, wait time.Duration, until time.Time, where string) error {
	if wait <= 0 {
		return ctx.Err()
	}
	if time.Now().Add(wait).After(until) {
		return s.busy(where)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return s.unsent(ctx, ctx.Err(), where)
	case <-timer.C:
		return nil
	}
}

// leastPause is the first of the pauses between calls that were refused, each twice the one before, however short the API says.
const leastPause = 10 * time.Millisecond

// retryAfter is how long an answer asks to wait: Retry-After in seconds or as a date; a second, doubled each time, when it does not say.
func retryAfter(h http.Header, try int) time.Duration {
	least := leastPause << min(try, 12)
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseFloat(v, 64); err == nil && n >= 0 {
		return max(time.Duration(min(n, 1e6)*float64(time.Second)), least)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(time.Until(t), least)
	}
	return time.Second << min(try, 6)
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

// longestReset bounds what is believed of a limit's end; then the API is asked again.
const longestReset = time.Hour

// heed notes when the API says that there is nothing left for now: RateLimit (draft-ietf-httpapi-ratelimit-headers), RateLimit-Remaining
// and -Reset of its earlier drafts, and the same with X- before them, whose reset may be an instant.
func (s *System) heed(h http.Header) {
	remaining, reset := "", ""
	for _, prefix := range []string{"RateLimit-", "X-RateLimit-", "X-Rate-Limit-"} {
		if remaining == "" {
			remaining, reset = h.Get(prefix+"Remaining"), h.Get(prefix+"Reset")
		}
	}
	if policy := h.Get("RateLimit"); policy != "" {
		for p := range strings.FieldsFuncSeq(policy, func(r rune) bool { return r == ';' || r == ',' }) {
			switch name, value, _ := strings.Cut(strings.TrimSpace(p), "="); name {
			case "r", "remaining":
				remaining = value
			case "t", "reset":
				reset = value
			}
		}
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(reset), 64)
	if strings.TrimSpace(remaining) != "0" || err != nil || seconds <= 0 {
		return
	}
	if seconds > 1e11 { // milliseconds
		seconds /= 1000
	}
	wait := time.Duration(min(seconds, 1e6) * float64(time.Second))
	if seconds > 1e9 { // an instant
		wait = time.Until(time.Unix(int64(min(seconds, 1e11)), 0))
	}
	s.mu.Lock()
	s.notBefore = time.Now().Add(min(wait, longestReset))
	s.mu.Unlock()
}

// json fails when an answer that must be JSON is something else, such as the page of a proxy.
func (s *System) json(a *answer, where string) error {
	if a.isJSON {
		return nil
	}
	return models.Errorf(models.Unavailable, connectors.CodeFailed, "The system %s answers with something that is not JSON at %s.", s.name, where)
}
