package drops

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models/datamap"
)

// The formats of files.
const (
	formatCSV     = "csv"
	formatJSONL   = "jsonl"
	formatParquet = "parquet"
)

// rows reads the rows of one file, one after the other, and writes them again when it was opened with an output.
type rows interface {
	// next goes to the next row; io.EOF when there is none, and a *broken when it cannot be read.
	next() error
	// value is a field of the row, NULL when the row has none of that name.
	value(field string) datamap.Value
	// has reports whether the file has the field; a format whose rows differ says yes.
	has(field string) bool
	// columns are the fields that are known: of the file, or of the row where rows differ.
	columns() []connectors.Column
	// fits reports whether the field can hold the value.
	fits(field string, v datamap.Value) error
	// put writes the row with other values for some fields; without any, as it is.
	put(set []connectors.FieldValue) error
	// end writes what follows the last row.
	end() error
}

// broken says where a file cannot be read. It holds no value.
type broken struct {
	line int64 // 0 when the format has no lines
	why  string
}

func (b *broken) Error() string {
	if b.line == 0 {
		return b.why
	}
	return fmt.Sprintf("line %d: %s", b.line, b.why)
}

// errNull and errType say why a field cannot hold a value.
var (
	errNull = errors.New("the column may not be NULL")
	errType = errors.New("the column's type cannot hold the value")
)

// form is how a file is to be read.
type form struct {
	format string // "" when nobody knows
	gzip   bool
	tabs   bool
}

// formOf concludes a file's form from the settings, and else from its name.
func (s *System) formOf(name string) form {
	base := strings.ToLower(path.Base(name))
	f := form{gzip: strings.HasSuffix(base, ".gz")}
	switch path.Ext(strings.TrimSuffix(base, ".gz")) {
	case ".csv":
		f.format = formatCSV
	case ".tsv", ".tab":
		f.format, f.tabs = formatCSV, true
	case ".jsonl", ".ndjson":
		f.format = formatJSONL
	case ".parquet":
		f.format = formatParquet
	}
	if s.settings.Format != "" {
		f.format = s.settings.Format
	}
	if s.settings.Compression != "" {
		f.gzip = s.settings.Compression == "gzip"
	}
	return f
}

// open reads a file's beginning. With out, rows that are put go there; close ends both.
func (s *System) open(o blobs.Object, content blobs.Content, out io.Writer, types map[string]string) (r rows, close func() error, err error) {
	f := s.formOf(o.Path)
	close = func() error { return nil }
	if f.format == formatParquet {
		r, err = newParquet(content, o.Size, out)
		return r, close, err
	}
	in := io.Reader(content)
	if f.gzip {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, close, unreadable(err, "it is not compressed by gzip")
		}
		in = unpacked
		if out != nil {
			packed := gzip.NewWriter(out)
			packed.Header = unpacked.Header
			out, close = packed, packed.Close
		}
	}
	switch f.format {
	case formatCSV:
		r, err = newCSV(in, out, s.dialect(f), types)
	case formatJSONL:
		r = newJSONL(in, out)
	default:
		err = &broken{why: "its name does not tell the format; write format: in the system's settings"}
	}
	return r, close, err
}

// unreadable keeps an error of the store's, and takes any other for a fault of the file.
func unreadable(err error, why string) error {
	if err == nil || known(err) {
		return err
	}
	return &broken{why: why}
}

// locks keeps two batches of this process from rewriting one file at once.
type locks struct {
	mu   sync.Mutex
	file map[string]*sync.Mutex
}

func (l *locks) lock(name string) (unlock func()) {
	l.mu.Lock()
	if l.file == nil {
		l.file = map[string]*sync.Mutex{}
	}
	m := l.file[name]
	if m == nil {
		m = &sync.Mutex{}
		l.file[name] = m
	}
	l.mu.Unlock()
	m.Lock()
	return m.Unlock
}
