package drops_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/s3/s3test"
)

// bucket is a place in an object store.
type bucket struct {
	server *s3test.Server
	client *minio.Client
	name   string
}

func newBucket(t *testing.T, versioned bool) *bucket {
	t.Helper()
	server := s3test.Start(t)
	b := &bucket{server: server, client: server.Client(t), name: server.Bucket(t, minio.MakeBucketOptions{})}
	if versioned {
		require.NoError(t, b.client.EnableVersioning(t.Context(), b.name))
	}
	return b
}

func (b *bucket) dsn() string { return b.server.DSN(b.name, "") }

func (b *bucket) write(t *testing.T, name string, content []byte) {
	t.Helper()
	_, err := b.client.PutObject(t.Context(), b.name, name, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{ContentType: "text/x-rows"})
	require.NoError(t, err)
}

func (b *bucket) read(t *testing.T, name string) []byte {
	t.Helper()
	r, err := b.client.GetObject(t.Context(), b.name, name, minio.GetObjectOptions{})
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return content
}

func TestConformanceInABucket(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{"csv.gz", "jsonl", "parquet"} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, func(t *testing.T) connectortest.Harness {
				return &harness{place: newBucket(t, ending == "jsonl"), ending: ending}
			})
		})
	}
}
