package s3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/activities/connectors/s3/s3test"
	"habeas/models"
	"habeas/models/datamap"
)

// docs is a collection of documents by customer, erased as given.
func docs(t *testing.T, change func(*datamap.Collection)) *datamap.Node {
	t.Helper()
	c := datamap.Collection{Name: "docs", Table: "docs/{customer}/{file}", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{
		{Name: "path", PrimaryKey: true},
		{Name: "customer"},
		{Name: "file"},
		{Name: "content", Categories: []string{"user"}},
		{Name: "metadata.owner", Categories: []string{"user"}},
	}}
	if change != nil {
		change(&c)
	}
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{c}}})
	require.NoError(t, err)
	return g.Nodes[0]
}

func masked(c *datamap.Collection) { c.Erase = datamap.EraseMask }

func paths(list ...string) []datamap.Key {
	var keys []datamap.Key
	for _, s := range list {
		keys = append(keys, datamap.Key{datamap.Text(s)})
	}
	return keys
}

func owner(name string) minio.PutObjectOptions {
	return minio.PutObjectOptions{UserMetadata: map[string]string{"owner": name}, ContentType: "text/plain"}
}

// requireSafe requires the code, and an error that names no object and no value.
func requireSafe(t *testing.T, err error, code string) {
	t.Helper()
	require.Equal(t, code, models.CodeOf(err), "%v", err)
	for _, s := range []string{"docs/7", "secretly", s3test.Secret} {
		require.NotContains(t, fmt.Sprintf("%+v", err), s)
	}
}

func erase(t *testing.T, s connectors.System, order connectors.Erasure) (connectors.Outcome, error) {
	t.Helper()
	return s.(connectors.Eraser).Erase(t.Context(), order)
}

func left(t *testing.T, s connectors.System, order connectors.Erasure) int {
	t.Helper()
	n, err := s.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	return n
}

func lookup(t *testing.T, s connectors.System, n *datamap.Node, field, value string, fields ...string) ([]datamap.Row, error) {
	t.Helper()
	var rows []datamap.Row
	err := s.(connectors.Locator).Lookup(t.Context(), connectors.Query{
		Node: n, Fields: []string{field}, Keys: []datamap.Key{{datamap.Text(value)}}, Return: fields,
	}, func(r datamap.Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

// proxy stands between the connector and the store: handle sees each request and may pass it on.
func (h *harness) proxy(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, pass http.Handler)) (host string) {
	t.Helper()
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: h.server.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, pass) }))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestAllVersionsAndMarksOfDeletionAreErased(t *testing.T) {
	t.Parallel()
	h := newHarness(t, true)
	for i := range 3 {
		h.put(t, "docs/7/a.txt", fmt.Sprint("version ", i), owner("ann"))
	}
	h.put(t, "docs/7/gone.txt", "secretly", owner("ann"))
	require.NoError(t, h.client.RemoveObject(t.Context(), h.bucket, "docs/7/gone.txt", minio.RemoveObjectOptions{}))
	h.put(t, "docs/8/b.txt", "another", owner("bob"))
	h.put(t, "docs/7/a.txt.more", "another name with the same beginning", owner("bob"))
	system := open(t, h.server.DSN(h.bucket, ""), "")
	node := docs(t, nil)

	rows, err := lookup(t, system, node, "customer", "7", "path", "content")
	require.NoError(t, err)
	require.Len(t, rows, 3, "what was deleted in a bucket that keeps versions is still there")
	order := connectors.Erasure{Node: node, Delete: true, Keys: paths("docs/7/a.txt", "docs/7/gone.txt")}
	require.Equal(t, 2, left(t, system, order))
	out, err := erase(t, system, order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 2}, out)
	require.Zero(t, left(t, system, order))
	require.Len(t, h.objects(t, "docs/"), 2)
	require.Len(t, h.objects(t, "docs/7/a.txt.more"), 1)
}

func TestAMaskLeavesNoEarlierVersion(t *testing.T) {
	t.Parallel()
	h := newHarness(t, true)
	h.put(t, "docs/7/a.txt", "secretly", owner("ann"))
	system, node := open(t, h.server.DSN(h.bucket, ""), ""), docs(t, masked)
	order := connectors.Erasure{Node: node, Masks: node.Masks(), Keys: paths("docs/7/a.txt")}
	_, err := erase(t, system, order)
	require.NoError(t, err)
	require.Equal(t, []string{`docs/7/a.txt "" text/plain map[] `}, h.objects(t, "docs/"), "the type stays")
	require.Zero(t, left(t, system, order))

	// As when a run is killed between writing the new content and removing the old version.
	h.put(t, "docs/7/a.txt", "secretly", owner("ann"))
	h.put(t, "docs/7/a.txt", "", minio.PutObjectOptions{ContentType: "text/plain"})
	require.Equal(t, 1, left(t, system, order), "an earlier version is not masked")
	_, err = erase(t, system, order)
	require.NoError(t, err)
	require.Zero(t, left(t, system, order))
	require.Len(t, h.objects(t, "docs/"), 1)
}

