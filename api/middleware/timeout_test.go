package middleware_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api/middleware"
)

func TestABodyThatNeverComesHoldsNothingForLong(t *testing.T) {
	t.Parallel()
	never := func(http.ResponseWriter, *http.Request, error) { t.Error("the deadlines could not be set") }
	read := make(chan error, 1)
	h := middleware.Timeout(50*time.Millisecond, time.Hour, func(*http.Request) bool { return false }, never)(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			read <- err
		}))
	server := httptest.NewServer(middleware.Identify(h))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	require.Error(t, <-read, "the body is given up")
	_, err = bufio.NewReader(conn).ReadByte()
	require.Error(t, err, "and the connection with it")
}
