package vault_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/store/vault"
)

var (
	one = models.MustParseID("00000000-0000-4000-8000-000000000001")
	two = models.MustParseID("00000000-0000-4000-8000-000000000002")
)

func newVault(t testing.TB) *vault.Vault {
	t.Helper()
	v, err := vault.New(vault.Generate())
	require.NoError(t, err)
	return v
}

func newKey(t testing.TB, v *vault.Vault, id models.ID) (wrapped []byte, key *vault.Key) {
	t.Helper()
	wrapped, key, err := v.NewKey(id)
	require.NoError(t, err)
	return wrapped, key
}

func requireCode(t testing.TB, code string, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, models.CodeOf(err), "%v", err)
}

func TestBadSecretsAreRefusedWithTheFix(t *testing.T) {
	t.Parallel()
	good := vault.Generate()
	for _, bad := range []string{"", "short", base64.StdEncoding.EncodeToString(make([]byte, 31)), base64.StdEncoding.EncodeToString(make([]byte, 33)), strings.Repeat("!", 44)} {
		_, err := vault.New(vault.Config{Master: bad, Signing: good.Signing})
		requireCode(t, "bad_master_key", err)
		require.ErrorContains(t, err, "habeas keys generate")
		if bad != "" {
			require.NotContains(t, err.Error(), bad, "the error does not show the secret")
		}
		_, err = vault.New(vault.Config{Master: good.Master, Signing: bad})
		requireCode(t, "bad_signing_key", err)
	}
	_, err := vault.New(vault.Config{Master: good.Master + "\n", Signing: " " + good.Signing})
	require.NoError(t, err, "a file's newline does no harm")
	require.NotEqual(t, good, vault.Generate())
}

func TestWrappedKeyOpensForItsRequestOnly(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	wrapped, key := newKey(t, v, one)
	again, err := v.Unwrap(one, wrapped)
	require.NoError(t, err)
	plain, err := again.Open("place", key.Seal("place", []byte("text")))
	require.NoError(t, err)
	require.Equal(t, "text", string(plain))

	_, err = v.Unwrap(two, wrapped)
	requireCode(t, "bad_wrapped_key", err)
	for _, none := range [][]byte{nil, {}} {
		_, err = v.Unwrap(one, none)
		requireCode(t, "key_destroyed", err)
	}
	_, err = newVault(t).Unwrap(one, wrapped)
	requireCode(t, "unknown_master_key", err)
	_, err = v.Unwrap(one, wrapped[:4])
	requireCode(t, "unknown_master_key", err)
	for i := 8; i < len(wrapped); i++ {
		changed := bytes.Clone(wrapped)
		changed[i] ^= 1
		_, err = v.Unwrap(one, changed)
		requireCode(t, "bad_wrapped_key", err)
	}
}

func TestSealedValueOpensOnlyWhereItWasSealed(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	_, key := newKey(t, v, one)
	_, other := newKey(t, v, two)
	rapid.Check(t, func(rt *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(rt, "plain")
		place := rapid.String().Draw(rt, "place")
		sealed := key.Seal(place, plain)
		opened, err := key.Open(place, sealed)
		require.NoError(rt, err)
		require.True(rt, bytes.Equal(plain, opened))
		require.NotEqual(rt, sealed, key.Seal(place, plain), "each seal has its own nonce")

		_, err = key.Open(place+"x", sealed)
		require.Equal(rt, "bad_sealed_value", models.CodeOf(err))
		_, err = other.Open(place, sealed)
		require.Equal(rt, "bad_sealed_value", models.CodeOf(err))
		_, err = v.Own().Open(place, sealed)
		require.Equal(rt, "bad_sealed_value", models.CodeOf(err))
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		_, err = key.Open(place, sealed)
		require.Equal(rt, "bad_sealed_value", models.CodeOf(err))
	})
}

func FuzzOpen(f *testing.F) {
	_, key := newKey(f, newVault(f), one)
	f.Add([]byte{}, "place")
	f.Add(key.Seal("place", []byte("text")), "elsewhere")
	f.Fuzz(func(t *testing.T, sealed []byte, place string) {
		if plain, err := key.Open(place, sealed); err == nil {
			t.Fatalf("%d bytes opened that were never sealed: %d", len(sealed), len(plain))
		}
	})
}