func TestWhatTheStoreMustKeepIsBlockedAndLeftWhole(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	h := &harness{server: server, client: server.Client(t), bucket: server.Bucket(t, minio.MakeBucketOptions{ObjectLocking: true}), keeps: true}
	h.put(t, "docs/7/hold.txt", "one", owner("ann"))
	hold := minio.LegalHoldEnabled
	require.NoError(t, h.client.PutObjectLegalHold(t.Context(), h.bucket, "docs/7/hold.txt", minio.PutObjectLegalHoldOptions{Status: &hold}))
	h.put(t, "docs/7/hold.txt", "two", owner("ann")) // the newest version is free
	mode, until := minio.Governance, time.Now().Add(time.Hour)
	h.put(t, "docs/7/kept.txt", "three", minio.PutObjectOptions{Mode: mode, RetainUntilDate: until})
	h.put(t, "docs/7/free.txt", "four", owner("ann"))
	t.Cleanup(func() { free(t, h) })
	before := h.objects(t, "docs/7/hold.txt")
	system, node := open(t, h.server.DSN(h.bucket, ""), ""), docs(t, nil)
	order := connectors.Erasure{Node: node, Delete: true, Keys: paths("docs/7/hold.txt", "docs/7/free.txt", "docs/7/kept.txt")}
	out, err := erase(t, system, order)
	require.NoError(t, err)
	require.Equal(t, 1, out.Erased)
	require.Len(t, out.Blocked, 2)
	for _, b := range out.Blocked {
		require.Equal(t, connectors.BlockedRefused, b.Code)
		require.Equal(t, "docs/{customer}/{file}: a retention period or legal hold of the store", b.Detail)
	}
	require.Equal(t, before, h.objects(t, "docs/7/hold.txt"), "also the versions that are free")
	require.Equal(t, 2, left(t, system, order))
	node = docs(t, masked)
	out, err = erase(t, system, connectors.Erasure{Node: node, Masks: node.Masks(), Keys: paths("docs/7/hold.txt")})
	require.NoError(t, err)
	require.Len(t, out.Blocked, 1)
	require.Equal(t, before, h.objects(t, "docs/7/hold.txt"))
}

// free lets go of what is held, so that the data directory can be removed.
func free(t *testing.T, h *harness) {
	off := minio.LegalHoldDisabled
	for o := range h.client.ListObjectsIter(context.Background(), h.bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		if o.IsDeleteMarker || o.Err != nil {
			continue
		}
		_ = h.client.PutObjectLegalHold(context.Background(), h.bucket, o.Key, minio.PutObjectLegalHoldOptions{Status: &off, VersionID: o.VersionID})
	}
}

func TestWrongCredentialsAndAMissingBucketAreSaid(t *testing.T) {
	t.Parallel()
	h := newHarness(t, false)
	wrong := open(t, strings.Replace(h.server.DSN(h.bucket, ""), s3test.Secret, "secretly", 1), "")
	requireSafe(t, wrong.Ping(t.Context()), connectors.CodeCredentials)
	node := docs(t, nil)
	_, err := lookup(t, wrong, node, "customer", "7", "path")
	requireSafe(t, err, connectors.CodeCredentials)

	gone := open(t, h.server.DSN("no-such-bucket", ""), "")
	requireSafe(t, gone.Ping(t.Context()), connectors.CodeMismatch)
	_, err = erase(t, gone, connectors.Erasure{Node: node, Delete: true, Keys: paths("docs/7/a.txt")})
	requireSafe(t, err, connectors.CodeMismatch)
	_, err = gone.(connectors.Verifier).Left(t.Context(), connectors.Erasure{Node: node, Delete: true, Keys: paths("docs/7/a.txt")})
	requireSafe(t, err, connectors.CodeMismatch)
}

