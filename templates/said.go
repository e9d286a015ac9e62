package templates

import (
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"time"
	"unicode"

	"habeas/models"
	"habeas/models/calendar"
)

// Speech is the words of documents to persons in one language, with those about dates, law and data.
type Speech struct{ words catalogue }

// Speak reads the words of a language from the files that the patterns name. It fails for a file that is none and for a word given twice.
func Speak(lang string, files fs.FS, patterns ...string) (Speech, error) {
	words, err := readWords(files, Match(lang), patterns...)
	if err == nil {
		err = words.take(Match(lang))
	}
	return Speech{words}, err
}

// Funcs are the functions of a document's template.
func (s Speech) Funcs() template.FuncMap { return s.words.funcs() }

// Text is the words of a key with its arguments put in; it fails for a key that is not there.
func (s Speech) Text(key string, args ...any) (string, error) { return s.words.text(key, args...) }

// Counted is the words of a key for a number, which is their first argument.
func (s Speech) Counted(key string, n int, args ...any) (string, error) {
	return s.words.text(key+"."+pluralForm(s.words.language, n), append([]any{grouped(int64(n))}, args...)...)
}

// Day is a date in words with the zone in which it ends.
func (s Speech) Day(d calendar.Date, zone *time.Location) (string, error) {
	return MailHead{Language: s.words.language.String(), Zone: zone}.Day(d)
}

// Instant is a point in time in words with its zone.
func (s Speech) Instant(t time.Time, zone *time.Location) (string, error) {
	return MailHead{Language: s.words.language.String(), Zone: zone}.Instant(t)
}

// common are the files of words that pages, mails and reports have in common.
var common = []string{"dates", "law", "data"}

// take adds the words that pages, mails and reports have in common.
func (c catalogue) take(lang string) error {
	for _, part := range common {
		more, err := readWords(pageFiles, lang, "pages/words."+lang+"."+part+".json")
		if err == nil {
			err = c.add(more.words)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// markup is what the functions below put together of parts that each of them escapes: a text and the mark of its language.
type markup = template.HTML //nolint:forbidigo // escaping is not switched off: every part goes through HTMLEscapeString

// said is a text that somebody wrote, marked where it is in another language than the document (WCAG 3.1.2).
func (c catalogue) said(s models.Said) markup {
	text := template.HTMLEscapeString(s.Text)
	if s.Lang == "" || s.Lang == c.language.String() || s.Text == "" {
		return markup(text)
	}
	return markup(`<span class="foreign" lang="` + template.HTMLEscapeString(s.Lang) + `">` + text + `</span>`)
}

// identity is what a kind of identity is called: by the words of the language, else as the data map calls it, else by its code in words.
func (c catalogue) identity(kind string, called ...models.Said) markup {
	if words, ok := c.words["identity."+kind]; ok {
		return markup(template.HTMLEscapeString(words))
	}
	for _, s := range called {
		if s.Text != "" {
			return c.said(s)
		}
	}
	return markup(template.HTMLEscapeString(KindInWords(kind)))
}

// KindInWords is the code of a kind of identity without its underscores, for one of which nobody says more: loyalty_card is Loyalty card.
func KindInWords(kind string) string {
	words := []rune(strings.ReplaceAll(kind, "_", " "))
	for i := range words[:min(1, len(words))] {
		words[i] = unicode.ToUpper(words[i])
	}
	return string(words)
}

// saying is the words of a key with arguments of which some were written by somebody.
func (c catalogue) saying(key string, args ...any) (markup, error) {
	s, ok := c.words[key]
	if !ok {
		return "", fmt.Errorf("no text for key %q", key)
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		put := template.HTMLEscapeString(fmt.Sprint(a))
		if own, ok := a.(models.Said); ok {
			put = string(c.said(own))
		}
		pairs = append(pairs, fmt.Sprintf("{%d}", i), put)
	}
	return markup(strings.NewReplacer(pairs...).Replace(template.HTMLEscapeString(s))), nil
}

// sayings are several texts in a row.
func (c catalogue) sayings(list []models.Said) markup {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = string(c.said(s))
	}
	return markup(strings.Join(parts, ", "))
}
