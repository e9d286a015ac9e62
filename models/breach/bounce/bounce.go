package bounce

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"habeas/models"
)

// Report says that a message could not be delivered.
type Report struct {
	Message []byte // left half of the Message-ID of what came back, 16 bytes
	Code    string // enhanced status code (RFC 3463), such as 5.1.1; "failed" when the notification gives none
}

const (
	maxSize  = 32 << 20 // bytes of a notification; what came back may be part of it
	maxParts = 20
	maxPart  = 256 << 10 // bytes of a part that are looked at: headers stand at its beginning
)

var (
	ours   = regexp.MustCompile(`<([0-9a-f]{32})@[^<>\s]+>`)
	status = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}`)
)

// Read reads a notification as a mail server hands it on. It fails with not_a_bounce for another message: also for a notification that a message
// was delivered or is late, and for one about a message that cannot be Habeas'.
func Read(r io.Reader) (Report, error) {
	message, err := mail.ReadMessage(bufio.NewReader(io.LimitReader(r, maxSize)))
	if err != nil {
		return Report{}, notABounce()
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(parameters["report-type"], "delivery-status") {
		return Report{}, notABounce()
	}
	var n notification
	if err := n.read(multipart.NewReader(message.Body, parameters["boundary"])); err != nil {
		return Report{}, err
	}
	// Some servers send nothing of what came back, and name it as other answers do.
	n.look(message.Header.Get("In-Reply-To"))
	n.look(message.Header.Get("References"))
	if !n.failed || n.id == nil {
		return Report{}, notABounce()
	}
	return Report{Message: n.id, Code: n.code}, nil
}

func notABounce() error {
	return models.Errorf(models.Invalid, "not_a_bounce", "This is no notification that a message of Habeas came back.")
}

type notification struct {
	failed bool
	code   string
	id     []byte
}

func (n *notification) read(parts *multipart.Reader) error {
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notABounce()
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			n.delivery(body(part))
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			n.look(headersOf(body(part)).Get("Message-Id"))
		}
	}
	return nil
}

// body is the beginning of a part, decoded; package multipart decodes quoted-printable by itself.
func body(part *multipart.Part) *textproto.Reader {
	var in io.Reader = part
	if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
		in = base64.NewDecoder(base64.StdEncoding, part)
	}
	return textproto.NewReader(bufio.NewReader(io.LimitReader(in, maxPart)))
}

// headersOf reads one group of fields; what is broken ends it.
func headersOf(in *textproto.Reader) textproto.MIMEHeader {
	fields, _ := in.ReadMIMEHeader() //nolint:errcheck // the fields before the fault are there, and the end of the part is no fault
	return fields
}

// delivery reads the groups of a status: one about the message, and one for each recipient.
func (n *notification) delivery(in *textproto.Reader) {
	for {
		fields, err := in.ReadMIMEHeader()
		if strings.EqualFold(strings.TrimSpace(fields.Get("Action")), "failed") && !n.failed {
			n.failed, n.code = true, "failed"
			if code := status.FindString(strings.TrimSpace(fields.Get("Status"))); code != "" {
				n.code = code
			}
		}
		if err != nil {
			return
		}
	}
}

// look takes the first identifier in a field that can be one of Habeas'.
func (n *notification) look(field string) {
	if m := ours.FindSubmatch(bytes.ToLower([]byte(field))); m != nil && n.id == nil {
		n.id, _ = hex.DecodeString(string(m[1])) //nolint:errcheck // it is hexadecimal
	}
}
