package account_test

import (
	"bufio"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/api/account"
)

// list writes a file of leaked passwords.
func list(t *testing.T, lines int, line func(i int) string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "leaked.txt")
	f, err := os.Create(path)
	require.NoError(t, err)
	w := bufio.NewWriter(f)
	for i := range lines {
		fmt.Fprintln(w, line(i))
	}
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
	return path
}

func TestLeakedPasswordsAreKnownInEachFormInWhichListsAreGiven(t *testing.T) {
	t.Parallel()
	sum := fmt.Sprintf("%x", sha1.Sum([]byte("quilt harbour")))
	lines := []string{"Tr0ub4dor&3", "", sum + ":1234", "0123456789ABCDEF0123456789ABCDEF01234567", "a colon: inside", "Tr0ub4dor&3\r"}
	known, err := account.LoadBreached(list(t, len(lines), func(i int) string { return lines[i] }))
	require.NoError(t, err)
	for _, password := range []string{"Tr0ub4dor&3", "quilt harbour", "Quilt Harbour", "a colon: inside"} {
		require.True(t, known.Has(password), password)
	}
	for _, password := range []string{"", "tr0ub4dor&3", "a colon", sum} {
		require.False(t, known.Has(password), password)
	}
	require.False(t, account.Breached{}.Has("x"))
	_, err = account.LoadBreached(filepath.Join(t.TempDir(), "none"))
	require.Error(t, err)
}

func TestALeakedPasswordTakesTwentyBytes(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	const many = 200_000
	path := list(t, many, func(i int) string { return fmt.Sprint("password ", i) })
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	known, err := account.LoadBreached(path)
	require.NoError(t, err)
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(24*many))
	require.True(t, known.Has("password 199999"))
}
