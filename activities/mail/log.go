package mail

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"habeas/models"
)

// Log is the mail server's own log, by which it can be told after a crash whether it has taken a message. It reads what Postfix writes: message-id=<…>
// under the message's place in the queue as soon as the header has come, and from=<…> under the same once the message lies in the queue.
type Log struct {
	Paths string // pattern of files, such as /var/log/mail.log*
}

var logged = regexp.MustCompile(` ([0-9A-Za-z]+): (?:message-id=<([0-9a-f]{32})@|message-id=|(from=)<)`)

// Accepted reports which of the messages the server has taken, by the left halves of their Message-IDs, and of which it has only read the header: the
// connection may have broken, or it may have refused the rest. It fails with mail_log_unreadable when no file can be read: then nobody can say.
func (l Log) Accepted(ctx context.Context, messages [][]byte) (taken, begun map[string]bool, err error) {
	r := reading{wanted: map[string]bool{}, queued: map[string]string{}, taken: map[string]bool{}, begun: map[string]bool{}}
	for _, m := range messages {
		r.wanted[hex.EncodeToString(m)] = true
	}
	files, err := l.files()
	if err != nil || len(files) == 0 {
		return nil, nil, unreadable(err)
	}
	for _, name := range files {
		if err := r.read(ctx, name); err != nil {
			return nil, nil, unreadable(err)
		}
	}
	for id := range r.taken {
		delete(r.begun, id)
	}
	return r.taken, r.begun, nil
}

func unreadable(err error) error {
	return models.Errorf(models.Unavailable, "mail_log_unreadable", "The mail server's log cannot be read.").Because(err)
}

// files are those of the pattern, the oldest first.
func (l Log) files() ([]string, error) {
	names, err := filepath.Glob(l.Paths)
	if err != nil {
		return nil, err
	}
	infos := map[string]fs.FileInfo{}
	for _, name := range names {
		if infos[name], err = os.Stat(name); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(infos[a].ModTime().Compare(infos[b].ModTime()), cmp.Compare(b, a))
	})
	return names, nil
}

// reading is what was read of the log so far.
type reading struct {
	wanted       map[string]bool   // in hexadecimal
	queued       map[string]string // wanted messages by their place in the queue, which is used again later
	taken, begun map[string]bool   // left halves of Message-IDs
}

func (r *reading) read(ctx context.Context, name string) error {
	f, err := os.Open(name) //nolint:gosec // a file of the operator's own log
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(f)
	for lines.Scan() && ctx.Err() == nil {
		if m := logged.FindSubmatch(lines.Bytes()); m != nil {
			if err := r.line(string(m[1]), string(m[2]), m[3] != nil); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return ctx.Err()
}

// line is a line about a place in the queue: of the message that comes there, or that it lies there.
func (r *reading) line(place, message string, lies bool) error {
	if lies {
		if id, ok := r.queued[place]; ok {
			r.taken[id] = true
		}
		return nil
	}
	delete(r.queued, place)
	if !r.wanted[message] {
		return nil
	}
	id, err := hex.DecodeString(message)
	if err != nil {
		return err
	}
	r.queued[place], r.begun[string(id)] = string(id), true
	return nil
}
