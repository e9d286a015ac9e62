package file_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

const fixtures = "../../../../shared/fixtures/fides"

func fidesFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(fixtures + "/*.yml")
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skip("the Fides dataset files are not in shared/fixtures/fides beside the project")
	}
	return paths
}

func TestFidesDatasetFilesAreValidDataMaps(t *testing.T) {
	t.Parallel()
	paths := fidesFiles(t)
	datasets, problems, err := file.Load(paths...)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Len(t, datasets, len(paths))
	for _, p := range datamap.Check(datasets, nil) {
		require.Equal(t, datamap.Warning, p.Severity, p.String())
		t.Log(p.String())
	}
	g, err := datamap.Compile(datasets)
	require.NoError(t, err)
	require.Equal(t, []string{"email", "loyalty_id", "phone_number"}, g.IdentityKinds())
}
