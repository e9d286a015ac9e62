package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

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
