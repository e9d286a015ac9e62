package templates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"habeas/models/calendar"
)

// Mail is a rendered message. Subject is one line; Text and HTML say the same, because both come from one template.
type Mail struct {
	Subject string
	Text    string // UTF-8, lines separated by \n
	HTML    string // a whole document without any external resource; cid:logo in it is Logo
	Logo    []byte // PNG; nil for none
	// Unsubscribe is where one call ends the subscription that the mail belongs to, RFC 8058; empty for a mail of no subscription.
	Unsubscribe string
}

// MailHead is what every mail needs to know.
type MailHead struct {
	Language  string         // BCP 47; persons are written to in the one of Languages that fits best
	Sender    string         // in whose name the message is written: the controller towards persons, the operator towards others
	Reference string         // public reference of the request; empty when there is none
	Zone      *time.Location // in which dates and times are meant and shown; nil is UTC
	Look      *MailLook      // of the controller in whose name it is written; nil for none
}

// MailLook is how a mail to a person looks for a controller. Colours are like #12352f; an empty one is that of every mail.
type MailLook struct {
	Name    string
	Band    string // behind the name
	BandInk string // of the name; given with Band
	Accent  string // of buttons and links
	Logo    []byte // PNG; nil for none
}

// Day is a date in words with the zone in which it ends, e.g. "3 March 2027 (Europe/Brussels)".
func (h MailHead) Day(d calendar.Date) (string, error) {
	if d.IsZero() {
		return "", errors.New("a date is missing")
	}
	words := mailWords[h.language()]
	day, err := words.date(d)
	if err != nil {
		return "", err
	}
	return words.text("day", day, h.zone())
}

// Instant is a point in time in words with its zone, e.g. "3 March 2027 at 14:05 CET (Europe/Brussels)".
func (h MailHead) Instant(t time.Time) (string, error) {
	if t.IsZero() {
		return "", errors.New("a time is missing")
	}
	words, t := mailWords[h.language()], t.In(h.zone())
	day, err := words.date(calendar.DateOf(t))
	if err != nil {
		return "", err
	}
	return words.text("moment", day, t.Format("15:04"), h.zoneAt(t))
}

func (h MailHead) zoneAt(t time.Time) string {
	if h.zone() == time.UTC {
		return "UTC"
	}
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") { // a zone without an abbreviation
		name = "UTC" + t.Format("-07:00")
	}
	return name + " (" + h.zone().String() + ")"
}

func (h MailHead) zone() *time.Location {
	if h.Zone == nil {
		return time.UTC
	}
	return h.Zone
}

func (h MailHead) language() string { return Match(h.Language) }

func (h MailHead) logo() []byte {
	if h.Look == nil {
		return nil
	}
	return h.Look.Logo
}

//go:embed mail
var mailFiles embed.FS

// mailWords are the words of the mails by language, and mailTemplates the parsed mails by language and name. Mails to persons are in every
// language, the others in English. One that cannot be read ends the program at its start.
var (
	mailWords     = mustReadMailWords()
	mailTemplates = mustParseMails(mailFiles)
)

func mustReadMailWords() map[string]catalogue {
	out := map[string]catalogue{}
	for _, l := range languages {
		words, err := readWords(mailFiles, l.Tag, "mail/words."+l.Tag+".json")
		if err == nil {
			err = words.take(l.Tag)
		}
		if err != nil {
			panic(err)
		}
		out[l.Tag] = words
	}
	return out
}

// mailFuncs are the functions of a mail's template.
func (c catalogue) mailFuncs() template.FuncMap {
	return template.FuncMap{
		"t":       c.text,
		"cite":    c.cite,
		"held":    c.held,
		"said":    c.said,
		"saying":  c.saying,
		"sayings": c.sayings,
		"count":   c.count,
		"asked":   func(right any) (string, error) { return c.text("asked." + fmt.Sprint(right)) },
		"join":    func(parts ...any) string { return fmt.Sprint(parts...) },
		"list":    func(parts []string) string { return strings.Join(parts, ", ") },
	}
}

// count is the number of a portion's records in words that follow a colon.
func (c catalogue) count(p Portion) (string, error) {
	switch {
	case p.Unknown:
		return c.text("count.unknown")
	case p.Elsewhere && p.Records == 0:
		return c.text("count.elsewhere")
	case p.Elsewhere:
		return c.text("count.partly", p.Records)
	case p.ByHand > 0:
		return c.text("count.hand", p.Records, p.ByHand)
	}
	return strconv.FormatInt(p.Records, 10), nil
}

func mustParseMails(files fs.FS) map[string]map[string]*template.Template {
	byLanguage := map[string]map[string]*template.Template{}
	for _, l := range languages {
		frame := template.Must(template.New("frame.html").Option("missingkey=error").Funcs(mailWords[l.Tag].mailFuncs()).ParseFS(files, "mail/frame.html"))
		byLanguage[l.Tag] = map[string]*template.Template{}
		folders := []string{"mail/person"}
		if l.Tag == english {
			folders = append(folders, "mail/en")
		}
		for _, folder := range folders {
			names, err := fs.Glob(files, folder+"/*.html")
			if err != nil || len(names) == 0 {
				panic("no mail templates in " + folder)
			}
			for _, name := range names {
				byLanguage[l.Tag][strings.TrimSuffix(path.Base(name), ".html")] = template.Must(template.Must(frame.Clone()).ParseFS(files, name))
			}
		}
	}
	return byLanguage
}

// mailTemplate is the mail in the language, or in English when it is none to persons.
func mailTemplate(lang, name string) *template.Template {
	if t := mailTemplates[lang][name]; t != nil {
		return t
	}
	return mailTemplates[english][name]
}

// headed is a mail's data.
type headed interface {
	language() string
	logo() []byte
}

// renderMail executes the template and derives subject and text from the document. Its error names the mail and never the data.
func renderMail(name string, data headed) (Mail, error) {
	t := mailTemplate(data.language(), name)
	if t == nil {
		return Mail{}, fmt.Errorf("mail %s: no such template", name)
	}
	var document bytes.Buffer
	if err := t.ExecuteTemplate(&document, "frame.html", data); err != nil {
		return Mail{}, fmt.Errorf("mail %s: %w", name, err)
	}
	subject, text, err := plainText(document.Bytes())
	if err != nil {
		return Mail{}, fmt.Errorf("mail %s: %w", name, err)
	}
	if subject == "" || text == "" {
		return Mail{}, fmt.Errorf("mail %s: empty subject or text", name)
	}
	return Mail{Subject: subject, Text: text, HTML: document.String(), Logo: data.logo()}, nil
}
