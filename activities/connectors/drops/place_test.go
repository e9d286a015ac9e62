package drops_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/s3/s3test"
	"habeas/models/datamap"
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

func TestNoEarlierVersionOfARewrittenFileIsLeft(t *testing.T) {
	t.Parallel()
	b := newBucket(t, true)
	b.write(t, "p.csv", []byte("id,mail,note\n1,a,first\n"))
	b.write(t, "p.csv", []byte("id,mail,note\n1,a,second\n2,b,c\n"))
	b.write(t, "other.csv", []byte("id,mail,note\n1,a,first\n"))
	b.write(t, "other.csv", []byte("id,mail,note\n2,b,c\n"))
	b.write(t, "gone.csv", []byte("id,mail,note\n1,a,first\n"))
	require.NoError(t, b.client.RemoveObject(t.Context(), b.name, "gone.csv", minio.RemoveObjectOptions{}))
	system, node := open(t, b.dsn(), ""), people(t, "*.csv", nil)
	out, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("1"), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1}, out)
	versions := map[string]int{}
	for o := range b.client.ListObjectsIter(t.Context(), b.name, minio.ListObjectsOptions{WithVersions: true, Recursive: true}) {
		require.NoError(t, o.Err)
		versions[o.Key]++
	}
	require.Equal(t, 1, versions["p.csv"], "the earlier versions of a file that was rewritten")
	require.Equal(t, 2, versions["other.csv"], "a file without the row stays as it is")
	problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{node})
	require.NoError(t, err)
	codes := []string{}
	for _, p := range problems {
		codes = append(codes, p.Code)
	}
	require.Contains(t, codes, "keeps_versions")
	require.Contains(t, codes, "deleted_files")
	info, err := b.client.StatObject(t.Context(), b.name, "p.csv", minio.StatObjectOptions{})
	require.NoError(t, err)
	require.Equal(t, "text/x-rows", info.ContentType)
}

func TestAFileUnderALegalHoldBlocksItsRows(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	b := &bucket{server: server, client: server.Client(t), name: server.Bucket(t, minio.MakeBucketOptions{ObjectLocking: true})}
	content := []byte("id,mail,note\n1,a,first\n")
	b.write(t, "held.csv", content)
	b.write(t, "free.csv", []byte("id,mail,note\n1,a,x\n2,b,c\n"))
	hold, off := minio.LegalHoldEnabled, minio.LegalHoldDisabled
	require.NoError(t, b.client.PutObjectLegalHold(t.Context(), b.name, "held.csv", minio.PutObjectLegalHoldOptions{Status: &hold}))
	t.Cleanup(func() {
		_ = b.client.PutObjectLegalHold(context.Background(), b.name, "held.csv", minio.PutObjectLegalHoldOptions{Status: &off})
	})
	node := people(t, "*.csv", nil)
	out, err := open(t, b.dsn(), "").(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("1", "2"), Delete: true})
	require.NoError(t, err)
	require.Equal(t, 1, out.Erased)
	require.Equal(t, []connectors.Blocked{{Key: keys("1")[0], Code: connectors.BlockedRefused, Detail: "*.csv: a retention period or legal hold of the store"}}, out.Blocked)
	require.Equal(t, content, b.read(t, "held.csv"))
}
