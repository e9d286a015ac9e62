package webhook_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"habeas/activities/webhook"
	"habeas/models"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var body = []byte(`{"type":"erasure.notice"}`)

// recipient is a server inside the network that the sender may reach.
func recipient(t *testing.T, answer http.HandlerFunc) (*webhook.Sender, models.Personal) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	return webhook.New([]string{u.Host}), models.Personal(server.URL + "/hook?token=canary")
}

func post(t *testing.T, s *webhook.Sender, address models.Personal) error {
	t.Helper()
	err := s.Post(t.Context(), address, secret, "msg_1", time.Now(), body)
	if err != nil {
		require.NotContains(t, err.Error(), "canary", "an error names neither the address nor the answer")
		require.NotContains(t, err.Error(), "127.0.0.1")
	}
	return err
}

func requireError(t *testing.T, err error, kind models.Kind, code string) {
	t.Helper()
	require.Equal(t, code, models.CodeOf(err), "%v", err)
	require.Equal(t, kind, models.KindOf(err))
}

func TestTheSignatureVerifiesWithTheStandardLibraryOfWebhooks(t *testing.T) {
	t.Parallel()
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	var got []byte
	var header http.Header
	s, address := recipient(t, func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		got, _ = io.ReadAll(r.Body)
	})
	require.NoError(t, post(t, s, address))
	require.Equal(t, body, got)
	require.NoError(t, verifier.Verify(got, header))
	require.Equal(t, "msg_1", header.Get("webhook-id"))
	require.Equal(t, "application/json", header.Get("Content-Type"))
	require.Error(t, verifier.Verify(append(got, ' '), header), "a changed body does not verify")
}

func TestOnlyAStatusOf2xxIsSuccessWhateverTheBodySays(t *testing.T) {
	t.Parallel()
	for status, ok := range map[int]bool{200: true, 202: true, 204: true, 302: false, 304: false, 400: false, 404: false, 410: false, 500: false, 503: false} {
		s, address := recipient(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			if status != 204 && status != 304 {
				_, _ = io.WriteString(w, `{"error": "canary"}`)
			}
		})
		err := post(t, s, address)
		if ok {
			require.NoError(t, err, "%d", status)
			continue
		}
		requireError(t, err, models.Unavailable, webhook.CodeUnavailable)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	asked := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(inside.Close)
	s, address := recipient(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
	})
	requireError(t, post(t, s, address), models.Unavailable, webhook.CodeUnavailable)
	require.False(t, asked)
}

func TestNoAddressInsideTheNetworkIsReachedUnlessAllowed(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	s := webhook.New([]string{"127.0.0.1:1", "allowed.example"})
	for _, address := range []string{
		server.URL, "https://localhost" + port, // a name that leads inside is refused where the connection is made
		"https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://10.0.0.1/", "https://192.168.1.1/",
		"https://169.254.169.254/latest/meta-data", "https://[fe80::1]/", "https://[fd00::1]/", "https://0.0.0.0/", "https://100.64.0.1/",
		"https://203.0.113.7:8443/",
		"http://203.0.113.7/", "ftp://203.0.113.7/", "https://user:canary@203.0.113.7/", "https:///path", "canary", "", "https://%zz", "//allowed.example/x",
		"http://127.0.0.1/", "gopher://127.0.0.1:1/",
	} {
		requireError(t, post(t, s, models.Personal(address)), models.Invalid, webhook.CodeForbidden)
	}
	require.False(t, asked)
}

func TestARecipientThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s, address := recipient(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	requireError(t, s.Post(ctx, address, secret, "msg_1", time.Now(), body), models.Unavailable, webhook.CodeUnavailable)
}

func TestAnEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	written := make(chan int, 1)
	s, address := recipient(t, func(w http.ResponseWriter, _ *http.Request) {
		total := 0
		chunk := make([]byte, 64<<10)
		for range 10 << 20 / len(chunk) * 10 {
			n, err := w.Write(chunk)
			if total += n; err != nil {
				break
			}
		}
		written <- total
	})
	require.NoError(t, post(t, s, address))
	require.Less(t, <-written, 100<<20, "the connection was closed long before")
}

func TestARecipientThatIsDownOrBreaksOffIsUnavailable(t *testing.T) {
	t.Parallel()
	s, address := recipient(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	})
	requireError(t, post(t, s, address), models.Unavailable, webhook.CodeUnavailable)
	requireError(t, post(t, webhook.New([]string{"127.0.0.1:1"}), "http://127.0.0.1:1/canary"), models.Unavailable, webhook.CodeUnavailable)
}

func TestASecretOfAnotherFormIsRefused(t *testing.T) {
	t.Parallel()
	s, address := recipient(t, func(http.ResponseWriter, *http.Request) {})
	err := s.Post(t.Context(), address, "whsec_!canary!", "msg_1", time.Now(), body)
	requireError(t, err, models.Invalid, webhook.CodeBadSecret)
	require.NotContains(t, err.Error(), "canary")
}
