package connectortest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Proxy stands between a connector and its server, and does to the connection what networks do.
type Proxy struct {
	listener net.Listener
	server   string

	mu     sync.Mutex
	conns  map[net.Conn]bool
	cutAt  int           // bytes towards the server after which everything is cut; 0: never
	passed int           // bytes towards the server since cutAt was set
	sent   int           // bytes towards the server
	held   chan struct{} // closed unless the answers are held back
	onPass func([]byte)
}

// NewProxy listens on a free port for a server at host:port, and ends with the test.
func NewProxy(t testing.TB, server string) *Proxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &Proxy{listener: l, server: server, conns: map[net.Conn]bool{}, held: make(chan struct{})}
	close(p.held)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		end(l)
		p.Release()
		p.Cut()
		running.Wait()
	})
	return p
}

// Addr is host:port of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// OnPass has fn called with what is sent to the server, before it is passed on.
func (p *Proxy) OnPass(fn func(sent []byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onPass = fn
}

// Cut resets all connections now.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) //nolint:errcheck // makes a reset of the end below; without it, it ends all the same
		}
		end(c)
	}
	p.conns = map[net.Conn]bool{}
	p.cutAt = 0
}

// CutAfter resets all connections when that many more bytes have been sent to the server; these still reach it.
func (p *Proxy) CutAfter(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutAt, p.passed = bytes, 0
}

// Sent is how many bytes have been sent to the server.
func (p *Proxy) Sent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// Hold keeps the server's answers back until Release.
func (p *Proxy) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = make(chan struct{})
}

// Release lets the answers pass again.
func (p *Proxy) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.held:
	default:
		close(p.held)
	}
}

func (p *Proxy) serve(client net.Conn) {
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.server)
	if err != nil {
		end(client) // the server is not there, and so is not the proxy
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, client, true) })
	both.Go(func() { p.pass(client, server, false) })
	both.Wait()
}

// pass copies until one of the two ends, and then ends the other.
func (p *Proxy) pass(to io.WriteCloser, from io.Reader, up bool) {
	defer end(to) // both ends of a connection end together
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p.mu.Lock()
			held, onPass := p.held, p.onPass
			p.mu.Unlock()
			if !up {
				<-held
			} else if onPass != nil {
				onPass(buffer[:n])
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
			if up && p.due(n) {
				p.Cut()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) due(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed += n
	p.sent += n
	return p.cutAt > 0 && p.passed >= p.cutAt
}

// end closes what nobody waits for.
func end(c io.Closer) {
	_ = c.Close() //nolint:errcheck // it may have been closed by the other side already
}