// encrypt writes a stream in pieces of the given size.
func encrypt(t testing.TB, key *vault.Key, place string, plain []byte, piece int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := key.Writer(&out, place)
	require.NoError(t, err)
	for len(plain) > 0 {
		n := min(piece, len(plain))
		_, err := w.Write(plain[:n])
		require.NoError(t, err)
		plain = plain[n:]
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func decrypt(key *vault.Key, place string, sealed io.Reader) ([]byte, error) {
	r, err := key.Reader(sealed, place)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestStreamsOfEverySizeRoundTrip(t *testing.T) {
	t.Parallel()
	_, key := newKey(t, newVault(t), one)
	for _, size := range []int{0, 1, 1000, 1<<20 - 100, 1 << 20, 1<<20 + 1, 3<<20 + 17} {
		plain := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		sealed := encrypt(t, key, "package", plain, 64<<10)
		got, err := decrypt(key, "package", iotest.HalfReader(bytes.NewReader(sealed)))
		require.NoError(t, err)
		require.True(t, bytes.Equal(plain, got))
	}
}

func TestChangedCutOrMovedStreamsFail(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	_, key := newKey(t, v, one)
	_, other := newKey(t, v, two)
	sealed := encrypt(t, key, "package", bytes.Repeat([]byte("x"), 2<<20+5), 1<<20)
	for _, cut := range []int{0, 10, 1000, 1 << 20, len(sealed) - 1} {
		_, err := decrypt(key, "package", bytes.NewReader(sealed[:cut]))
		requireCode(t, "bad_sealed_value", err)
	}
	for _, i := range []int{0, 5, 39, 100, 1 << 20, len(sealed) - 1} {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		_, err := decrypt(key, "package", bytes.NewReader(changed))
		requireCode(t, "bad_sealed_value", err)
	}
	_, err := decrypt(key, "another", bytes.NewReader(sealed))
	requireCode(t, "bad_sealed_value", err)
	_, err = decrypt(other, "package", bytes.NewReader(sealed))
	requireCode(t, "bad_sealed_value", err)
}

func TestLostConnectionIsNotTakenForAChangedStream(t *testing.T) {
	t.Parallel()
	_, key := newKey(t, newVault(t), one)
	sealed := encrypt(t, key, "package", bytes.Repeat([]byte("x"), 2<<20), 1<<20)
	lost := errors.New("connection lost")
	_, err := decrypt(key, "package", io.MultiReader(bytes.NewReader(sealed[:1<<20+100]), iotest.ErrReader(lost)))
	require.ErrorIs(t, err, lost)
	require.Equal(t, "internal", models.CodeOf(err))
}

func TestIndexMeetsOnlyWithinAControllerKindAndMaster(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	index := v.Index(one, "email", "ada@example.org")
	require.Len(t, index, 32)
	require.Equal(t, index, v.Index(one, "email", "ada@example.org"))
	for name, other := range map[string][]byte{
		"another controller": v.Index(two, "email", "ada@example.org"),
		"another kind":       v.Index(one, "phone", "ada@example.org"),
		"another value":      v.Index(one, "email", "bob@example.org"),
		"a shifted border":   v.Index(one, "emaila", "da@example.org"),
		"another master key": newVault(t).Index(one, "email", "ada@example.org"),
	} {
		require.NotEqual(t, index, other, name)
	}
}

func TestTokensAndCodesAreReproducibleAndApart(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	require.Equal(t, v.Token("status", one), v.Token("status", one))
	require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, v.Token("status", one))
	require.NotEqual(t, v.Token("status", one), v.Token("verification", one))
	require.NotEqual(t, v.Token("status", one), v.Token("status", two))
	require.NotEqual(t, v.Token("status", one), newVault(t).Token("status", one))
	require.Regexp(t, `^\d{8}$`, v.Code("verification", one))
	require.Equal(t, v.HashCode(one, "12345678"), v.HashCode(one, "12345678"))
	require.NotEqual(t, v.HashCode(one, "12345678"), v.HashCode(two, "12345678"))
	require.Len(t, vault.HashToken("x"), 32)
}

func TestCodesSpreadOverAllDigits(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	var seen [10]int
	var id models.ID
	for i := range 4000 {
		id[0], id[1] = byte(i), byte(i>>8)
		for _, d := range v.Code("verification", id) {
			seen[d-'0']++
		}
	}
	for d, n := range seen {
		require.InDelta(t, 3200, n, 400, "digit %d", d) // seven standard deviations
	}
}

func TestDigestNeedsTheKey(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	_, key := newKey(t, v, one)
	_, other := newKey(t, v, two)
	require.Equal(t, key.Digest("reason", []byte("no")), key.Digest("reason", []byte("no")))
	require.NotEqual(t, key.Digest("reason", []byte("no")), other.Digest("reason", []byte("no")))
	require.NotEqual(t, key.Digest("reason", []byte("no")), key.Digest("note", []byte("no")))
}

func BenchmarkStream(b *testing.B) {
	_, key := newKey(b, newVault(b), one)
	plain := make([]byte, 8<<20)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		w, err := key.Writer(io.Discard, "package")
		require.NoError(b, err)
		_, err = w.Write(plain)
		require.NoError(b, err)
		require.NoError(b, w.Close())
	}
}
