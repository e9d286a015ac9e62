package templates

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const textWidth = 72

// plainText reads a mail's document and gives its title and its body as plain text. It knows the few elements that mails
// use and fails on any other, so that no mail loses words on the way.
func plainText(document []byte) (subject, text string, err error) {
	w := &textWriter{}
	z := html.NewTokenizer(bytes.NewReader(document))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				return "", "", z.Err()
			}
			return strings.Join(strings.FieldsFunc(w.title.String(), folds), " "), w.done(), nil
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			if err := w.start(token); err != nil {
				return "", "", err
			}
		case html.EndTagToken:
			w.end(z.Token().DataAtom)
		}
	}
}

// textWriter collects one block (paragraph, heading, list item …) at a time.
type textWriter struct {
	out    strings.Builder
	title  strings.Builder
	block  strings.Builder
	href   string
	space  string    // before a colon, in French
	in     atom.Atom // title, style or blockquote while inside one
	prefix string    // before the first line of the block
	tight  bool      // no empty line before the block
}

func (w *textWriter) start(t html.Token) error {
	switch t.DataAtom {
	case atom.Html:
		for _, a := range t.Attr {
			if a.Key == "lang" && a.Val == "fr" {
				w.space = "\u202f"
			}
		}
	case atom.Head, atom.Meta, atom.Body, atom.Div, atom.Ul, atom.Dl, atom.Main, atom.Footer, atom.Strong, atom.Em, atom.Span, atom.Img:
	case atom.Title, atom.Style:
		w.in = t.DataAtom
	case atom.Blockquote:
		w.flush()
		w.in = t.DataAtom
	case atom.P, atom.H1, atom.H2, atom.Dt:
		w.flush()
	case atom.Li:
		w.flush()
		w.prefix, w.tight = "- ", true
	case atom.Dd:
		w.flush()
		w.prefix, w.tight = "  ", true
	case atom.Br:
		w.block.WriteByte('\v') // a line break that survives the folding of white space
	case atom.A:
		for _, a := range t.Attr {
			if a.Key == "href" {
				w.href = a.Val
			}
		}
	default:
		return fmt.Errorf("element <%s> has no plain text form", t.Data)
	}
	return nil
}

func (w *textWriter) end(a atom.Atom) {
	switch a {
	case atom.Title, atom.Style:
		w.in = 0
	case atom.Blockquote:
		w.quote()
		w.in = 0
	case atom.A:
		w.block.WriteString(w.space + ":\v" + w.href)
		w.href = ""
	case atom.P, atom.H1, atom.H2, atom.Dt, atom.Dd, atom.Li, atom.Div, atom.Ul, atom.Dl, atom.Footer:
		w.flush()
	}
}

func (w *textWriter) text(s string) {
	switch w.in {
	case atom.Style:
	case atom.Title:
		w.title.WriteString(printable(s))
	default:
		w.block.WriteString(printable(s))
	}
}

// folds says whether a browser folds the character with its neighbours: a no-break space stays, as before a French colon.
func folds(r rune) bool { return strings.ContainsRune(" \t\n\f\r", r) }

// flush ends the block: white space is folded as a browser does, lines are wrapped, a link stays on its own line.
func (w *textWriter) flush() {
	prefix, tight := w.prefix, w.tight
	w.prefix, w.tight = "", false
	var lines []string
	for part := range strings.SplitSeq(w.block.String(), "\v") {
		lines = append(lines, wrap(strings.FieldsFunc(part, folds), textWidth-len(prefix))...)
	}
	w.block.Reset()
	if len(lines) == 0 {
		return
	}
	w.write(lines, prefix, strings.Repeat(" ", len(prefix)), tight)
}

// quote ends a quotation of somebody's own words: its lines stay as they were and each is marked, so that none can pass for ours.
func (w *textWriter) quote() {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(w.block.String()), "\n") {
		if wrapped := wrap(strings.Fields(line), textWidth-2); len(wrapped) > 0 {
			lines = append(lines, wrapped...)
		} else {
			lines = append(lines, "")
		}
	}
	w.block.Reset()
	w.write(lines, "> ", "> ", false)
}

func (w *textWriter) write(lines []string, first, rest string, tight bool) {
	if w.out.Len() > 0 && !tight {
		w.out.WriteByte('\n')
	}
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		w.out.WriteString(strings.TrimRight(prefix+line, " ") + "\n")
	}
}

func (w *textWriter) done() string {
	w.flush()
	return w.out.String()
}

// wrap fills lines up to width; a word longer than that, such as a link, gets a line of its own.
func wrap(words []string, width int) []string {
	var lines []string
	for _, word := range words {
		last := len(lines) - 1
		if last < 0 || utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, word)
			continue
		}
		lines[last] += " " + word
	}
	return lines
}

// printable drops control characters and those that reverse the direction of text, with which an untrusted value could
// make a message read differently from what was written.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s)
}
