package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/rest"
	"habeas/models"
	"habeas/models/datamap"
)

func TestASlowAPIIsGivenUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	api := between(things(), func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return true
	})
	t.Cleanup(func() { close(release) })
	s := openSmall(t, api, func(set map[string]any) { set["timeout"] = "20ms" })
	_, err := lookup(t, s, byName)
	requireError(t, err, models.Unavailable, connectors.CodeUnavailable)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = s.(connectors.Locator).Lookup(ctx, byName, func(datamap.Row) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
}

func TestWhatTheAPIHasSaidOfItsRateIsHeeded(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]http.Header{
		"the draft's fields":     {"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"3600"}},
		"the field of the draft": {"Ratelimit": {`"default";r=0;t=3600`}},
		"an instant":             {"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(time.Now().Add(time.Hour).Unix())}},
	} {
		var calls atomic.Int32
		s := openSmall(t, between(things(), func(w http.ResponseWriter, _ *http.Request) bool {
			calls.Add(1)
			for k, v := range header {
				w.Header()[k] = v
			}
			return false
		}), nil)
		_, err := lookup(t, s, byID)
		require.NoError(t, err)
		_, err = lookup(t, s, byID)
		requireError(t, err, models.Unavailable, connectors.CodeBusy)
		require.EqualValues(t, 1, calls.Load(), "%s: nothing is sent before its time", name)
	}
	s := openSmall(t, things(), func(set map[string]any) { set["requests_per_second"] = 0.001 })
	_, err := lookup(t, s, byID)
	require.NoError(t, err)
	_, err = lookup(t, s, byID)
	requireError(t, err, models.Unavailable, connectors.CodeBusy)
}

func TestNoAddressInsideTheNetworkIsReachedUnlessAllowed(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(server.Close)
	at := func(address string) error {
		s, err := rest.Open(t.Context(), connectors.Config{Name: "api", Kind: rest.Kind, Settings: []byte(`{"url": "` + address + `"}`)})
		if err != nil {
			return err
		}
		return s.Ping(t.Context())
	}
	requireError(t, at(server.URL), models.Invalid, "address_forbidden")
	requireError(t, at("https://localhost"), models.Invalid, "address_forbidden")
	requireError(t, at("https://169.254.169.254"), models.Invalid, "address_forbidden")
	for _, address := range []string{"http://203.0.113.7", "https://user:canary@203.0.113.7", "ftp://x", "", "https://x.example/?key=canary"} {
		requireError(t, at(address), models.Invalid, "bad_settings")
	}
	require.False(t, asked)
}

func TestARedirectOrALinkToAnotherHostIsNotFollowed(t *testing.T) {
	t.Parallel()
	asked := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(inside.Close)
	redirect := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, inside.URL, http.StatusFound)
		return true
	}), nil)
	_, err := lookup(t, redirect, byName)
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
	link := openSmall(t, between(things(), func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Link", "<"+inside.URL+`/things?after=1>; rel="next"`)
		return false
	}), func(set map[string]any) { set["paging"] = map[string]any{"kind": "link"} })
	_, err = lookup(t, link, byName)
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
	require.False(t, asked)
}
