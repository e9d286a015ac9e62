package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"habeas/models"
	"habeas/templates"
)

// TLS is how the connection to the server is protected.
type TLS string

const (
	STARTTLS TLS = "starttls" // mandatory: without it nothing is sent
	Implicit TLS = "tls"      // TLS from the first byte, usually port 465
	Plain    TLS = "none"     // for a server on this machine only
)

// Config names the SMTP server and the sender.
type Config struct {
	Host      string
	Port      int
	TLS       TLS           // empty means STARTTLS
	TLSConfig *tls.Config   // nil verifies Host against the system's roots, TLS 1.2 or later
	User      string        // empty: no authentication
	Password  string        // never sent over a connection without TLS
	From      string        // bare address, e.g. privacy@example.com
	Name      string        // shown beside From
	Timeout   time.Duration // of each step of the dialogue; 0 means 30 seconds
}

// Sender sends messages; it is safe for concurrent use and holds no connection between messages.
type Sender struct {
	config  Config
	domain  string // right-hand side of Message-IDs
	options []gomail.Option
}

// Codes of the errors of Send.
const (
	CodeUnavailable = "mail_unavailable" // Unavailable: the server does not take mail now
	CodeDeferred    = "mail_deferred"    // Unavailable: the server asks to try this message again later
	CodeBroken      = "mail_broken"      // Unavailable: the server broke off, or said nothing, while it was given this message
	CodeRefused     = "mail_refused"     // Invalid: the server will never take this message or recipient
	CodeBadAddress  = "bad_address"      // Invalid: not one bare mail address
	CodeBadMessage  = "bad_message"      // Invalid: an empty part, or a subject of more than one line
)

// New checks the configuration; it connects to nothing. Its errors have code bad_config and name the field.
func New(c Config) (*Sender, error) {
	bad := func(field, problem string) error {
		return models.Errorf(models.Invalid, "bad_config", "The mail configuration is wrong: %s", problem).At(field)
	}
	if c.TLS == "" {
		c.TLS = STARTTLS
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.TLSConfig == nil {
		c.TLSConfig = &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
	}
	from, err := bareAddress(c.From)
	switch {
	case c.Host == "":
		return nil, bad("host", "the host is missing.")
	case c.Port < 1 || c.Port > 65535:
		return nil, bad("port", "the port must be between 1 and 65535.")
	case c.TLS != STARTTLS && c.TLS != Implicit && c.TLS != Plain:
		return nil, bad("tls", "TLS must be starttls, tls or none.")
	case c.User != "" && c.TLS == Plain:
		return nil, bad("tls", "a password is never sent without TLS.")
	case err != nil:
		return nil, bad("from", "the sender must be one mail address.")
	case strings.ContainsAny(c.Name, "\r\n"):
		return nil, bad("name", "the sender's name must be one line.")
	}
	s := &Sender{config: c, domain: from[strings.LastIndexByte(from, '@')+1:]}
	s.options = s.clientOptions()
	return s, nil
}

func (s *Sender) clientOptions() []gomail.Option {
	policy := map[TLS]gomail.TLSPolicy{
		STARTTLS: gomail.TLSMandatory,
		Implicit: gomail.TLSOpportunistic, // the connection has TLS already, see dial
		Plain:    gomail.NoTLS,
	}[s.config.TLS]
	options := []gomail.Option{
		gomail.WithPort(s.config.Port), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.config.TLSConfig),
		gomail.WithTimeout(s.config.Timeout), gomail.WithoutNoop(), gomail.WithHELO(s.domain),
	}
	if s.config.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.config.User), gomail.WithPassword(s.config.Password))
	}
	return options
}

// Send hands a mail for one bare address to the server and returns when the server has taken it. The Message-ID is derived from
// the idempotency key, so that a retry repeats the message and not only its words. Errors are models.Error with one of the codes
// above; none holds an address, a word of the mail or what the server said.
func (s *Sender) Send(ctx context.Context, to models.Personal, m templates.Mail, key string) error {
	message, err := s.compose(to, m, key)
	if err != nil {
		return err
	}
	var connection net.Conn
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := s.dial(ctx, network, address)
		if err == nil {
			connection = c
		}
		return c, err
	}
	client, err := gomail.NewClient(s.config.Host, append(slices.Clone(s.options), gomail.WithDialContextFunc(dial))...)
	if err != nil {
		return models.Errorf(models.Invalid, "bad_config", "The mail configuration is wrong.").Because(err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if connection != nil {
		defer connection.Close() //nolint:errcheck // closed already after a QUIT; nothing depends on it
	}
	if err != nil {
		return unavailable(err)
	}
	// go-mail looks at the context while it connects only: a cancelled one must not wait for a slow server.
	stop := context.AfterFunc(ctx, func() { connection.Close() }) //nolint:errcheck // as above
	defer stop()
	err = client.SendWithSMTPClient(session, message)
	if message.IsDelivered() { // what fails after the server took the message must not send it again
		_ = client.CloseWithSMTPClient(session) //nolint:errcheck // the message was taken already
		return nil
	}
	return failure(err)
}

// dial connects, with TLS at once where that is configured.
func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.config.TLS == Implicit {
		return (&tls.Dialer{Config: s.config.TLSConfig}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func (s *Sender) compose(recipient models.Personal, m templates.Mail, key string) (*gomail.Msg, error) {
	to, err := bareAddress(recipient.Reveal())
	if err != nil {
		return nil, err
	}
	if m.Subject == "" || m.Text == "" || m.HTML == "" || key == "" || strings.ContainsAny(m.Subject, "\r\n") {
		return nil, models.Errorf(models.Invalid, CodeBadMessage, "A mail needs a subject of one line, a text, an HTML part and a key.")
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := message.FromFormat(s.config.Name, s.config.From); err != nil {
		return nil, models.Errorf(models.Invalid, "bad_config", "The mail configuration is wrong.").At("from")
	}
	if err := message.To(to); err != nil {
		return nil, badAddress() // go-mail's error repeats the address
	}
	message.Subject(m.Subject)
	message.SetDate()
	message.SetMessageIDWithValue(s.messageID(key))
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office replies
	message.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Unsubscribe != "" {
		if u, err := url.Parse(m.Unsubscribe); err != nil || u.Host == "" || strings.ContainsAny(m.Unsubscribe, "<>\r\n ") {
			return nil, models.Errorf(models.Invalid, CodeBadMessage, "The address that ends a subscription must be a URL.")
		}
		message.SetGenHeader("List-Unsubscribe", "<"+m.Unsubscribe+">") // RFC 2369
		message.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	if m.Logo != nil {
		err := message.EmbedReader("logo.png", bytes.NewReader(m.Logo), gomail.WithFileContentID("<logo>"), gomail.WithFileContentType("image/png"))
		if err != nil {
			return nil, models.Errorf(models.Invalid, CodeBadMessage, "The logo cannot be put into the mail.").Because(err)
		}
	}
	return message, nil
}

// messageID is the same for the same key and tells nothing about it.
func (s *Sender) messageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return fmt.Sprintf("%s@%s", hex.EncodeToString(sum[:16]), s.domain)
}

// bareAddress accepts one address without a name, a group, a comment or anything that could start another header.
func bareAddress(s string) (string, error) {
	a, err := netmail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > 254 {
		return "", badAddress()
	}
	return s, nil
}

func badAddress() error {
	return models.Errorf(models.Invalid, CodeBadAddress, "This is not one mail address, such as name@example.com.")
}