func TestMissingRightsOnOnePrefixAreNamed(t *testing.T) {
	t.Parallel()
	h := newHarness(t, false)
	h.put(t, "docs/7/a.txt", "secretly", owner("ann"))
	h.put(t, "free/7/a.txt", "fine", owner("ann"))
	user := "reader-" + h.bucket
	h.server.User(t, user)
	require.NoError(t, h.client.SetBucketPolicy(t.Context(), h.bucket, strings.NewReplacer("BUCKET", h.bucket, "USER", user).Replace(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"AWS": ["USER"]}, "Action": ["s3:ListBucket", "s3:GetBucketVersioning"], "Resource": ["arn:aws:s3:::BUCKET"]},
		{"Effect": "Allow", "Principal": {"AWS": ["USER"]}, "Action": ["s3:GetObject", "s3:DeleteObject"], "Resource": ["arn:aws:s3:::BUCKET/free/*"]}]}`)))
	system := open(t, strings.Replace(h.server.DSN(h.bucket, ""), "://"+s3test.Access, "://"+user, 1), "")
	require.NoError(t, system.Ping(t.Context()))
	node, free := docs(t, nil), docs(t, func(c *datamap.Collection) { c.Name, c.Table = "free", "free/{customer}/{file}" })
	problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{node, free})
	require.NoError(t, err)
	var refused []string
	for _, p := range problems {
		if p.Code == connectors.CodeRefused {
			refused = append(refused, p.Where)
		}
	}
	require.Equal(t, []string{"d.docs"}, refused)
	_, err = erase(t, system, connectors.Erasure{Node: node, Delete: true, Keys: paths("docs/7/a.txt")})
	requireSafe(t, err, connectors.CodeRefused)
	out, err := erase(t, system, connectors.Erasure{Node: free, Delete: true, Keys: paths("free/7/a.txt")})
	require.NoError(t, err)
	require.Equal(t, 1, out.Erased)
	require.Len(t, h.objects(t, ""), 1)
}

func TestAStoreThatAsksForFewerRequestsIsBusyAndTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHarness(t, false)
	h.put(t, "docs/7/a.txt", "secretly", owner("ann"))
	var refuse, asked atomic.Int64
	host := h.proxy(t, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		asked.Add(1)
		if refuse.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate for docs/7.</Message></Error>`)
			return
		}
		pass.ServeHTTP(w, r)
	})
	system, node := open(t, h.server.DSN(h.bucket, host), ""), docs(t, nil)
	refuse.Store(1 << 30)
	_, err := lookup(t, system, node, "customer", "7", "path")
	requireSafe(t, err, connectors.CodeBusy)
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.Greater(t, asked.Load(), int64(1), "it was tried again")
	refuse.Store(2)
	rows, err := lookup(t, system, node, "customer", "7", "path")
	require.NoError(t, err, "a short time of it is waited for")
	require.Len(t, rows, 1)
}

func TestASlowStoreIsGivenUpAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHarness(t, false)
	h.put(t, "docs/7/a.txt", "secretly", owner("ann"))
	var slow atomic.Bool
	slow.Store(true)
	host := h.proxy(t, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if slow.Load() {
			<-r.Context().Done()
			return
		}
		pass.ServeHTTP(w, r)
	})
	system, node := open(t, h.server.DSN(h.bucket, host)+"&timeout=100ms", ""), docs(t, nil)
	_, err := erase(t, system, connectors.Erasure{Node: node, Delete: true, Keys: paths("docs/7/a.txt")})
	requireSafe(t, err, connectors.CodeUnavailable)
	require.Equal(t, models.Unavailable, models.KindOf(err))
	slow.Store(false)
	out, err := erase(t, open(t, h.server.DSN(h.bucket, host), ""), connectors.Erasure{Node: node, Delete: true, Keys: paths("docs/7/a.txt")})
	require.NoError(t, err)
	require.Equal(t, 1, out.Erased)
}

