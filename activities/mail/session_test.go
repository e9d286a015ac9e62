package mail_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	mailer "habeas/activities/mail"
	"habeas/models"
	"habeas/models/store"
)

func TestManyMessagesGoOverOneConnectionAndARefusalStopsNone(t *testing.T) {
	t.Parallel()
	srv := &server{}
	session, err := sender(t, start(t, srv, mailer.STARTTLS)).Open(t.Context())
	require.NoError(t, err)
	for i := range 20 {
		srv.mu.Lock()
		srv.rcptErr = nil
		if i == 7 {
			srv.rcptErr = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such person"}
		}
		srv.mu.Unlock()
		uncertain, err := session.Send(t.Context(), models.Personal(fmt.Sprintf("p%d@example.com", i)), message, fmt.Sprint(i))
		require.False(t, uncertain)
		if i == 7 {
			require.Equal(t, mailer.CodeRefused, models.CodeOf(err))
			require.NotContains(t, err.Error(), "p7")
			continue
		}
		require.NoError(t, err)
	}
	require.NoError(t, session.Close())
	require.Len(t, srv.got, 19)
	id, err := srv.got[0].header.MessageID()
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(store.MessageOf("0")), strings.Split(id, "@")[0], "the store knows a message by the same half of its identifier")
}

// breaking is a server that ends the connection at a step of the dialogue.
func breaking(t *testing.T, at string) mailer.Config {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		_, _ = fmt.Fprint(c, "220 test\r\n")
		data := false
		for lines := bufio.NewScanner(c); lines.Scan(); {
			line := lines.Text()
			if data && line != "." {
				continue
			}
			if strings.HasPrefix(line, at) {
				return
			}
			data = line == "DATA"
			if data {
				_, _ = fmt.Fprint(c, "354 go on\r\n")
			} else {
				_, _ = fmt.Fprint(c, "250 test\r\n")
			}
		}
	}()
	return mailer.Config{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: mailer.Plain, From: "privacy@nordkai.example", Name: "Nordkai"}
}

func TestOnlyALostLastWordLeavesItOpenWhetherAMessageWasTaken(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]bool{"MAIL": false, "RCPT": false, "DATA": false, ".": true} {
		session, err := sender(t, breaking(t, at)).Open(t.Context())
		require.NoError(t, err, at)
		uncertain, err := session.Send(t.Context(), to, message, key)
		require.Equal(t, models.Unavailable, models.KindOf(err), at)
		require.Equal(t, want, uncertain, at)
		require.NoError(t, session.Close())
	}
}

func TestTheServersLogTellsWhichMessagesItHasTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	header := func(place, key string) string {
		return "Nov 26 12:00:00 mx postfix/cleanup[7]: " + place + ": message-id=<" + hex.EncodeToString(store.MessageOf(key)) + "@nordkai.example>\n"
	}
	queued := func(place string) string {
		return "Nov 26 12:00:00 mx postfix/qmgr[8]: " + place + ": from=<privacy@nordkai.example>, size=4711, nrcpt=1 (queue active)\n"
	}
	older := header("4A", "two") + queued("4A") + header("4B", "late") + header("4C", "broken") + header("4D", "again")
	newer := "other\n" + queued("4B") + header("4E", "one") + header("4F", "foreign") + queued("4F") + queued("4E") +
		"Nov 26 12:00:01 mx postfix/cleanup[7]: 4C: message-id=<another@elsewhere.example>\n" + queued("4C") + header("5A", "again") + queued("5A")
	for name, text := range map[string]string{"mail.log": newer, "mail.log.1": older} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	yesterday := time.Now().AddDate(0, 0, -1)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "mail.log.1"), yesterday, yesterday))
	set := func(keys ...string) map[string]bool {
		out := map[string]bool{}
		for _, key := range keys {
			out[string(store.MessageOf(key))] = true
		}
		return out
	}
	log := mailer.Log{Paths: filepath.Join(dir, "mail.log*")}
	var asked [][]byte
	for _, key := range []string{"one", "two", "late", "broken", "again", "never"} {
		asked = append(asked, store.MessageOf(key))
	}
	taken, begun, err := log.Accepted(t.Context(), asked)
	require.NoError(t, err)
	require.Equal(t, set("one", "two", "late", "again"), taken)
	require.Equal(t, set("broken"), begun, "its header came, and the place in the queue is another's later")
	_, _, err = mailer.Log{Paths: filepath.Join(dir, "none")}.Accepted(t.Context(), nil)
	require.Equal(t, "mail_log_unreadable", models.CodeOf(err))
}
