package mail

import (
	"bufio"
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"

	"habeas/models"
)

// Log is the mail server's own log, by which it can be told after a crash whether it has taken a message. It reads what Postfix and its relatives
// write when they take one: message-id=<…>.
type Log struct {
	Paths string // pattern of files, such as /var/log/mail.log*
}

var logged = regexp.MustCompile(`message-id=<([0-9a-f]{32})@`)

// Accepted reports which of the messages the server has taken, by the left halves of their Message-IDs. It fails with mail_log_unreadable when no
// file can be read: then nobody can say.
func (l Log) Accepted(ctx context.Context, messages [][]byte) (map[string]bool, error) {
	wanted := map[string]bool{}
	for _, m := range messages {
		wanted[hex.EncodeToString(m)] = true
	}
	files, err := filepath.Glob(l.Paths)
	if err != nil || len(files) == 0 {
		return nil, models.Errorf(models.Unavailable, "mail_log_unreadable", "The mail server's log cannot be read.").Because(err)
	}
	out := map[string]bool{}
	for _, name := range files {
		if err := l.read(ctx, name, wanted, out); err != nil {
			return nil, models.Errorf(models.Unavailable, "mail_log_unreadable", "The mail server's log cannot be read.").Because(err)
		}
	}
	return out, nil
}

func (l Log) read(ctx context.Context, name string, wanted, out map[string]bool) error {
	f, err := os.Open(name) //nolint:gosec // a file of the operator's own log
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(f)
	for lines.Scan() && ctx.Err() == nil {
		m := logged.FindSubmatch(lines.Bytes())
		if m == nil || !wanted[string(m[1])] {
			continue
		}
		id, err := hex.DecodeString(string(m[1]))
		if err != nil {
			return err
		}
		out[string(id)] = true
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return ctx.Err()
}
