package bundle

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"habeas/models/datamap"
)

// JSON writes rows as one JSON array of objects, a row a line. Numbers keep all their digits, bytes are base64, instants RFC 3339.
type JSON struct {
	w       io.Writer
	rows    int64
	columns []string // of the row before, with
	names   [][]byte // what stands before the value of each
	buffer  []byte
}

// jsonBuffer is how much is written at once.
const jsonBuffer = 32 << 10

// NewJSON begins the array.
func NewJSON(w io.Writer) (*JSON, error) {
	_, err := io.WriteString(w, "[")
	return &JSON{w: w}, err
}

// Row writes one row; what is buffered comes with the rows that follow, or with Close.
func (j *JSON) Row(r datamap.Row) error {
	if err := j.name(r.Columns); err != nil {
		return err
	}
	if j.rows++; j.rows > 1 {
		j.buffer = append(j.buffer, ',')
	}
	j.buffer = append(j.buffer, "\n{"...)
	for i, v := range r.Values {
		var err error
		if j.buffer, err = appendJSON(append(j.buffer, j.names[i]...), v); err != nil {
			return err
		}
	}
	j.buffer = append(j.buffer, '}')
	if len(j.buffer) < jsonBuffer {
		return nil
	}
	return j.flush()
}

// name prepares the columns' names, which are mostly those of the row before.
func (j *JSON) name(columns []string) error {
	if slices.Equal(j.columns, columns) {
		return nil
	}
	j.columns, j.names = columns, make([][]byte, len(columns))
	for i, column := range columns {
		name, err := json.Marshal(column)
		if err != nil {
			return err
		}
		if i > 0 {
			j.names[i] = append(j.names[i], ',')
		}
		j.names[i] = append(append(j.names[i], name...), ':')
	}
	return nil
}

func (j *JSON) flush() error {
	_, err := j.w.Write(j.buffer)
	j.buffer = j.buffer[:0]
	return err
}

// Close ends the array.
func (j *JSON) Close() error {
	j.buffer = append(j.buffer, "\n]\n"...)
	return j.flush()
}

// appendJSON appends a value as JSON of its own type.
func appendJSON(b []byte, v datamap.Value) ([]byte, error) {
	switch v.Kind() {
	case datamap.KindNull:
		return append(b, "null"...), nil
	case datamap.KindInt, datamap.KindDecimal:
		if plainNumber(v.Text()) {
			return append(b, v.Text()...), nil
		}
	case datamap.KindText, datamap.KindTimestamp, datamap.KindDate, datamap.KindDateTime, datamap.KindUUID, datamap.KindTime:
		if plainText(v.Text()) {
			return append(append(append(b, '"'), v.Text()...), '"'), nil
		}
	default:
	}
	other, err := plainJSON(v)
	return append(b, other...), err
}

// plainNumber reports whether a text is a number as JSON writes it, of digits and at most one point.
func plainNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, rest, point := strings.Cut(s, ".")
	return digits(whole) && (len(whole) == 1 || whole[0] != '0') && (!point || digits(rest))
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// plainText reports whether nothing in a text is escaped in JSON.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// plainJSON is a value as JSON of its own type.
func plainJSON(v datamap.Value) ([]byte, error) {
	switch v.Kind() {
	case datamap.KindNull:
		return []byte("null"), nil
	case datamap.KindInt, datamap.KindDecimal, datamap.KindBool, datamap.KindJSON:
		if json.Valid([]byte(v.Text())) { // NaN is a decimal and no JSON
			return []byte(v.Text()), nil
		}
	case datamap.KindBytes:
		return json.Marshal([]byte(v.Text()))
	case datamap.KindArray:
		elements := make([]json.RawMessage, 0, len(v.Elements()))
		for _, e := range v.Elements() {
			b, err := plainJSON(e)
			if err != nil {
				return nil, err
			}
			elements = append(elements, b)
		}
		return json.Marshal(elements)
	default:
	}
	return json.Marshal(v.Text())
}

// CSV writes rows as RFC 4180 with a header. A text that a spreadsheet would run as a formula gets a ' before it, and every line break in a
// text is CRLF.
type CSV struct {
	w      *csv.Writer
	record []string
}

// NewCSV writes the header.
func NewCSV(w io.Writer, columns []string) (*CSV, error) {
	c := &CSV{w: csv.NewWriter(w)}
	c.w.UseCRLF = true
	return c, c.w.Write(columns)
}

// lineBreaks keeps a lone CR, which the writer would drop and so join two lines.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Row writes one row; NULL is an empty field.
func (c *CSV) Row(r datamap.Row) error {
	c.record = c.record[:0]
	for _, v := range r.Values {
		text := cell(v)
		if strings.Contains(text, "\r") {
			text = lineBreaks.Replace(text)
		}
		c.record = append(c.record, text)
	}
	return c.w.Write(c.record)
}

// Close writes what is still buffered.
func (c *CSV) Close() error {
	c.w.Flush()
	return c.w.Error()
}

// Text is a value as one text: arrays as JSON, bytes as base64, NULL as nothing.
func Text(v datamap.Value) string {
	switch v.Kind() {
	case datamap.KindBytes:
		return base64.StdEncoding.EncodeToString([]byte(v.Text()))
	case datamap.KindArray:
		if b, err := plainJSON(v); err == nil {
			return string(b)
		}
	default:
	}
	return v.Text()
}

// cell is Text with a ' before what a spreadsheet would run as a formula.
func cell(v datamap.Value) string {
	text := Text(v)
	if v.Kind() != datamap.KindInt && v.Kind() != datamap.KindDecimal && text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
