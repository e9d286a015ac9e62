package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	mailer "habeas/activities/mail"
	"habeas/models"
	"habeas/templates"
)

// server is a real SMTP server whose answers the test sets.
type server struct {
	mu       sync.Mutex
	got      []received
	users    []string
	mailErr  error
	rcptErr  error
	dataErr  error
	block    chan struct{} // not nil: RCPT waits for it
	entered  chan struct{} // gets a value when RCPT waits
	listener net.Listener
}

type received struct {
	from   string
	to     []string
	header mail.Header
	parts  map[string]string
	logo   string // Content-ID of a picture
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }

type session struct {
	s    *server
	from string
	to   []string
}

func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "right" {
			return smtp.ErrAuthFailed
		}
		c.s.users = append(c.s.users, user)
		return nil
	}), nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error { c.from = from; return c.s.mailErr }

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if c.s.block != nil {
		c.s.entered <- struct{}{}
		<-c.s.block
	}
	c.to = append(c.to, to)
	return c.s.rcptErr
}

func (c *session) Data(r io.Reader) error {
	m, err := mail.CreateReader(r)
	if err != nil {
		return err
	}
	got := received{from: c.from, to: c.to, header: m.Header, parts: map[string]string{}}
	for {
		p, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			return err
		}
		kind, _, _ := p.Header.(*mail.InlineHeader).ContentType()
		got.parts[kind] = string(body)
		if kind == "image/png" {
			got.logo = p.Header.Get("Content-Id")
		}
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.s.dataErr != nil {
		return c.s.dataErr
	}
	c.s.got = append(c.s.got, got)
	return nil
}

func (c *session) Reset()        { c.from, c.to = "", nil }
func (c *session) Logout() error { return nil }

// start serves s and gives a configuration that reaches it; change may alter either before it starts.
func start(t *testing.T, s *server, mode mailer.TLS) mailer.Config {
	t.Helper()
	certificate, roots := selfSigned(t)
	srv := smtp.NewServer(s)
	srv.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	switch mode {
	case mailer.Implicit:
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}})
	case mailer.STARTTLS:
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	s.listener = l
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return mailer.Config{
		Host: "127.0.0.1", Port: port, TLS: mode, From: "privacy@nordkai.example", Name: "Nordkai Freight, Datenschutz",
		TLSConfig: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"},
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

const (
	to  models.Personal = "mara.lindholm@example.com"
	key string          = "request-1/verification/1"
)

var message = templates.Mail{Subject: "Grüße von uns", Text: "Zeile eins\n\nhttps://example.com/a=b\n", HTML: "<p>Zeile eins</p>"}

func sender(t *testing.T, c mailer.Config) *mailer.Sender {
	t.Helper()
	s, err := mailer.New(c)
	require.NoError(t, err)
	return s
}

func TestAMessageArrivesWithBothPartsAndItsHeaders(t *testing.T) {
	t.Parallel()
	for _, mode := range []mailer.TLS{mailer.Plain, mailer.STARTTLS, mailer.Implicit} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			srv := &server{}
			c := start(t, srv, mode)
			if mode != mailer.Plain {
				c.User, c.Password = "habeas", "right"
			}
			require.NoError(t, sender(t, c).Send(t.Context(), to, message, key))
			require.Len(t, srv.got, 1)
			got := srv.got[0]
			require.Equal(t, "privacy@nordkai.example", got.from)
			require.Equal(t, []string{"mara.lindholm@example.com"}, got.to)
			subject, err := got.header.Subject()
			require.NoError(t, err)
			require.Equal(t, message.Subject, subject)
			from, err := got.header.AddressList("From")
			require.NoError(t, err)
			require.Equal(t, c.Name, from[0].Name)
			require.Equal(t, "auto-generated", got.header.Get("Auto-Submitted"))
			require.NotEmpty(t, got.header.Get("Date"))
			require.Empty(t, got.header.Get("X-Mailer"))
			require.Equal(t, message.Text, strings.ReplaceAll(got.parts["text/plain"], "\r\n", "\n"))
			require.Equal(t, message.HTML, got.parts["text/html"])
			require.Len(t, srv.users, map[bool]int{false: 1, true: 0}[mode == mailer.Plain])
		})
	}
}

