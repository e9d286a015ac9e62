package bounce_test

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/breach/bounce"
)

const message = "00112233445566778899aabbccddeeff"

func notification(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".eml")
	require.NoError(t, err)
	return string(b)
}

func read(t *testing.T, text string) bounce.Report {
	t.Helper()
	got, err := bounce.Read(strings.NewReader(text))
	require.NoError(t, err)
	return got
}

func TestTheMessageThatCameBackIsFoundWithItsCode(t *testing.T) {
	t.Parallel()
	postfix, exchange := notification(t, "postfix"), notification(t, "exchange")
	headers, rest, found := strings.Cut(exchange, "Content-Type: message/rfc822\n")
	require.True(t, found)
	status := "Reporting-MTA: dns; x\n\nAction: failed\nStatus: 4.4.7 (expired)\n"
	for name, c := range map[string]struct{ text, code string }{
		"Postfix":                        {postfix, "5.1.1"},
		"Postfix over a pipe with CR LF": {strings.ReplaceAll(postfix, "\n", "\r\n"), "5.1.1"},
		"Exchange":                       {exchange, "5.1.10"},
		"nothing of what came back":      {headers + "Content-Type: text/plain\n" + strings.Replace(rest, "\nMessage-ID", "\nX", 1), "5.1.10"},
		"no status code":                 {strings.Replace(postfix, "Status: 5.1.1\n", "", 1), "failed"},
		"given up after days":            {strings.Replace(postfix, "Status: 5.1.1", "Status: 4.4.7 (delivery time expired)", 1), "4.4.7"},
		"a status in base64": {
			"Content-Type: multipart/report; report-type=\"delivery-status\"; boundary=b\nIn-Reply-To: <" + message + "@x.example>\n\n--b\n" +
				"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(status)) + "\n--b--\n", "4.4.7",
		},
	} {
		got := read(t, c.text)
		require.Equal(t, message, hex.EncodeToString(got.Message), name)
		require.Equal(t, c.code, got.Code, name)
	}
}

func TestOtherMailIsNoBounceAndIsNotQuoted(t *testing.T) {
	t.Parallel()
	postfix := notification(t, "postfix")
	for name, text := range map[string]string{
		"nothing":                 "",
		"no mail":                 "canary",
		"a letter":                "From: canary@example.com\nContent-Type: text/plain\nIn-Reply-To: <" + message + "@x>\n\nAction: failed\n",
		"a message that is late":  strings.Replace(postfix, "Action: failed", "Action: delayed", 1),
		"one that was delivered":  strings.Replace(postfix, "Action: failed", "Action: delivered", 1),
		"another program's mail":  strings.Replace(postfix, message, "CAF5canary", 1),
		"a receipt of reading":    strings.Replace(postfix, "report-type=delivery-status", "report-type=disposition-notification", 1),
		"one that was cut off":    postfix[:strings.Index(postfix, "Action:")],
		"one without boundaries":  strings.ReplaceAll(postfix, "--4T9rB53kqXz9sVk", "canary"),
		"an identifier too short": strings.Replace(postfix, message, message[:30], 1),
	} {
		_, err := bounce.Read(strings.NewReader(text))
		require.Equal(t, "not_a_bounce", models.CodeOf(err), name)
		require.NotContains(t, strings.ToLower(err.Error()), "canary", name)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"postfix", "exchange"} {
		b, err := os.ReadFile("testdata/" + name + ".eml")
		require.NoError(f, err)
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := bounce.Read(strings.NewReader(text))
		if err == nil {
			require.Len(t, got.Message, 16)
			require.NotEmpty(t, got.Code)
		}
	})
}
