package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/rest"
	"habeas/models"
	"habeas/models/datamap"
)

// settings are a system's in a systems file, all as written there but for the address of the API, which is a server of the test's.
func settings(t *testing.T, path, system string) (map[string]any, string) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return parse(t, b, system)
}

func parse(t *testing.T, text []byte, system string) (map[string]any, string) {
	t.Helper()
	var file struct {
		Systems map[string]struct {
			Kind     string
			DSN      string
			DSNEnv   string `yaml:"dsn_env"`
			Settings map[string]any
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	require.Equal(t, rest.Kind, file.Systems[system].Kind)
	return file.Systems[system].Settings, file.Systems[system].DSN
}

// open opens a system whose API is the handler.
func open(t *testing.T, set map[string]any, dsn string, api http.Handler) connectors.System {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return openAt(t, set, dsn, server.URL)
}

func openAt(t *testing.T, set map[string]any, dsn, address string) connectors.System {
	t.Helper()
	s, err := tryOpen(t, set, dsn, address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func tryOpen(t *testing.T, set map[string]any, dsn, address string) (connectors.System, error) {
	t.Helper()
	if own, err := url.Parse(fmt.Sprint(set["url"])); err == nil {
		address += own.Path
	}
	set["url"] = address
	if set["private"] == nil {
		set["private"] = []string{hostOf(t, address)}
	}
	b, err := json.Marshal(set)
	require.NoError(t, err)
	return rest.Open(t.Context(), connectors.Config{Name: "api", Kind: rest.Kind, DSN: models.Personal(dsn), Settings: b, Secret: connectortest.Secret})
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Host
}

func requireError(t *testing.T, err error, kind models.Kind, code string) {
	t.Helper()
	require.Equal(t, code, models.CodeOf(err), "%v", err)
	require.Equal(t, kind, models.KindOf(err))
	for _, secret := range []string{"ann@", "canary", "127.0.0.1"} {
		require.NotContains(t, err.Error(), secret, "an error holds no value and no address")
	}
}

func lookup(t *testing.T, s connectors.System, q connectors.Query) ([]datamap.Row, error) {
	t.Helper()
	locator, err := connectors.As[connectors.Locator](s, "locate")
	require.NoError(t, err)
	var rows []datamap.Row
	err = locator.Lookup(t.Context(), q, func(r datamap.Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

func keys(values ...datamap.Value) []datamap.Key {
	var list []datamap.Key
	for _, v := range values {
		list = append(list, datamap.Key{v})
	}
	return list
}
