package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/activities/connectors/localfiles"
	"habeas/models"
	"habeas/models/datamap"
)

const docsMap = `
  - fides_key: docs
    habeas: {purposes: [customer service], legal_basis: contract}
    collections:
      - name: contracts
        description: Your contracts
        data_categories: [user.contact]
        habeas: {table: "customers/{customer_id}/{file}", erase: delete, portable: true}
        fields:
          - {name: path, fides_meta: {primary_key: true}}
          - name: customer_id
            fides_meta: {references: [{dataset: crm, field: customers.id, direction: from}]}
          - {name: file}
          - {name: size}
          - {name: content, data_categories: [user.contact]}
      - name: notes
        description: Notes about you
        data_categories: [user.behavior]
        habeas: {table: "notes/{customer_id}.txt", erase: delete}
        fields:
          - {name: path, fides_meta: {primary_key: true}}
          - name: customer_id
            fides_meta: {references: [{dataset: crm, field: customers.id, direction: from}]}
`

// documents adds a directory with documents of customers to the world.
func documents(t *testing.T, w *world) (dir string) {
	t.Helper()
	dir = t.TempDir()
	put(t, dir, "customers/1/contract.txt", "the contract")
	put(t, dir, "customers/1/Plan: A.txt", "plan a")
	put(t, dir, "customers/2/contract.txt", bobEmail)
	put(t, dir, "notes/1.txt", "a note")
	system, err := localfiles.Open(t.Context(), connectors.Config{Name: "docs", Kind: localfiles.Kind, DSN: models.Personal(dir), Secret: []byte("0123456789abcdef")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, system.Close()) })
	files, ok := system.(*blobs.System)
	require.True(t, ok)
	w.deps.Graph = compile(t, append(bytes.Clone(crmMap), docsMap...))
	w.deps.Systems = map[string]connectors.System{"crm": w.crm, "docs": &watchedFiles{System: files}}
	w.rebuild()
	return dir
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o640))
}

// watchedFiles measures the heap while contents are read.
type watchedFiles struct {
	*blobs.System
	peak uint64
}

func (w *watchedFiles) Attachments(ctx context.Context, n *datamap.Node, keys []datamap.Key, yield func(string, int64, io.Reader) error) error {
	return w.System.Attachments(ctx, n, keys, func(name string, size int64, r io.Reader) error {
		return yield(name, size, &watchedReader{in: r, files: w})
	})
}

type watchedReader struct {
	in    io.Reader
	files *watchedFiles
	read  int
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if r.read += n; r.read>>22 != (r.read-n)>>22 {
		r.files.peak = max(r.files.peak, heap())
	}
	return n, err
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestACopyHoldsThePersonsDocumentsAsFiles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	documents(t, w)
	files := w.fetched(build(w, w.approved(models.Access, nil)))
	require.Equal(t, "the contract", string(files["files/docs.contracts/customers/1/contract.txt"]))
	require.Equal(t, "plan a", string(files["files/docs.contracts/customers/1/Plan_ A.txt"]), "a name that every machine can hold")
	require.Equal(t, "a note", string(files["files/docs.notes/notes/1.txt"]))
	for name, content := range files {
		require.NotContains(t, string(content), bobEmail, name)
		require.False(t, strings.HasPrefix(name, "files/docs.contracts/customers/2"))
	}
	require.Contains(t, string(files["README.txt"]), "files/docs.contracts/")
	require.Contains(t, string(files["README.txt"]), "2 files: Your contracts")
	var rows []map[string]any
	require.NoError(t, json.Unmarshal(files["data/docs.contracts.json"], &rows))
	require.Len(t, rows, 2)
	require.NotContains(t, rows[0], "content", "it is a file")
}

func TestAnExportHoldsTheFilesOfPortableCollectionsOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	documents(t, w)
	files := w.fetched(build(w, w.approved(models.Export, nil)))
	require.Contains(t, files, "files/docs.contracts/customers/1/contract.txt")
	for name := range files {
		require.NotContains(t, name, "notes")
	}
}

func TestTheDocumentsOfARedactedGroupAreLeftOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	documents(t, w)
	w.deps.Graph = compile(t, append(bytes.Clone(crmMap), strings.Replace(docsMap, "erase: delete, portable: true}", "erase: delete, shared: always}", 1)...))
	w.rebuild()
	files := w.fetched(build(w, w.approved(models.Access, map[string]models.Treatment{"contracts": models.TreatRedact})))
	require.Contains(t, files, "data/docs.contracts.json")
	require.Contains(t, files, "files/docs.notes/notes/1.txt")
	for name := range files {
		require.NotContains(t, name, "files/docs.contracts")
	}
}

// It is not parallel, because it measures the heap of the whole process.
func TestALargeDocumentIsCopiedInConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds: a copy with a document of 64 MiB")
	}
	w := setup(t)
	dir := documents(t, w)
	const size = 64 << 20
	film, err := os.Create(filepath.Join(dir, "customers/1/film.mp4"))
	require.NoError(t, err)
	_, err = io.CopyN(film, rand.NewChaCha8([32]byte{1}), size)
	require.NoError(t, errors.Join(err, film.Close()))
	id := w.approved(models.Access, nil)
	before := heap()
	pkg := do[activities.Package](w, w.acts.BuildPackage, activities.RequestRef{RequestID: id})
	watched, ok := w.deps.Systems["docs"].(*watchedFiles)
	require.True(t, ok)
	t.Logf("heap %d KiB before, %d KiB at most", before>>10, watched.peak>>10)
	require.NotZero(t, watched.peak)
	require.Less(t, watched.peak, before+16<<20)
	view, err := w.store.Package(t.Context(), models.ScopeOperator(), pkg.PackageID)
	require.NoError(t, err)
	require.Greater(t, view.Size, int64(size))
}
