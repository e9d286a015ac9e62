package report

import (
	"bufio"
	"embed"
	"errors"
	"html/template"
	"io"

	"habeas/models"
	"habeas/templates"
)

//go:embed report.html words.*.json
var files embed.FS

// document is the words and the template of the report in one language.
type document struct {
	templates.Speech
	parts *template.Template
}

// documents are by language. One that cannot be read ends the program at its start.
var documents = mustParse()

func mustParse() map[string]document {
	out := map[string]document{}
	for _, l := range templates.Languages() {
		speech, err := templates.Speak(l.Tag, files, "words."+l.Tag+".json")
		if err != nil {
			panic(err)
		}
		parts := template.New("report.html").Option("missingkey=error").Funcs(speech.Funcs())
		parts.Funcs(template.FuncMap{"language": func() string { return l.Tag }, "day": speech.Day, "moment": speech.Instant})
		out[l.Tag] = document{speech, template.Must(parts.ParseFS(files, "report.html"))}
	}
	return out
}

func in(lang string) document { return documents[templates.Match(lang)] }

// tableColumns is the largest number of columns that a page takes side by side; records with more are written field by field.
const tableColumns = 6

// Collection is one table of the copy.
type Collection struct {
	Dataset     models.Said // e.g. "Shipments"
	Name        models.Said // e.g. "bookings"
	Description models.Said // may be empty
	Redacted    bool        // some fields are blanked, Art. 15(4)
	Columns     []Column    // at least one
}

// Column is one field of a collection.
type Column struct {
	Name        models.Said
	Description models.Said // may be empty
}

// Report writes one report as it is given; it keeps no row. It must be used by one goroutine.
type Report struct {
	out     *bufio.Writer
	parts   *template.Template
	current *Collection
	rows    int64 // of the current collection
	closed  bool
}

// NewReport writes everything that comes before the copy of the data. The caller then gives each collection, followed by its
// rows, and ends with Close; a report that was not closed is not complete.
func NewReport(w io.Writer, h Head) (*Report, error) {
	r := &Report{out: bufio.NewWriterSize(w, 32<<10), parts: in(h.Language).parts}
	return r, r.parts.ExecuteTemplate(r.out, "head", h)
}

// Collection begins a table.
func (r *Report) Collection(c Collection) error {
	if r.closed || len(c.Columns) == 0 {
		return errors.New("report: a collection needs columns and an open report")
	}
	if err := r.end(); err != nil {
		return err
	}
	r.current, r.rows = &c, 0
	return r.parts.ExecuteTemplate(r.out, "collection", struct {
		Collection
		Wide bool
	}{c, c.wide()})
}

func (c Collection) wide() bool { return len(c.Columns) > tableColumns }

// Row writes one record of the current collection: a value for each column, the empty string for none. The values are not kept.
func (r *Report) Row(values []string) error {
	if r.current == nil || len(values) != len(r.current.Columns) {
		return errors.New("report: a row needs a collection and a value for each of its columns")
	}
	r.rows++
	if !r.current.wide() {
		return r.parts.ExecuteTemplate(r.out, "row", values)
	}
	type field struct {
		Name  models.Said
		Value string
	}
	record := struct {
		No     int64
		Fields []field
	}{No: r.rows}
	for i, v := range values {
		if v != "" {
			record.Fields = append(record.Fields, field{r.current.Columns[i].Name, v})
		}
	}
	return r.parts.ExecuteTemplate(r.out, "record", record)
}

// Close ends the document and hands the last of it to the writer, which it does not close.
func (r *Report) Close() error {
	if r.closed {
		return nil
	}
	if err := r.end(); err != nil {
		return err
	}
	r.closed = true
	if err := r.parts.ExecuteTemplate(r.out, "foot", nil); err != nil {
		return err
	}
	return r.out.Flush()
}

func (r *Report) end() error {
	if r.current == nil {
		return nil
	}
	wide, rows := r.current.wide(), r.rows
	r.current = nil
	return r.parts.ExecuteTemplate(r.out, "end", struct {
		Wide bool
		Rows int64
	}{wide, rows})
}
