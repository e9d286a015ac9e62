package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/app"
	"habeas/models"
)

const farMap = goodMap + `
  - fides_key: far
    habeas: {system: far}
    collections:
      - name: guests
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`

func TestAWorkerServesTheSystemsThatItWasTold(t *testing.T) {
	t.Parallel()
	const dsn = "dsn: 'postgres://habeas:canary@127.0.0.1:1/x'"
	for name, c := range map[string]struct {
		systems string
		only    []string
		build   string // code of an error
		work    string
	}{
		"all":                       {"{crm: {kind: postgres, " + dsn + "}, far: {kind: postgres, " + dsn + "}}", nil, "", ""},
		"one that is elsewhere":     {"{crm: {kind: postgres, " + dsn + "}, far: {kind: postgres, queue: oslo}}", nil, "", ""},
		"people":                    {"{crm: {kind: postgres, " + dsn + "}, far: {kind: manual}}", nil, "", ""},
		"one that is not there":     {"{crm: {kind: postgres, " + dsn + "}}", nil, "unknown_system", ""},
		"only the far one":          {"{far: {kind: postgres, " + dsn + ", queue: oslo}}", []string{"far"}, "", ""},
		"one without a queue":       {"{far: {kind: postgres, " + dsn + "}}", []string{"far"}, "not_served", ""},
		"one without an address":    {"{far: {kind: postgres, queue: oslo}}", []string{"far"}, "not_served", ""},
		"one that nobody knows":     {"{far: {kind: postgres, " + dsn + ", queue: oslo}}", []string{"moon"}, "unknown_system", ""},
		"one that is not in a file": {"{crm: {kind: postgres, " + dsn + "}}", []string{"far"}, "unknown_system", ""},
		"half of a queue": {
			"{crm: {kind: postgres, queue: oslo}, far: {kind: postgres, " + dsn + ", queue: oslo}}", []string{"far"}, "", "queue_divided",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := settings(t)
			cfg.DataMaps = []string{file(t, farMap)}
			cfg.Systems = file(t, "systems: "+c.systems)
			a, err := app.Build(t.Context(), cfg, app.Options{Systems: c.only})
			if c.build != "" {
				require.Equal(t, c.build, models.CodeOf(err))
				require.NotContains(t, err.Error(), "canary")
				return
			}
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, a.Close()) })
			if c.work != "" {
				require.Equal(t, c.work, models.CodeOf(a.Work(t.Context())))
			}
		})
	}
}