func TestALogoTravelsInsideTheMail(t *testing.T) {
	t.Parallel()
	srv := &server{}
	m := message
	m.HTML, m.Logo = `<img src="cid:logo" alt="">`, []byte("\x89PNG picture")
	require.NoError(t, sender(t, start(t, srv, mailer.Plain)).Send(t.Context(), to, m, key))
	require.Equal(t, m.HTML, srv.got[0].parts["text/html"])
	require.Equal(t, string(m.Logo), srv.got[0].parts["image/png"])
	require.Equal(t, "<logo>", srv.got[0].logo)
}

func TestAMailOfASubscriptionEndsItByOneCall(t *testing.T) {
	t.Parallel()
	srv := &server{}
	s := sender(t, start(t, srv, mailer.Plain))
	m := message
	m.Unsubscribe = "https://privacy.nordkai.example/trust/unsubscribe/" + strings.Repeat("3vYk0hYV2f7", 4)
	require.NoError(t, s.Send(t.Context(), to, m, key))
	require.NoError(t, s.Send(t.Context(), to, message, key))
	require.Equal(t, "<"+m.Unsubscribe+">", srv.got[0].header.Get("List-Unsubscribe"))
	require.Equal(t, "List-Unsubscribe=One-Click", srv.got[0].header.Get("List-Unsubscribe-Post"))
	require.Empty(t, srv.got[1].header.Get("List-Unsubscribe"))
	for _, bad := range []string{"nonsense", "https://a.example/\r\nBcc: x@y.example", "https://a.example/>"} {
		m.Unsubscribe = bad
		require.Equal(t, "bad_message", models.CodeOf(s.Send(t.Context(), to, m, key)), bad)
	}
}

func TestARetryRepeatsTheMessageIDAndAnotherKeyDoesNot(t *testing.T) {
	t.Parallel()
	srv := &server{}
	s := sender(t, start(t, srv, mailer.Plain))
	for _, k := range []string{key, key, "request-1/verification/2"} {
		require.NoError(t, s.Send(t.Context(), to, message, k))
	}
	id := func(i int) string { v, err := srv.got[i].header.MessageID(); require.NoError(t, err); return v }
	require.Equal(t, id(0), id(1))
	require.NotEqual(t, id(0), id(2))
	require.Regexp(t, `^[0-9a-f]{32}@nordkai\.example$`, id(0))
	sum := sha256.Sum256([]byte(key))
	require.Equal(t, hex.EncodeToString(sum[:16])+"@nordkai.example", id(0), "the store finds a mail that comes back by it")
}

// Servers repeat addresses in their answers; none may reach an error.
func TestFailuresSayWhetherARetryHelpsAndNameNobody(t *testing.T) {
	t.Parallel()
	answer := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "<mara.lindholm@example.com> secret"}
	}
	for name, c := range map[string]struct {
		server *server
		kind   models.Kind
		code   string
	}{
		"unknown recipient":    {&server{rcptErr: answer(550)}, models.Invalid, "mail_refused"},
		"greylisted recipient": {&server{rcptErr: answer(451)}, models.Unavailable, "mail_deferred"},
		"closing":              {&server{rcptErr: answer(421)}, models.Unavailable, "mail_unavailable"},
		"refused content":      {&server{dataErr: answer(554)}, models.Invalid, "mail_refused"},
		"full disk":            {&server{dataErr: answer(452)}, models.Unavailable, "mail_deferred"},
		"sender not allowed":   {&server{mailErr: answer(550)}, models.Unavailable, "mail_unavailable"},
		"sender not now":       {&server{mailErr: answer(421)}, models.Unavailable, "mail_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := sender(t, start(t, c.server, mailer.Plain)).Send(t.Context(), to, message, key)
			require.Error(t, err)
			require.Equal(t, c.kind, models.KindOf(err))
			require.Equal(t, c.code, models.CodeOf(err))
			require.NotRegexp(t, "(?i)mara|lindholm|secret|Grüße", err.Error())
			require.Empty(t, c.server.got)
		})
	}
}

func TestAServerThatIsDownIsUnavailable(t *testing.T) {
	t.Parallel()
	srv := &server{}
	c := start(t, srv, mailer.Plain)
	require.NoError(t, srv.listener.Close())
	err := sender(t, c).Send(t.Context(), to, message, key)
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.NotContains(t, err.Error(), "mara")
}

