package s3_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/s3"
	"habeas/models"
)

func TestAnAddressThatIsWrongIsRefusedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"", "/srv/x", "ftp://key:secretly@host/bucket", "https://host/bucket", "https://key@host/bucket", "https://key:secretly@host/", "https://key:secretly@host/a/b",
		"https://key:secretly@host/bucket?typo=secretly", "https://key:secretly@host/bucket?timeout=secretly", "https://key:secretly@ho st/bucket", "https://key:%zzsecretly@host/b",
	} {
		_, err := s3.Open(t.Context(), connectors.Config{Name: "test", Kind: s3.Kind, DSN: models.Personal(dsn)})
		require.Equal(t, "bad_dsn", models.CodeOf(err), dsn)
		require.NotContains(t, err.Error(), "secretly", dsn)
	}
	s, err := s3.Open(t.Context(), connectors.Config{Name: "test", Kind: s3.Kind, DSN: "https://key:secretly@s3.eu-central-1.amazonaws.com/bucket?region=eu-central-1&session_token=x&timeout=5s"})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
