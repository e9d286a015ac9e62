package s3_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/s3"
	"habeas/activities/connectors/s3/s3test"
	"habeas/models"
	"habeas/models/datamap"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, versioned := range map[string]bool{"plain": false, "versioned": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, func(t *testing.T) connectortest.Harness { return newHarness(t, versioned) })
		})
	}
}

// harness keeps a row as an object: what the pattern names in its key, the picture as its content, the mark of a restriction as a tag, and
// the rest as metadata.
type harness struct {
	server *s3test.Server
	client *minio.Client
	bucket string
	keeps  bool // versions
}

func newHarness(t *testing.T, versioned bool) *harness {
	t.Helper()
	server := s3test.Start(t)
	h := &harness{server: server, client: server.Client(t), bucket: server.Bucket(t, minio.MakeBucketOptions{}), keeps: versioned}
	if versioned {
		require.NoError(t, h.client.EnableVersioning(t.Context(), h.bucket))
	}
	return h
}

var patterns = map[string]string{"people": "people/{id}", "members": "members/{org}/{no}", "events": "events/*"}

func (h *harness) Limits() connectortest.Limits {
	return connectortest.Limits{
		AsText: []datamap.Kind{
			datamap.KindInt, datamap.KindDate, datamap.KindDecimal, datamap.KindBool, datamap.KindTimestamp, datamap.KindDateTime, datamap.KindUUID,
		},
		EmptyIsNull: true, NoArrays: true, Inferred: true, NoTriggers: true,
	}
}

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	fields := map[string]string{}
	for _, table := range tables {
		pattern := patterns[table.Node.Collection.Name]
		table.Node.Table = pattern
		for i, row := range table.Rows {
			key, content := strings.ReplaceAll(pattern, "*", fmt.Sprint(i)), ""
			opts := minio.PutObjectOptions{UserMetadata: map[string]string{}, UserTags: map[string]string{}}
			for j, c := range table.Columns {
				switch hole := "{" + c.Name + "}"; {
				case strings.Contains(pattern, hole):
					key = strings.ReplaceAll(key, hole, row[j].Text())
				case c.Kind == datamap.KindBytes:
					fields[c.Name], content = "content", row[j].Text()
				case c.Name == "restricted_at":
					fields[c.Name] = "tag." + c.Name
				default:
					fields[c.Name] = "metadata." + c.Name
					if text := row[j].Text(); text != "" {
						if strings.TrimSpace(text) != text {
							text = "=?utf-8?q?" + strings.ReplaceAll(text, " ", "_") + "?="
						}
						opts.UserMetadata[c.Name] = mime.QEncoding.Encode("utf-8", text)
					}
				}
			}
			h.put(t, key, content, opts)
		}
	}
	settings, err := json.Marshal(map[string]any{"fields": fields})
	require.NoError(t, err)
	return open(t, h.server.DSN(h.bucket, ""), string(settings))
}

func (h *harness) put(t *testing.T, key, content string, opts minio.PutObjectOptions) {
	t.Helper()
	_, err := h.client.PutObject(t.Context(), h.bucket, key, strings.NewReader(content), int64(len(content)), opts)
	require.NoError(t, err)
}

func open(t *testing.T, dsn, settings string) connectors.System {
	t.Helper()
	s, err := s3.Open(t.Context(), connectors.Config{Name: "test", Kind: s3.Kind, DSN: models.Personal(dsn), Secret: connectortest.Secret, Settings: []byte(settings)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// Rows describes all versions of all objects.
func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	first, _, _ := strings.Cut(table.Node.Table, "/")
	return h.objects(t, first)
}

func (h *harness) objects(t *testing.T, prefix string) []string {
	t.Helper()
	list := []string{}
	for o := range h.client.ListObjectsIter(context.Background(), h.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: h.keeps}) {
		require.NoError(t, o.Err)
		if o.IsDeleteMarker {
			list = append(list, o.Key+" deleted")
			continue
		}
		r, err := h.client.GetObject(t.Context(), h.bucket, o.Key, minio.GetObjectOptions{VersionID: o.VersionID})
		require.NoError(t, err)
		info, err := r.Stat()
		require.NoError(t, err)
		var b bytes.Buffer
		_, err = io.Copy(&b, r)
		require.NoError(t, err)
		tags, err := h.client.GetObjectTagging(t.Context(), h.bucket, o.Key, minio.GetObjectTaggingOptions{VersionID: o.VersionID})
		text := ""
		if err == nil {
			text = tags.String()
		}
		list = append(list, fmt.Sprintf("%s %q %s %v %s", o.Key, b.String(), info.ContentType, info.UserMetadata, text))
	}
	slices.Sort(list)
	return list
}
