package mailbox

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"time"

	_ "github.com/emersion/go-message/charset" // other charsets than UTF-8
	"github.com/emersion/go-message/mail"
)

// Message is one mail as it arrived.
type Message struct {
	ID            int       `json:"id"`
	At            time.Time `json:"at"`
	From          string    `json:"from"` // of the envelope
	To            []string  `json:"to"`   // of the envelope
	Subject       string    `json:"subject"`
	MessageID     string    `json:"message_id"` // without the angle brackets
	AutoSubmitted string    `json:"auto_submitted"`
	Text          string    `json:"text"`
	HTML          string    `json:"html"`
	Raw           []byte    `json:"-"`
}

var (
	links = regexp.MustCompile(`https?://[^\s<>"]+`)
	codes = regexp.MustCompile(`(?m)^(\d{4}-\d{4})$`)
)

// Links are the links of the text part, in its order.
func (m Message) Links() []string { return links.FindAllString(m.Text, -1) }

// Code is the first one-time code of the text part on a line of its own, "1234-5678"; empty when there is none.
func (m Message) Code() string { return codes.FindString(m.Text) }

func parse(raw []byte) (Message, error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return Message{}, err
	}
	m := Message{At: time.Now().UTC(), Raw: raw}
	if m.Subject, err = r.Header.Subject(); err != nil {
		return Message{}, err
	}
	if m.MessageID, err = r.Header.MessageID(); err != nil {
		return Message{}, err
	}
	m.AutoSubmitted = r.Header.Get("Auto-Submitted")
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return Message{}, err
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return Message{}, err
		}
		header, ok := part.Header.(*mail.InlineHeader)
		if !ok {
			continue // an attachment: Habeas sends none
		}
		body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
		switch kind, _, _ := header.ContentType(); kind { //nolint:errcheck // a header without a type is text
		case "text/html":
			m.HTML = string(body)
		case "text/plain", "":
			m.Text = string(body)
		}
	}
}
