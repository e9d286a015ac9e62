package report

import (
	_ "embed"
	"io"
	"strings"
	"text/template"
	"time"
	"unicode"

	"habeas/models"
)

// Contents describes a package.
type Contents struct {
	Controller string
	Reference  string
	Right      models.Right
	PreparedAt time.Time
	Zone       *time.Location // nil is UTC
	Files      []File
	LeftOut    LeftOut
}

// File is one file of a package.
type File struct {
	Name string // path in the package
	What string // one sentence
}

// Instant is a point in time in words with its zone.
func (c Contents) Instant(t time.Time) (string, error) { return instant(t, c.Zone) }

//go:embed readme.txt
var readmeSource string

var readme = template.Must(template.New("readme.txt").Option("missingkey=error").Funcs(template.FuncMap{
	"line": line,
	"pad":  func(s string, n int) string { return s + strings.Repeat(" ", max(0, n-len([]rune(s)))) },
}).Parse(readmeSource))

// Readme writes the list of a package's contents as plain text, UTF-8.
func Readme(w io.Writer, c Contents) error { return readme.Execute(w, c) }

// Width is the length of the longest file name.
func (c Contents) Width() (n int) {
	for _, f := range c.Files {
		n = max(n, len([]rune(line(f.Name))))
	}
	return n
}

// line keeps a value from starting a line of its own.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
