package rest_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

func TestATokenThatTheAPIRefusesIsFetchedAnewOnce(t *testing.T) {
	t.Parallel()
	var given, valid atomic.Int32
	valid.Store(2)
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token": "t%d", "token_type": "bearer", "expires_in": 3600}`, given.Add(1))
	}))
	t.Cleanup(authority.Close)
	api := httptest.NewServer(between(things(), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == fmt.Sprintf("Bearer t%d", valid.Load()) {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error": "canary"}`)
		return true
	}))
	t.Cleanup(api.Close)
	set, _ := parse(t, []byte(small), "small")
	set["auth"] = map[string]any{"kind": "oauth2", "client_id": "id", "token_url": authority.URL}
	set["private"] = []string{hostOf(t, api.URL), hostOf(t, authority.URL)}
	s := openAt(t, set, "canary", api.URL)
	rows, err := lookup(t, s, byID)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.EqualValues(t, 2, given.Load(), "the first was refused")

	valid.Store(100)
	_, err = lookup(t, s, byID)
	requireError(t, err, models.Forbidden, connectors.CodeCredentials)
	require.EqualValues(t, 3, given.Load())
	authority.Close()
	_, err = lookup(t, s, byID)
	requireError(t, err, models.Unavailable, connectors.CodeUnavailable)
}

func TestWrongCredentialsAreSaidAndNeverShown(t *testing.T) {
	t.Parallel()
	set, _ := settings(t, examples+"crm-systems.yaml", "crm")
	s := open(t, set, "canary-of-another", crm())
	requireError(t, s.Ping(t.Context()), models.Forbidden, connectors.CodeCredentials)
	_, err := s.(connectors.Checker).Check(t.Context(), nil)
	requireError(t, err, models.Forbidden, connectors.CodeCredentials)
	require.NotContains(t, fmt.Sprintf("%v %s", err, set), "canary")
}

func TestRowsThatASearchShowsInPartAreReadWhole(t *testing.T) {
	t.Parallel()
	api := things()
	s := openSmall(t, between(api, func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("name") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data": [{"id": 2}, {"id": 1}, {"id": 9}]}`) // 9 has gone meanwhile
		return true
	}), func(set map[string]any) {
		c := set["collections"].(map[string]any)["things"].(map[string]any)
		c["find"].([]any)[1].(map[string]any)["detail"] = true
	})
	q := byName
	q.Return = []string{"id", "email"}
	rows, err := lookup(t, s, q)
	require.NoError(t, err)
	require.Equal(t, []datamap.Row{{Columns: q.Return, Values: []datamap.Value{datamap.Int(1), datamap.Text("ann@x")}}}, rows)
}

func TestAnAPIWithAnAuthorityOfItsOwnIsTrustedByName(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(things())
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	set, _ := parse(t, []byte(small), "small")
	requireError(t, openAt(t, set, "", server.URL).Ping(t.Context()), models.Unavailable, connectors.CodeUnavailable)
	set["ca_file"] = file
	require.NoError(t, openAt(t, set, "", server.URL).Ping(t.Context()))
	set["ca_file"] = file + ".no"
	_, err := tryOpen(t, set, "", server.URL)
	requireError(t, err, models.Invalid, "bad_settings")
}