func TestAWrongPasswordOrCertificateIsUnavailableAndTellsNothing(t *testing.T) {
	t.Parallel()
	srv := &server{}
	c := start(t, srv, mailer.STARTTLS)
	c.User, c.Password = "account@nordkai.example", "wrong"
	err := sender(t, c).Send(t.Context(), to, message, key)
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.NotRegexp(t, "account@|wrong|mara", err.Error())
	c.TLSConfig = nil
	err = sender(t, c).Send(t.Context(), to, message, key)
	require.Equal(t, models.Unavailable, models.KindOf(err))
}

func TestNothingIsSentWithoutTheTLSThatIsConfigured(t *testing.T) {
	t.Parallel()
	srv := &server{}
	c := start(t, srv, mailer.Plain)
	c.TLS = mailer.STARTTLS
	require.Equal(t, models.Unavailable, models.KindOf(sender(t, c).Send(t.Context(), to, message, key)))
	require.Empty(t, srv.got)
}

func TestACancelledContextDoesNotWaitForASlowServer(t *testing.T) {
	t.Parallel()
	srv := &server{block: make(chan struct{}), entered: make(chan struct{}, 1)}
	s := sender(t, start(t, srv, mailer.Plain))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-srv.entered
		cancel()
	}()
	err := s.Send(ctx, to, message, key)
	close(srv.block)
	require.Equal(t, models.Unavailable, models.KindOf(err))
}

func TestASlowServerEndsWithTheTimeout(t *testing.T) {
	t.Parallel()
	srv := &server{block: make(chan struct{}), entered: make(chan struct{}, 1)}
	c := start(t, srv, mailer.Plain)
	c.Timeout = 50 * time.Millisecond
	err := sender(t, c).Send(t.Context(), to, message, key)
	close(srv.block)
	require.Equal(t, models.Unavailable, models.KindOf(err))
}

func TestHeaderInjectionAndBadAddressesAreRefusedBeforeConnecting(t *testing.T) {
	t.Parallel()
	s := sender(t, mailer.Config{Host: "127.0.0.1", Port: 1, TLS: mailer.Plain, From: "a@example.com"})
	for _, to := range []models.Personal{
		"", "mara", "mara@", "Mara <mara@example.com>", "mara@example.com, x@example.com", "mara@example.com\r\nBcc: x@example.com",
		"mara@example.com\n", " mara@example.com", models.Personal("m@" + strings.Repeat("a", 260) + ".com"),
	} {
		err := s.Send(t.Context(), to, message, key)
		require.Equal(t, "bad_address", models.CodeOf(err), "%q", to.Reveal())
		require.Equal(t, models.Invalid, models.KindOf(err))
		if len(to) > 3 {
			require.NotContains(t, err.Error(), "mara")
		}
	}
	for _, change := range []func(*templates.Mail){
		func(m *templates.Mail) { m.Subject = "a\r\nBcc: x@example.com" },
		func(m *templates.Mail) { m.Subject = "" },
		func(m *templates.Mail) { m.Text = "" },
		func(m *templates.Mail) { m.HTML = "" },
	} {
		m := message
		change(&m)
		require.Equal(t, "bad_message", models.CodeOf(s.Send(t.Context(), to, m, key)))
	}
	require.Equal(t, "bad_message", models.CodeOf(s.Send(t.Context(), to, message, "")))
}

func TestAWrongConfigurationNamesItsField(t *testing.T) {
	t.Parallel()
	good := mailer.Config{Host: "mail.example.com", Port: 587, From: "a@example.com"}
	for field, change := range map[string]func(*mailer.Config){
		"host": func(c *mailer.Config) { c.Host = "" },
		"port": func(c *mailer.Config) { c.Port = 70000 },
		"tls":  func(c *mailer.Config) { c.TLS, c.User = mailer.Plain, "u" },
		"from": func(c *mailer.Config) { c.From = "Nordkai <a@example.com>" },
		"name": func(c *mailer.Config) { c.Name = "a\r\nb" },
	} {
		c := good
		change(&c)
		_, err := mailer.New(c)
		problem, ok := errors.AsType[*models.Error](err)
		require.True(t, ok, field)
		require.Equal(t, field, problem.Field)
	}
	_, err := mailer.New(good)
	require.NoError(t, err)
}
