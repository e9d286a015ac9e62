package config_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/config"
)

func TestTheExamplesOfConnectorsAreFilesOfSystems(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../docs/connectors/examples/*-systems.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		systems, err := config.LoadSystems(file, map[string]string{"CRM_TOKEN": "t", "DESK_TOKEN": "t"})
		require.NoError(t, err, file)
		for name, s := range systems {
			require.NotEmpty(t, s.Settings, "%s: %s", file, name)
			require.Equal(t, "t", s.DSN.Reveal())
		}
	}
}
