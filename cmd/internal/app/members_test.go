package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/app"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// writing is an App with a mail server, whose loops a test starts itself.
func writing(t *testing.T) (*app.App, *mailbox.Mailbox) {
	t.Helper()
	box, err := mailbox.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = box.Close() })
	return writingTo(t, box.Port()), box
}

// writingTo is an App with the mail server of a port.
func writingTo(t *testing.T, port int) *app.App {
	t.Helper()
	c := live(t, "SELECT 1")
	c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS = "127.0.0.1", port, "none"
	a, _, err := build(t, c)
	require.NoError(t, err)
	_, err = a.Store.PutController(t.Context(), request.Controller{
		Slug: "northwind", Name: "Northwind", Operator: true, Regime: "EU_GDPR", Timezone: "Europe/Brussels", Country: "BE", ContactEmail: "a@northwind.example",
	})
	require.NoError(t, err)
	return a
}

// running runs a loop until it is stopped, or the test ends.
func running(t *testing.T, loop func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = loop(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		group.Wait()
	})
	t.Cleanup(stop)
	return stop
}

func await(t *testing.T, box *mailbox.Mailbox, to, subject string) mailbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // a worker that ended may have left a lease of a minute
	defer cancel()
	m, err := box.Wait(ctx, func(m mailbox.Message) bool { return m.For(to) && strings.Contains(m.Subject, subject) })
	require.NoError(t, err)
	return m
}

var office = store.Place{Network: "203.0.113.0/24", Device: "Firefox, Linux"}

func invite(t *testing.T, a *app.App, email models.Personal) store.Member {
	t.Helper()
	m, err := a.Store.InviteMember(t.Context(), models.ScopeOperator(), models.Actor{Role: models.RoleDPO}, store.MemberSpec{Role: models.RoleAuditor, Name: "Mara Lind", Email: email})
	require.NoError(t, err)
	return m
}

// token is the one of the link that a mail carries.
func token(t *testing.T, m mailbox.Message) string {
	t.Helper()
	for _, link := range m.Links() {
		if _, after, ok := strings.Cut(link, "/staff/link/"); ok {
			return after
		}
	}
	t.Fatalf("no link in %q", m.Text)
	return ""
}

func TestALinkIsMailedOnceAlsoWhenTheMailServerWasAway(t *testing.T) {
	t.Parallel()
	a, box := writing(t)
	require.NoError(t, box.SetMode(mailbox.Down))
	stop := running(t, a.SendLinks)
	m := invite(t, a, "mara@northwind.example")
	stop() // a worker that ends in the midst of it
	require.NoError(t, box.SetMode(mailbox.Accept))
	running(t, a.SendLinks)
	invitation := await(t, box, "mara@northwind.example", "invitation")
	_, err := a.Store.UseLink(t.Context(), token(t, invitation), "hash", office)
	require.NoError(t, err)

	require.NoError(t, a.Store.AskNewPassword(t.Context(), "nobody@northwind.example", office))
	require.NoError(t, a.Store.AskNewPassword(t.Context(), m.Email, office))
	asked := await(t, box, "mara@northwind.example", "new password")
	require.Contains(t, asked.Text, "Firefox, Linux")
	require.Contains(t, asked.Text, "203.0.113.0/24")
	require.Contains(t, asked.Text, "(Europe/Brussels)")
	link, err := a.Store.LinkByToken(t.Context(), token(t, asked))
	require.NoError(t, err)
	require.Equal(t, m.ID, link.Member.ID)
	require.Len(t, box.Messages("mara@northwind.example"), 2, "each once")
	require.Empty(t, box.Messages("nobody@northwind.example"))
}

// takesAndEnds is a mail server that takes one message, and calls end before it lets the client go.
func takesAndEnds(t *testing.T, end func()) (port int) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var group sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		group.Wait()
	})
	group.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		answer := func(line string) { _, _ = fmt.Fprint(c, line+"\r\n") }
		answer("220 test")
		data := false
		for lines := bufio.NewScanner(c); lines.Scan(); {
			switch line := lines.Text(); {
			case data && line != ".":
			case line == "DATA":
				data = true
				answer("354 go on")
			case line == "QUIT":
				end()
				return
			default:
				data = false
				answer("250 test")
			}
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

func TestALinkThatWentJustBeforeTheWorkerEndedIsNotMailedAgain(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	a := writingTo(t, takesAndEnds(t, stop))
	invite(t, a, "mara@northwind.example")
	require.NoError(t, a.SendLinks(ctx))
	var waiting int
	require.NoError(t, a.Store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM member_links WHERE mail_at IS NOT NULL").Scan(&waiting))
	require.Zero(t, waiting)
}

func TestAnAlertNamesTimeDeviceAndPlaceAndOpensNothing(t *testing.T) {
	t.Parallel()
	a, box := writing(t)
	stop := running(t, a.SendLinks)
	m := invite(t, a, "mara@northwind.example")
	_, err := a.Store.UseLink(t.Context(), token(t, await(t, box, "mara@northwind.example", "invitation")), "hash", office)
	require.NoError(t, err)
	stop()
	require.NoError(t, box.SetMode(mailbox.Down))
	running(t, a.SendAlerts)
	require.NoError(t, a.Store.SetPassword(t.Context(), m.ID, "other", models.ID{}, office))
	codes, err := a.Store.NewRecoveryCodes(t.Context(), m.ID, office)
	require.NoError(t, err)
	require.NoError(t, box.SetMode(mailbox.Accept))
	for _, subject := range []string{"password was changed", "recovery codes"} {
		mail := await(t, box, "mara@northwind.example", subject)
		for _, says := range []string{"Firefox, Linux", "203.0.113.0/24", "(Europe/Brussels)", "If it was not", a.Config.BaseURL + "/staff"} {
			require.Contains(t, strings.Join(strings.Fields(mail.Text), " "), says, subject)
		}
		require.Equal(t, []string{a.Config.BaseURL + "/staff"}, mail.Links(), "the console, and nothing that opens it")
		for _, code := range codes {
			require.NotContains(t, mail.Text, code)
		}
	}
	require.Len(t, box.Messages("mara@northwind.example"), 3)
}