func TestAConnectionThatBreaksInMidTransferIsNoEndOfTheContent(t *testing.T) {
	t.Parallel()
	h := newHarness(t, false)
	content := strings.Repeat("0123456789abcdef", 1<<17) // 2 MiB
	h.put(t, "docs/7/a.txt", content, owner("ann"))
	var breaking atomic.Value
	breaking.Store("")
	host := h.proxy(t, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if breaking.Load() != r.Method || !strings.Contains(r.URL.Path, "a.txt") {
			pass.ServeHTTP(w, r)
			return
		}
		if r.Method == http.MethodPut {
			_, _ = io.CopyN(io.Discard, r.Body, 1000)
			panic(http.ErrAbortHandler)
		}
		pass.ServeHTTP(&breakingWriter{ResponseWriter: w, after: 1 << 20}, r)
	})
	system, node := open(t, h.server.DSN(h.bucket, host), ""), docs(t, nil)
	breaking.Store(http.MethodGet)
	_, err := lookup(t, system, node, "customer", "7", "content")
	requireSafe(t, err, connectors.CodeUnavailable)
	err = system.(connectors.Attacher).Attachments(t.Context(), node, paths("docs/7/a.txt"), func(_ string, size int64, r io.Reader) error {
		require.EqualValues(t, len(content), size)
		_, err := io.Copy(io.Discard, r)
		return err
	})
	requireSafe(t, err, connectors.CodeUnavailable)

	breaking.Store(http.MethodPut)
	node = docs(t, masked)
	before := h.objects(t, "docs/")
	order := connectors.Erasure{Node: node, Masks: node.Masks(), Keys: paths("docs/7/a.txt")}
	_, err = erase(t, system, order)
	requireSafe(t, err, connectors.CodeUnavailable)
	require.Equal(t, before, h.objects(t, "docs/"), "the old object is whole")
	breaking.Store("")
	_, err = erase(t, system, order)
	require.NoError(t, err)
	require.Zero(t, left(t, system, order))
}

type breakingWriter struct {
	http.ResponseWriter
	after int
}

func (b *breakingWriter) Write(p []byte) (int, error) {
	if b.after -= len(p); b.after < 0 {
		panic(http.ErrAbortHandler)
	}
	return b.ResponseWriter.Write(p)
}

func TestAnObjectThatAnotherChangesMeanwhileKeepsWhatTheOtherWrote(t *testing.T) {
	t.Parallel()
	h := newHarness(t, false)
	h.put(t, "docs/7/a.txt", "secretly", owner("ann"))
	var once atomic.Bool
	host := h.proxy(t, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if r.Method == http.MethodPut && once.CompareAndSwap(false, true) {
			h.put(t, "docs/7/a.txt", "other content", owner("bob"))
		}
		pass.ServeHTTP(w, r)
	})
	system, node := open(t, h.server.DSN(h.bucket, host), ""), docs(t, masked)
	store := system.(*blobs.System).Store
	was, there, err := store.Stat(t.Context(), "docs/7/a.txt", false)
	require.NoError(t, err)
	require.True(t, there)
	err = store.Replace(t.Context(), was, blobs.Change{Body: func(w io.Writer) error {
		_, err := io.WriteString(w, "mine")
		return err
	}})
	requireSafe(t, err, blobs.CodeChanged)
	require.Equal(t, []string{`docs/7/a.txt "other content" text/plain map[Owner:bob] `}, h.objects(t, "docs/"))

	once.Store(false)
	order := connectors.Erasure{Node: node, Masks: node.Masks(), Keys: paths("docs/7/a.txt")}
	out, err := erase(t, system, order)
	require.NoError(t, err, "it is looked at again")
	require.Equal(t, connectors.Outcome{Masked: 1}, out)
	require.Zero(t, left(t, system, order))
}

func TestAStoreThatListsLateHidesNothingThatAKeyNames(t *testing.T) {
	t.Parallel()
	h := newHarness(t, false)
	h.put(t, "docs/7/old.txt", "old", owner("ann"))
	h.put(t, "docs/7/fresh.txt", "fresh", owner("ann"))
	entry := regexp.MustCompile(`(?s)<Contents>.*?</Contents>`)
	host := h.proxy(t, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if r.URL.Query().Get("list-type") == "" {
			pass.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		pass.ServeHTTP(answer, r)
		body := entry.ReplaceAllFunc(answer.Body.Bytes(), func(e []byte) []byte {
			if bytes.Contains(e, []byte("fresh")) {
				return nil
			}
			return e
		})
		w.Header().Set("Content-Type", "application/xml")
		_, _ = w.Write(body)
	})
	system, node := open(t, h.server.DSN(h.bucket, host), ""), docs(t, nil)
	rows, err := lookup(t, system, node, "customer", "7", "path")
	require.NoError(t, err)
	require.Len(t, rows, 1, "a search by a prefix knows what the list knows")
	rows, err = lookup(t, system, node, "path", "docs/7/fresh.txt", "path")
	require.NoError(t, err)
	require.Len(t, rows, 1, "a search by the path asks for the object")
	order := connectors.Erasure{Node: node, Delete: true, Keys: paths("docs/7/fresh.txt")}
	require.Equal(t, 1, left(t, system, order))
	n, err := system.(connectors.Verifier).Count(t.Context(), connectors.Query{Node: node, Fields: []string{"path"}, Keys: order.Keys})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	out, err := erase(t, system, order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1}, out)
	require.Zero(t, left(t, system, order))
}
