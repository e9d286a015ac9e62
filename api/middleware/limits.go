package middleware

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"habeas/api/problem"
	"habeas/models"
)

// MaxBody is the largest body that is accepted of an ordinary call, in bytes.
const MaxBody = 64 << 10

// Fail tells an error as the route's kind of answer, page or JSON.
type Fail func(http.ResponseWriter, *http.Request, error)

// LimitBody refuses bodies beyond the limit of their call: at once when the length is announced, else when the limit is passed in reading.
func LimitBody(limit func(*http.Request) int64, fail Fail) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			largest := limit(r)
			if r.ContentLength > largest {
				fail(w, r, problem.TooLarge())
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, largest)
			next.ServeHTTP(w, r)
		})
	}
}

// Timeout bounds a call: its context, and how long its body may take to come and its answer to go, so that a slow client holds nothing for
// long. long reports the calls (downloads) that get the second duration.
func Timeout(usual, longer time.Duration, long func(*http.Request) bool, fail Fail) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			d := usual
			if long(r) {
				d = longer
			}
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			until := time.Now().Add(d) // the connection's clock is the machine's
			conn := http.NewResponseController(w)
			if err := errors.Join(conn.SetReadDeadline(until), conn.SetWriteDeadline(until)); err != nil && !errors.Is(err, http.ErrNotSupported) {
				fail(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// Rate limits calls by client address. Addresses are held in memory only and forgotten when their bucket is full again.
type Rate struct {
	name  string
	every time.Duration // one call more after each
	burst int
	now   func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	swept   time.Time
}

// NewRate allows burst calls at once and one more after each interval; clients are told of it by its name.
func NewRate(name string, every time.Duration, burst int, now func() time.Time) *Rate {
	return &Rate{name: name, every: every, burst: burst, now: now, buckets: map[string]*rate.Limiter{}, swept: now()}
}

// Take counts a call from an address, and tells in the answer's headers how many are left. It fails with too_many_requests, and says there how long
// to wait.
func (l *Rate) Take(h http.Header, address string) error { return l.TakeOf(h, network(address)) }

// TakeOf counts a call of whoever has a name of another sort, such as an access key's identifier; it fails as Take does.
func (l *Rate) TakeOf(h http.Header, key string) error {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	b := l.buckets[key]
	if b == nil {
		b = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.buckets[key] = b
	}
	taken := b.AllowN(now, 1)
	left := max(0, b.TokensAt(now))
	l.tell(h, left)
	if taken {
		return nil
	}
	h.Set("Retry-After", seconds((1-left)*l.every.Seconds()))
	return models.Errorf(models.TooMany, "too_many_requests", "Too many calls; wait and try again.")
}

// Back gives an address a call back that it took within the refill time: one that did nothing that is to be limited.
func (l *Rate) Back(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.buckets[network(address)]; b != nil {
		b.AllowN(l.now(), -1) // never beyond the burst, which the next call sees to
	}
}

// tell sets the headers of draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it until the bucket is full again. Where several
// limits hold for a call, the last to be counted is told.
func (l *Rate) tell(h http.Header, left float64) {
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%s", l.name, l.burst, seconds(float64(l.burst)*l.every.Seconds())))
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%s", l.name, int(left), seconds((float64(l.burst)-left)*l.every.Seconds())))
}

// sweep drops full buckets now and then, so that the map is bounded by the callers of one refill time.
func (l *Rate) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.buckets, key)
		}
	}
}

// network is what one client is taken to be: an IPv4 address, or the /64 of an IPv6 address.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

// seconds writes a duration in whole seconds, at least one.
func seconds(s float64) string { return strconv.Itoa(max(1, int(math.Ceil(s)))) }
