package drops_test

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// peak samples the heap, live and garbage, until the returned function is called.
func peak() func() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	var most atomic.Uint64
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapAlloc))
			}
		}
	}()
	return func() uint64 {
		close(done)
		<-ended
		return most.Load() - min(most.Load(), before)
	}
}

// digest is that of a file but for the lines of some people.
func digest(t *testing.T, path string, without map[string]bool) (sum string, size int64) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	h, in := sha256.New(), bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 8 && !without[string(line[:8])] {
			h.Write(line)
		}
		if errors.Is(err, io.EOF) {
			return fmt.Sprintf("%x", h.Sum(nil)), size
		}
		require.NoError(t, err)
		size += int64(len(line))
	}
}

// They are not parallel, because they measure the heap of the whole process.
func TestALargeCSVFileIsSearchedAndRewrittenInConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds: a file of 300 MB")
	}
	d := &directory{t.TempDir()}
	path := filepath.Join(d.dir, "p.csv")
	f, err := os.Create(path)
	require.NoError(t, err)
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprint(w, "id,mail,note\n")
	const rows = 3_000_000
	for i := range rows {
		fmt.Fprintf(w, "%08d,person%d@example.com,\"a note with a comma, and %d more words in it to fill the line\"\n", i, i, i%97)
	}
	require.NoError(t, errors.Join(w.Flush(), f.Close()))
	system, node := open(t, d.dsn(), ""), people(t, "p.csv", nil)
	var wanted []datamap.Key
	gone := map[string]bool{}
	for i := 0; i < rows; i += rows / 1000 {
		id := fmt.Sprintf("%08d", i)
		wanted, gone[id] = append(wanted, datamap.Key{datamap.Text(id)}), true
	}
	others, size := digest(t, path, gone)

	stop, found, started := peak(), 0, time.Now()
	require.NoError(t, system.(connectors.Locator).Lookup(t.Context(), connectors.Query{Node: node, Fields: []string{"id"}, Keys: wanted, Return: []string{"id", "mail"}}, func(datamap.Row) error {
		found++
		return nil
	}))
	used := stop()
	t.Logf("1,000 of %d rows found in %d MB in %v, heap grew by %d KiB", rows, size/1e6, time.Since(started).Round(time.Millisecond), used>>10)
	require.Equal(t, 1000, found)
	require.Less(t, used, uint64(16<<20))

	stop, started = peak(), time.Now()
	out, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: wanted, Delete: true})
	require.NoError(t, err)
	used = stop()
	t.Logf("1,000 of %d rows erased in %v, heap grew by %d KiB", rows, time.Since(started).Round(time.Millisecond), used>>10)
	require.Equal(t, connectors.Outcome{Erased: 1000}, out)
	require.Less(t, used, uint64(16<<20))
	after, _ := digest(t, path, nil)
	require.Equal(t, others, after, "every other line is as it was")
}

func TestALargeParquetFileIsRewrittenInBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds: a Parquet file of a million rows")
	}
	d := &directory{t.TempDir()}
	path := filepath.Join(d.dir, "p.parquet")
	f, err := os.Create(path)
	require.NoError(t, err)
	type person struct {
		ID   string  `parquet:"id,zstd"`
		Mail *string `parquet:"mail,optional,snappy"`
		Note *string `parquet:"note,optional"`
	}
	w := parquet.NewGenericWriter[person](f, parquet.MaxRowsPerRowGroup(200_000))
	const rows = 1_000_000
	batch := make([]person, 1000)
	for i := 0; i < rows; i += len(batch) {
		for j := range batch {
			mail, note := fmt.Sprintf("person%d@example.com", i+j), fmt.Sprintf("a note of some length that is different in each row: %d", i+j)
			batch[j] = person{fmt.Sprintf("%08d", i+j), &mail, &note}
		}
		_, err := w.Write(batch)
		require.NoError(t, err)
	}
	require.NoError(t, errors.Join(w.Close(), f.Close()))
	info, err := os.Stat(path)
	require.NoError(t, err)
	system, node := open(t, d.dsn(), ""), people(t, "p.parquet", nil)
	stop, started := peak(), time.Now()
	out, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("00000000", "00500000", "00999999", "none"), Delete: true})
	require.NoError(t, err)
	used := stop()
	t.Logf("3 of %d rows erased in %d MB in %v, heap grew by %d KiB", rows, info.Size()/1e6, time.Since(started).Round(time.Millisecond), used>>10)
	require.Equal(t, connectors.Outcome{Erased: 3, Missing: 1}, out)
	require.Less(t, used, uint64(96<<20))
	left, err := parquet.ReadFile[person](path)
	require.NoError(t, err)
	require.Len(t, left, rows-3)
}
