package report

import (
	_ "embed"
	"io"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"habeas/models"
)

// Contents describes a package.
type Contents struct {
	Language   string // BCP 47
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

// Sort is what a file of a package is.
type Sort string

const (
	TheReport   Sort = "report"
	TheReadme   Sort = "readme"
	TheManifest Sort = "manifest"
	Rows        Sort = "rows"    // of what is named
	Sent        Sort = "sent"    // by what is named, as it came
	ByHand      Sort = "by_hand" // of what is named
)

// What says in a language what a file of a package is; of names what is in it, where its sort needs that.
func What(lang string, sort Sort, of string) (string, error) {
	return in(lang).Text("file."+string(sort), of)
}

// Attached says in a language how many files a folder of a package has, and of what.
func Attached(lang string, files int, of string) (string, error) {
	return in(lang).Counted("file.attached", files, of)
}

//go:embed readme.txt
var readmeSource string

// Readme writes the list of a package's contents as plain text, UTF-8.
func Readme(w io.Writer, c Contents) error {
	d := in(c.Language)
	text, err := template.New("readme.txt").Option("missingkey=error").Funcs(d.Funcs()).Funcs(template.FuncMap{
		"line": line, "pad": pad, "fold": fold, "moment": d.Instant,
	}).Parse(readmeSource)
	if err != nil {
		return err
	}
	return text.Execute(w, c)
}

// Width is the length of the longest file name.
func (c Contents) Width() (n int) {
	for _, f := range c.Files {
		n = max(n, utf8.RuneCountInString(line(f.Name)))
	}
	return n
}

// Labels is the length of the longest of the words given, with a colon.
func (c Contents) Labels(words ...string) (n int) {
	for _, w := range words {
		n = max(n, utf8.RuneCountInString(w)+1)
	}
	return n
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s))) }

const textWidth = 72

// fold breaks a paragraph into lines.
func fold(text string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' }) { // a no-break space holds, as before a French colon
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > textWidth:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
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
