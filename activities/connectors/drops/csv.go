package drops

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// dialect is how CSV is written.
type dialect struct {
	delimiter, quote byte
	header           []string // nil: the first line has it
	null             string
	charset          encoding.Encoding
}

func (s *System) dialect(f form) dialect {
	d := dialect{delimiter: ',', quote: '"', header: s.settings.Columns, null: s.settings.Null, charset: s.charset}
	if f.tabs {
		d.delimiter = '\t'
	}
	if s.settings.Delimiter != "" {
		d.delimiter = s.settings.Delimiter[0]
	}
	if s.settings.Quote != "" {
		d.quote = s.settings.Quote[0]
	}
	return d
}

// maxRecord is the most bytes of one row that are read; a row that is longer is taken for a quote without an end.
const maxRecord = 16 << 20

// csvRows keeps each row's bytes, so that a row which nothing is done to is written as it was.
type csvRows struct {
	dialect
	lines
	types map[string]string // declared types of fields
	names []string
	cells []cell
	body  []byte // the row without its line break
	brk   []byte // the line break
}

// cell is one field of a row.
type cell struct {
	raw    []byte // with its quotes
	quoted bool
}

// lines reads records and remembers what lies between them.
type lines struct {
	in    *bufio.Reader
	out   *bufio.Writer
	line  int64 // of the row's beginning, from 1
	after int64 // lines that were read
	buf   []byte
}

func newLines(in io.Reader, out io.Writer) lines {
	l := lines{in: bufio.NewReaderSize(in, 1<<17)}
	if out != nil {
		l.out = bufio.NewWriterSize(out, 1<<17)
	}
	return l
}

// record reads up to a line break at which whole says that the row ends; io.EOF when nothing is left.
func (l *lines) record(whole func(part []byte) bool) error {
	l.buf, l.line = l.buf[:0], l.after+1
	for {
		part, err := l.in.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		done := whole(part)
		switch {
		case len(l.buf) > maxRecord:
			return &broken{l.line, "a row is longer than 16 MiB, or a quote has no end"}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(l.buf) == 0:
			return io.EOF
		case errors.Is(err, io.EOF):
			l.after++
			if !done {
				return &broken{l.line, "a quote has no end"}
			}
			return nil
		case err != nil:
			return unreadable(err, "it is damaged")
		}
		l.after++
		if done {
			return nil
		}
	}
}

func (l *lines) write(b []byte) error {
	if l.out == nil {
		return nil
	}
	_, err := l.out.Write(b)
	return err
}

func (l *lines) end() error { return l.out.Flush() }

const bom = "\ufeff"

// mark passes a byte order mark on.
func (l *lines) mark() error {
	head, err := l.in.Peek(len(bom))
	if err != nil && !errors.Is(err, io.EOF) {
		return unreadable(err, "it is damaged")
	}
	if string(head) != bom {
		return nil
	}
	if _, err := l.in.Discard(len(bom)); err != nil {
		return err
	}
	return l.write([]byte(bom))
}

func newCSV(in io.Reader, out io.Writer, d dialect, types map[string]string) (*csvRows, error) {
	r := &csvRows{dialect: d, lines: newLines(in, out), types: types, names: d.header}
	if err := r.mark(); err != nil || r.names != nil {
		return r, err
	}
	err := r.read()
	if errors.Is(err, io.EOF) {
		return nil, &broken{1, "the file is empty and has no header"}
	}
	if err != nil {
		return nil, err
	}
	r.names = []string{}
	for _, c := range r.cells {
		name, err := r.text(c)
		if err != nil {
			return nil, err
		}
		name = strings.TrimSpace(name)
		if slices.Contains(r.names, name) {
			return nil, &broken{r.line, "two columns have one name"}
		}
		r.names = append(r.names, name)
	}
	return r, r.put(nil)
}

func (r *csvRows) next() error {
	if err := r.read(); err != nil {
		return err
	}
	if len(r.cells) != len(r.names) {
		return &broken{r.line, fmt.Sprintf("it has %d fields where the header has %d", len(r.cells), len(r.names))}
	}
	return nil
}

// read reads a row that is not empty, and passes empty lines on.
func (r *csvRows) read() error {
	for {
		quotes := 0
		if err := r.record(func(part []byte) bool {
			quotes += bytes.Count(part, []byte{r.quote})
			return quotes%2 == 0
		}); err != nil {
			return err
		}
		r.body = bytes.TrimSuffix(bytes.TrimSuffix(r.buf, []byte("\n")), []byte("\r"))
		r.brk = r.buf[len(r.body):]
		if len(r.body) > 0 {
			return r.split()
		}
		if err := r.write(r.buf); err != nil {
			return err
		}
	}
}

