package rulescli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
	_ "time/tzdata" // the rules work on machines without a zone database

	"habeas/models/rules"
)

// MaxLine is the longest case in bytes; a longer line is answered with line_too_long.
const MaxLine = 4 << 20

// EvalCmd is `habeas rules eval`.
type EvalCmd struct {
	Rules string `help:"JSON file with a deployment's own retention rules." type:"path" placeholder:"FILE"`
}

// Run answers every line; it fails only when the streams or the rule file do.
func (c *EvalCmd) Run(s *Streams) error {
	cat, err := catalogue(c.Rules)
	if err != nil {
		return err
	}
	if err := Eval(s.In, s.Out, rules.Evaluator{Zones: Zones(), Catalogue: cat}); err != nil {
		return &ExitError{Failed, err}
	}
	return nil
}

// Zones finds IANA time zones and remembers them.
func Zones() rules.Zones {
	var known sync.Map
	return func(name string) (*time.Location, error) {
		if z, ok := known.Load(name); ok {
			return z.(*time.Location), nil //nolint:errcheck // the cache holds nothing else
		}
		z, err := time.LoadLocation(name)
		if err != nil {
			return nil, err
		}
		known.Store(name, z)
		return z, nil
	}
}

// Eval answers the cases of in one line each, in their order; blank lines are left out. It holds one line in memory and hands on what it
// has answered whenever input runs dry, so that it serves as a coprocess.
func Eval(in io.Reader, out io.Writer, e rules.Evaluator) error {
	r := bufio.NewReaderSize(in, 64<<10)
	w := bufio.NewWriterSize(out, 64<<10)
	var line, reply []byte
	for {
		var tooLong bool
		var err error
		line, tooLong, err = readLine(r, line[:0])
		if err != nil && !errors.Is(err, io.EOF) {
			return errors.Join(fmt.Errorf("read cases: %w", err), w.Flush())
		}
		if reply = answer(reply[:0], line, tooLong, e); len(reply) > 0 {
			if _, werr := w.Write(append(reply, '\n')); werr != nil {
				return fmt.Errorf("write answers: %w", werr)
			}
		}
		if err != nil {
			break
		}
		if r.Buffered() == 0 {
			if werr := w.Flush(); werr != nil {
				return fmt.Errorf("write answers: %w", werr)
			}
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write answers: %w", err)
	}
	return nil
}

// answer appends the answer to a line; nothing for a blank one.
func answer(dst, line []byte, tooLong bool, e rules.Evaluator) []byte {
	switch {
	case tooLong:
		return append(dst, rules.Failure("line_too_long", "The line is longer than 4 MiB.")...)
	case len(bytes.TrimSpace(line)) == 0:
		return dst
	}
	return e.Append(dst, line)
}

// readLine appends the next line to buf without its end; past MaxLine the rest is read and dropped. err is io.EOF with the last line.
func readLine(r *bufio.Reader, buf []byte) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(buf)+len(part) > MaxLine {
			tooLong, buf = true, buf[:0]
		}
		if !tooLong {
			buf = append(buf, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return buf, tooLong, err
		}
	}
}
