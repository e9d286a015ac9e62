package temporaldev

import (
	"io"
	"sync"
)

// tailSize is enough to show why a start failed.
const tailSize = 8 << 10

// tail keeps the end of what is written to it, and passes all of it on.
type tail struct {
	next io.Writer
	mu   sync.Mutex
	end  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.end = append(t.end, p...)
	t.end = t.end[max(0, len(t.end)-tailSize):]
	t.mu.Unlock()
	if t.next == nil {
		return len(p), nil
	}
	return t.next.Write(p)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.end)
}
