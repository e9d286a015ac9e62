package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

// delivering is an access request whose package may be built.
func (b *bundle) delivering(email string) models.ID {
	b.t.Helper()
	sub := b.submission(email)
	sub.Right = models.Access
	id := b.verified(sub).RequestID
	b.advance(id, models.Verifying, models.Locating, models.InReview, models.Executing)
	return id
}

// noise is a reproducible stream of n bytes.
func noise(n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{1}), n)
}

// write fills a package and returns the digest of its plain file.
func (b *bundle) write(id models.ID, size int64) string {
	b.t.Helper()
	w, err := b.PackageWriter(b.t.Context(), id)
	require.NoError(b.t, err)
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), noise(size))
	require.NoError(b.t, err)
	require.Equal(b.t, size, n)
	require.NoError(b.t, w.Close())
	return hex.EncodeToString(sum.Sum(nil))
}

// ready is a package that waits to be fetched for a week.
func (b *bundle) ready(email string, size int64) (request, id models.ID, token, digest string) {
	b.t.Helper()
	request = b.delivering(email)
	id, err := b.CreatePackage(b.t.Context(), request)
	require.NoError(b.t, err)
	digest = b.write(id, size)
	token, err = b.FinishPackage(b.t.Context(), id, digest, size, b.now().Add(7*24*time.Hour))
	require.NoError(b.t, err)
	b.advance(request, models.Delivering)
	return request, id, token, digest
}

func (b *bundle) code(token string) string {
	b.t.Helper()
	c, err := b.IssuePackageCode(b.t.Context(), token)
	require.NoError(b.t, err)
	return c.Code
}

// fetch reads a package with a fresh code and returns its digest.
func (b *bundle) fetch(token string) (string, error) {
	b.t.Helper()
	file, _, _, err := b.OpenPackage(b.t.Context(), token, b.code(token))
	require.NoError(b.t, err)
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	require.NoError(b.t, file.Close())
	return hex.EncodeToString(sum.Sum(nil)), err
}

func TestPackageComesBackByteForByte(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, size := range []int64{0, 1, 1 << 20, 3<<20 + 17} {
		email := string(rune('a'+i)) + "@example.org"
		_, id, token, digest := b.ready(email, size)
		again, err := b.FinishPackage(t.Context(), id, "another", 1, b.now())
		require.NoError(t, err)
		require.Equal(t, token, again, "a retry gives the same link")
		file, n, name, err := b.OpenPackage(t.Context(), token, b.code(token))
		require.NoError(t, err)
		require.Equal(t, size, n)
		require.Regexp(t, `^access-.+\.zip$`, name)
		content, err := io.ReadAll(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		sum := sha256.Sum256(content)
		require.Equal(t, digest, hex.EncodeToString(sum[:]))
	}
}

func TestHalfWrittenPackageIsReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	request := b.delivering("ada@example.org")
	id, err := b.CreatePackage(t.Context(), request)
	require.NoError(t, err)
	again, err := b.CreatePackage(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, id, again)

	first, err := b.PackageWriter(t.Context(), id)
	require.NoError(t, err)
	_, err = io.Copy(first, noise(5<<20))
	require.NoError(t, err)
	_, err = b.FinishPackage(t.Context(), id, "", 0, b.now())
	requireCode(t, "package_incomplete", err)

	digest := b.write(id, 2<<20)
	require.Equal(t, 3, b.count(`SELECT count(*) FROM package_chunks`), "nothing of the first writer is left")
	_, err = io.Copy(first, noise(3<<20))
	requireCode(t, "package_superseded", err)
	requireCode(t, "package_superseded", first.Close())

	_, err = b.FinishPackage(t.Context(), id, digest, 2<<20, b.now().Add(time.Hour))
	require.NoError(t, err)
	_, err = b.PackageWriter(t.Context(), id)
	requireCode(t, "package_finished", err)
	b.advance(request, models.Delivering)
	again, err = b.CreatePackage(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, id, again)
	_, err = b.PackageWriter(t.Context(), id)
	requireCode(t, "package_finished", err)
	got, err := b.fetch(b.PackageToken(id))
	require.NoError(t, err)
	require.Equal(t, digest, got)
}

func TestStepThatBuildsAPackageMayBeRepeatedAfterItsEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	request := b.delivering("ada@example.org")
	var id models.ID
	for size := int64(100); size <= 200; size += 100 {
		var err error
		id, err = b.CreatePackage(t.Context(), request)
		require.NoError(t, err)
		digest := b.write(id, size)
		_, err = b.FinishPackage(t.Context(), id, digest, size, b.now().Add(time.Hour))
		require.NoError(t, err)
	}
	b.advance(request, models.Delivering)
	file, size, _, err := b.OpenPackage(t.Context(), b.PackageToken(id), b.code(b.PackageToken(id)))
	require.NoError(t, err)
	require.EqualValues(t, 200, size)
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Len(t, content, 200)
}

func TestChangedOrCutPackageFailsInsteadOfEnding(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, code string }{
		"a chunk gone":    {`DELETE FROM package_chunks WHERE no = 2`, "package_truncated"},
		"the end cut":     {`UPDATE packages SET chunks = chunks - 1`, "bad_sealed_value"},
		"a byte changed":  {`UPDATE package_chunks SET data = set_byte(data, 5000, get_byte(data, 5000) # 1) WHERE no = 1`, "bad_sealed_value"},
		"chunks swapped":  {`UPDATE package_chunks SET no = CASE no WHEN 1 THEN 92 ELSE 91 END WHERE no IN (1, 2); UPDATE package_chunks SET no = no - 90 WHERE no > 90`, "bad_sealed_value"},
		"a chunk cut off": {`UPDATE package_chunks SET data = substr(data, 1, 100) WHERE no = 3`, "bad_sealed_value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			_, _, token, _ := b.ready("ada@example.org", 4<<20)
			b.exec(c.sql)
			_, err := b.fetch(token)
			requireCode(t, c.code, err)
		})
	}
}

func TestPackageNeedsItsCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, _, token, _ := b.ready("ada@example.org", 100)
	open := func(code string) string {
		_, _, _, err := b.OpenPackage(t.Context(), token, code)
		return models.CodeOf(err)
	}
	require.Equal(t, "code_expired", open("12345678"), "no code was sent yet")

	issued, err := b.IssuePackageCode(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, models.Personal("ada@example.org"), issued.To)
	require.Regexp(t, `^\d{8}$`, issued.Code)
	first := issued.Code
	second := b.code(token)
	require.Equal(t, "wrong_code", open(first), "a newer code replaces the earlier one")
	require.Equal(t, "internal", open(second[:4]+"-"+second[4:]))
	require.Equal(t, "code_expired", open(second), "a code is used once")

	third := b.code(token)
	b.pass(10 * time.Minute)
	require.Equal(t, "code_expired", open(third))

	fourth := b.code(token)
	for range 4 {
		require.Equal(t, "wrong_code", open("x"))
	}
	require.Equal(t, "too_many_attempts", open("x"))
	require.Equal(t, "too_many_attempts", open(fourth))

	b.code(token)
	_, err = b.IssuePackageCode(t.Context(), token)
	requireCode(t, "too_many_codes", err)
	b.pass(24 * time.Hour)
	require.Equal(t, "internal", open(b.code(token)))
}

func TestPackageIsCollectedOnceThenShredded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	request, id, token, _ := b.ready("ada@example.org", 1<<20)
	for range 2 {
		require.NoError(t, b.PackageCollected(t.Context(), token))
	}
	require.Equal(t, 1, b.count(`SELECT count(*) FROM decisions WHERE kind = 'collect' AND request_id = $1`, request.String()))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM orders WHERE name = 'collect'`))
	_, err := b.fetch(token)
	require.NoError(t, err, "a download that broke may be repeated until the package is shredded")
	for range 2 {
		require.NoError(t, b.ShredPackage(t.Context(), id))
	}
	require.Zero(t, b.count(`SELECT count(*) FROM package_chunks`))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'package.shredded'`))
	view, err := b.PackageByToken(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, store.PackageShredded, view.State)
	_, err = b.IssuePackageCode(t.Context(), token)
	requireCode(t, "package_shredded", err)
	requireCode(t, "package_shredded", b.PackageCollected(t.Context(), token))
	next, err := b.CreatePackage(t.Context(), request)
	require.NoError(t, err)
	require.NotEqual(t, id, next)
}

func TestExpiredPackageIsClosedAndListed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, id, token, _ := b.ready("ada@example.org", 10)
	_, other, _, _ := b.ready("grace@example.org", 10)
	b.pass(7*24*time.Hour - time.Second)
	expired, err := b.ExpiredPackages(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, expired)
	code := b.code(token)
	b.pass(time.Second)
	_, _, _, err = b.OpenPackage(t.Context(), token, code)
	requireCode(t, "package_expired", err)
	view, err := b.PackageByToken(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, store.PackageExpired, view.State)
	expired, err = b.ExpiredPackages(t.Context(), 10)
	require.NoError(t, err)
	require.ElementsMatch(t, []models.ID{id, other}, expired)
}

func TestPackageOfAnotherTenantIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, id, token, _ := b.ready("ada@example.org", 10)
	for _, scope := range []models.Scope{models.ScopeOf(b.acme.ID), {}} {
		_, err := b.Package(t.Context(), scope, id)
		requireCode(t, "not_found", err)
	}
	_, err := b.Package(t.Context(), models.ScopeOf(b.operator.ID), id)
	require.NoError(t, err)
	building, err := b.CreatePackage(t.Context(), b.delivering("grace@example.org"))
	require.NoError(t, err)
	for _, wrong := range []string{"", token[1:], b.PackageToken(building)} {
		_, err := b.PackageByToken(t.Context(), wrong)
		requireCode(t, "not_found", err)
		_, _, _, err = b.OpenPackage(t.Context(), wrong, "12345678")
		requireCode(t, "not_found", err)
	}
}

// It does not run beside others, whose memory would be counted too.
func TestPackageOfAnySizeTakesConstantMemory(t *testing.T) { //nolint:paralleltest // see above
	if testing.Short() {
		t.Skip("short: writes and reads 200 MB")
	}
	b := setup(t)
	const size = 200 << 20
	peak := peakHeap(t)
	begin := time.Now()
	_, _, token, digest := b.ready("ada@example.org", size)
	wrote := time.Since(begin)
	begin = time.Now()
	got, err := b.fetch(token)
	require.NoError(t, err)
	require.Equal(t, digest, got)
	read, most := time.Since(begin), peak()
	t.Logf("200 MiB written in %s, read in %s, at most %d MiB of heap above the start", wrote, read, most>>20)
	require.Less(t, most, uint64(48<<20))
}

// peakHeap samples the live heap while a test runs; the function that it returns ends that and gives the highest growth in bytes.
func peakHeap(t *testing.T) func() uint64 {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base, most := m.HeapAlloc, m.HeapAlloc
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		return most - base
	}
}
