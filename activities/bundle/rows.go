package bundle

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"

	"habeas/models/datamap"
)

// JSON writes rows as one JSON array of objects, a row a line. Numbers keep all their digits, bytes are base64, instants RFC 3339.
type JSON struct {
	w    io.Writer
	rows int64
}

// NewJSON begins the array.
func NewJSON(w io.Writer) (*JSON, error) {
	_, err := io.WriteString(w, "[")
	return &JSON{w: w}, err
}

// Row writes one row.
func (j *JSON) Row(r datamap.Row) error {
	var b strings.Builder
	if j.rows++; j.rows > 1 {
		b.WriteByte(',')
	}
	b.WriteString("\n{")
	for i, column := range r.Columns {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(column)
		if err != nil {
			return err
		}
		value, err := plainJSON(r.Values[i])
		if err != nil {
			return err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	_, err := io.WriteString(j.w, b.String())
	return err
}

// Close ends the array.
func (j *JSON) Close() error {
	_, err := io.WriteString(j.w, "\n]\n")
	return err
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
type CSV struct{ w *csv.Writer }

// NewCSV writes the header.
func NewCSV(w io.Writer, columns []string) (*CSV, error) {
	c := &CSV{csv.NewWriter(w)}
	c.w.UseCRLF = true
	return c, c.w.Write(columns)
}

// lineBreaks keeps a lone CR, which the writer would drop and so join two lines.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Row writes one row; NULL is an empty field.
func (c *CSV) Row(r datamap.Row) error {
	record := make([]string, len(r.Values))
	for i, v := range r.Values {
		record[i] = lineBreaks.Replace(cell(v))
	}
	return c.w.Write(record)
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