// split finds the row's fields.
func (r *csvRows) split() error {
	r.cells = r.cells[:0]
	for at := 0; ; {
		rest := r.body[at:]
		if len(rest) == 0 || rest[0] != r.quote {
			n := bytes.IndexByte(rest, r.delimiter)
			c := cell{raw: rest}
			if n >= 0 {
				c.raw = rest[:n]
			}
			if bytes.IndexByte(c.raw, r.quote) >= 0 {
				return &broken{r.line, "a quote stands within a field that does not begin with one"}
			}
			r.cells = append(r.cells, c)
			if n < 0 {
				return nil
			}
			at += n + 1
			continue
		}
		n := r.closing(rest)
		if n < 0 {
			return &broken{r.line, "a quote has no end"}
		}
		r.cells = append(r.cells, cell{rest[:n+1], true})
		switch at += n + 1; {
		case at == len(r.body):
			return nil
		case r.body[at] != r.delimiter:
			return &broken{r.line, "something stands between a quote and the end of its field"}
		}
		at++
	}
}

// closing is the place of the quote that ends the field.
func (r *csvRows) closing(b []byte) int {
	for i := 1; i < len(b); i++ {
		if b[i] != r.quote {
			continue
		}
		if i+1 == len(b) || b[i+1] != r.quote {
			return i
		}
		i++
	}
	return -1
}

// text is what a field says.
func (r *csvRows) text(c cell) (string, error) {
	b := c.raw
	if c.quoted {
		q := []byte{r.quote}
		b = bytes.ReplaceAll(b[1:len(b)-1], []byte{r.quote, r.quote}, q)
	}
	if r.charset != nil {
		decoded, err := r.charset.NewDecoder().Bytes(b)
		return string(decoded), err
	}
	return string(b), nil
}

func (r *csvRows) value(field string) datamap.Value {
	i := slices.Index(r.names, field)
	if i < 0 || i >= len(r.cells) {
		return datamap.Null
	}
	text, err := r.text(r.cells[i])
	switch {
	case err != nil || !utf8.ValidString(text):
		return datamap.NewValue(datamap.KindBytes, string(r.cells[i].raw))
	case !r.cells[i].quoted && text == r.null:
		return datamap.Null
	}
	return declared(r.types[field], text)
}

// declared is a text in the type that the map declares, or as text when it does not fit.
func declared(typ, text string) datamap.Value {
	switch typ {
	case "integer", "long":
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return datamap.NewValue(datamap.KindInt, text)
		}
	case "float":
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return datamap.NewValue(datamap.KindDecimal, text)
		}
	case "boolean":
		if text == "true" || text == "false" {
			return datamap.NewValue(datamap.KindBool, text)
		}
	}
	return datamap.Text(text)
}

func (r *csvRows) has(field string) bool { return slices.Contains(r.names, field) }

func (r *csvRows) columns() []connectors.Column {
	list := make([]connectors.Column, len(r.names))
	for i, name := range r.names {
		list[i] = connectors.Column{Name: name, Type: "text", Kind: datamap.KindText, Nullable: true}
	}
	return list
}

func (r *csvRows) fits(_ string, v datamap.Value) error {
	_, err := r.raw(v, false)
	return err
}

// raw is a value as it is written.
func (r *csvRows) raw(v datamap.Value, quoted bool) ([]byte, error) {
	if v.IsNull() {
		return []byte(r.null), nil
	}
	if v.Kind() == datamap.KindArray {
		return nil, errType
	}
	text := v.Text()
	if v.Kind() == datamap.KindBytes {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	b := []byte(text)
	if r.charset != nil {
		var err error
		if b, err = r.charset.NewEncoder().Bytes(b); err != nil {
			return nil, errType
		}
	}
	if !quoted && text != r.null && !bytes.ContainsAny(b, string([]byte{r.delimiter, r.quote, '\r', '\n'})) {
		return b, nil
	}
	q := []byte{r.quote}
	return slices.Concat(q, bytes.ReplaceAll(b, q, []byte{r.quote, r.quote}), q), nil
}

func (r *csvRows) put(set []connectors.FieldValue) error {
	if r.out == nil {
		return nil
	}
	if len(set) == 0 {
		return r.write(r.buf)
	}
	for i, c := range r.cells {
		if i > 0 {
			if err := r.out.WriteByte(r.delimiter); err != nil {
				return err
			}
		}
		b := c.raw
		if at := slices.IndexFunc(set, func(fv connectors.FieldValue) bool { return fv.Field == r.names[i] }); at >= 0 {
			var err error
			if b, err = r.raw(set[at].Value, c.quoted); err != nil {
				return err
			}
		}
		if err := r.write(b); err != nil {
			return err
		}
	}
	return r.write(r.brk)
}
