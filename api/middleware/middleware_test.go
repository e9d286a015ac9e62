package middleware_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api/middleware"
	"habeas/models"
)

func TestABucketRefillsWithTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	r := middleware.NewRate("post", 10*time.Second, 2, func() time.Time { return now })
	h := http.Header{}
	take := func(address string) error { return r.Take(h, address) }
	require.NoError(t, take("192.0.2.1"))
	require.Equal(t, http.Header{"Ratelimit-Policy": {`"post";q=2;w=20`}, "Ratelimit": {`"post";r=1;t=10`}}, h)
	require.NoError(t, take("192.0.2.1"))
	require.Empty(t, h.Get("Retry-After"))
	require.Equal(t, models.TooMany, models.KindOf(take("192.0.2.1")))
	require.Equal(t, "10", h.Get("Retry-After"))
	require.Equal(t, `"post";r=0;t=20`, h.Get("RateLimit"))
	require.NoError(t, take("192.0.2.2"), "another address has a bucket of its own")
	now = now.Add(10 * time.Second)
	require.NoError(t, take("::ffff:192.0.2.1"), "the same address, written otherwise")
	require.Error(t, take("192.0.2.1"))
	now = now.Add(2 * time.Minute)
	require.NoError(t, take("192.0.2.1"))
	require.NoError(t, take("192.0.2.1"))
	require.Error(t, take("192.0.2.1"), "forgetting full buckets gives nothing away")
}

func TestAPanicIsAnInternalErrorWithoutItsValue(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	told := errors.New("nothing")
	h := middleware.Recover(slog.New(slog.NewTextHandler(&log, nil)), func(w http.ResponseWriter, _ *http.Request, err error) {
		told = err
		w.WriteHeader(http.StatusInternalServerError)
	})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("sam@example.com") }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	require.Equal(t, 500, w.Code)
	require.NotContains(t, told.Error(), "sam")
	require.Contains(t, log.String(), "panic in a handler")
	require.NotContains(t, log.String(), "sam@example.com")
}

func TestAnAbortedDownloadStaysAborted(t *testing.T) {
	t.Parallel()
	h := middleware.Recover(slog.New(slog.DiscardHandler), func(http.ResponseWriter, *http.Request, error) { t.Error("nothing may be added to half a file") })(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	})
}

func TestACallsIdentifierIsItsOwn(t *testing.T) {
	t.Parallel()
	seen := ""
	h := middleware.Identify(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = middleware.CallOf(r.Context()).ID }))
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-Request-Id", "sam@example.com")
	h.ServeHTTP(w, r)
	require.Equal(t, seen, w.Header().Get("X-Request-Id"))
	require.Len(t, seen, 36)
}
