package templates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"

	"habeas/models/calendar"
)

// Mail is a rendered message. Subject is one line; Text and HTML say the same, because both come from one template.
type Mail struct {
	Subject string
	Text    string // UTF-8, lines separated by \n
	HTML    string // a whole document without any external resource
	// Unsubscribe is where one call ends the subscription that the mail belongs to, RFC 8058; empty for a mail of no subscription.
	Unsubscribe string
}

// MailHead is what every mail needs to know.
type MailHead struct {
	Language  string         // BCP 47; a language without templates gets English
	Sender    string         // in whose name the message is written: the controller towards persons, the operator towards others
	Reference string         // public reference of the request; empty when there is none
	Zone      *time.Location // in which dates and times are meant and shown; nil is UTC
}

// Day is a date in words with the zone in which it ends, e.g. "3 March 2027 (Europe/Brussels)".
func (h MailHead) Day(d calendar.Date) (string, error) {
	if d.IsZero() {
		return "", errors.New("a date is missing")
	}
	return fmt.Sprintf("%d %s %d (%s)", d.Day, d.Month, d.Year, h.zone()), nil
}

// Instant is a point in time in words with its zone, e.g. "3 March 2027 at 14:05 CET (Europe/Brussels)".
func (h MailHead) Instant(t time.Time) (string, error) {
	if t.IsZero() {
		return "", errors.New("a time is missing")
	}
	t = t.In(h.zone())
	if h.zone() == time.UTC {
		return t.Format("2 January 2006 at 15:04 UTC"), nil
	}
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") { // a zone without an abbreviation
		name = "UTC" + t.Format("-07:00")
	}
	return t.Format("2 January 2006 at 15:04 ") + name + " (" + h.zone().String() + ")", nil
}

func (h MailHead) zone() *time.Location {
	if h.Zone == nil {
		return time.UTC
	}
	return h.Zone
}

func (h MailHead) language() string { return h.Language }

//go:embed mail/*/*.html
var mailFiles embed.FS

// mailTemplates are the parsed mails by language and name; a mail that does not parse ends the program at its start.
var mailTemplates = mustParseMails(mailFiles)

func mustParseMails(files fs.FS) map[string]map[string]*template.Template {
	layouts, err := fs.Glob(files, "mail/*/layout.html")
	if err != nil || len(layouts) == 0 {
		panic("no mail templates")
	}
	byLanguage := map[string]map[string]*template.Template{}
	for _, layout := range layouts {
		dir := path.Dir(layout)
		frame := template.Must(template.New("layout.html").Option("missingkey=error").ParseFS(files, layout))
		mails := map[string]*template.Template{}
		names, err := fs.Glob(files, dir+"/*.html")
		if err != nil {
			panic(err)
		}
		for _, name := range names {
			if name != layout {
				mails[strings.TrimSuffix(path.Base(name), ".html")] = template.Must(template.Must(frame.Clone()).ParseFS(files, name))
			}
		}
		byLanguage[path.Base(dir)] = mails
	}
	return byLanguage
}

// mailTemplate is the mail in the language, in its base language, or in English.
func mailTemplate(language, name string) *template.Template {
	base, _, _ := strings.Cut(language, "-")
	for _, l := range []string{language, base} {
		if t := mailTemplates[l][name]; t != nil {
			return t
		}
	}
	return mailTemplates["en"][name]
}

// renderMail executes the template and derives subject and text from the document. Its error names the mail and never the data.
func renderMail(name string, data interface{ language() string }) (Mail, error) {
	t := mailTemplate(data.language(), name)
	if t == nil {
		return Mail{}, fmt.Errorf("mail %s: no such template", name)
	}
	var document bytes.Buffer
	if err := t.ExecuteTemplate(&document, "layout.html", data); err != nil {
		return Mail{}, fmt.Errorf("mail %s: %w", name, err)
	}
	subject, text, err := plainText(document.Bytes())
	if err != nil {
		return Mail{}, fmt.Errorf("mail %s: %w", name, err)
	}
	if subject == "" || text == "" {
		return Mail{}, fmt.Errorf("mail %s: empty subject or text", name)
	}
	return Mail{Subject: subject, Text: text, HTML: document.String()}, nil
}
