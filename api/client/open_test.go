package client_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/api/client"
)

// served is a client of a handler, with the calls that reach it.
func served(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) (*client.ClientWithResponses, *[]string) {
	t.Helper()
	calls := &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*calls = append(*calls, r.Method+" "+r.URL.String()+" "+string(body))
		answer(len(*calls), w, r)
	}))
	t.Cleanup(server.Close)
	c, err := client.Open(server.URL+"/", "habeas_key", server.Client())
	require.NoError(t, err)
	return c, calls
}

func TestAProblemIsAnError(t *testing.T) {
	t.Parallel()
	c, calls := served(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer habeas_key" {
			t.Error("the key is missing")
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"type":"t","title":"T","status":409,"detail":"Look again.","code":"plan_changed","instance":"i","errors":[{"pointer":"/plan_digest","code":"plan_changed"}]}`)
	})
	_, err := c.DecideWithResponse(t.Context(), "id", nil, client.NewDecision{Kind: "approve"})
	var problem *client.Error
	require.ErrorAs(t, err, &problem)
	require.Equal(t, 409, problem.Status)
	require.EqualError(t, err, "Look again. (/plan_digest: plan_changed) [plan_changed]")
	require.Len(t, *calls, 1)
}

func TestACallThatMayBeRepeatedIs(t *testing.T) {
	t.Parallel()
	busy := func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"id":"1","kind":"instruct"}`)
	}
	c, calls := served(t, busy)
	got, err := c.DecideWithResponse(t.Context(), "id", &client.DecideParams{IdempotencyKey: "k"}, client.NewDecision{Kind: "instruct"})
	require.NoError(t, err)
	require.Equal(t, "instruct", got.JSON202.Kind)
	require.Equal(t, []string{`POST /v1/requests/id/decisions {"kind":"instruct"}`, `POST /v1/requests/id/decisions {"kind":"instruct"}`}, *calls)

	c, calls = served(t, busy)
	_, err = c.DecideWithResponse(t.Context(), "id", &client.DecideParams{}, client.NewDecision{Kind: "instruct"})
	require.ErrorContains(t, err, "503")
	require.Len(t, *calls, 1, "without a key nobody knows whether it was done")
}

func TestParametersThatAreNotSetAreLeftOut(t *testing.T) {
	t.Parallel()
	c, calls := served(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"requests":[]}`)
	})
	got, err := c.ListRequestsWithResponse(t.Context(), &client.ListRequestsParams{State: "in_review", Limit: 5})
	require.NoError(t, err)
	require.Empty(t, got.JSON200.Requests)
	_, err = c.ListRequestsWithResponse(t.Context(), &client.ListRequestsParams{})
	require.NoError(t, err)
	require.Equal(t, []string{"GET /v1/requests?limit=5&overdue=false&state=in_review ", "GET /v1/requests?overdue=false "}, *calls)
	for _, bad := range []string{"", "privacy.example.com", "ftp://x.example", "https://user:password@x.example"} {
		_, err := client.Open(bad, "", &http.Client{})
		require.ErrorContains(t, err, "must be like")
	}
}
