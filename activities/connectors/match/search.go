package match

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"habeas/models"
)

// Search looks for texts without regard to case, and as parts of longer texts.
type Search struct {
	needles [][]byte
	longest int
}

// NewSearch takes the texts to look for; empty ones are never found.
func NewSearch(texts []models.Personal) *Search {
	s := &Search{}
	for _, t := range texts {
		if n := []byte(strings.ToLower(t.Reveal())); len(n) > 0 {
			s.needles = append(s.needles, n)
			s.longest = max(s.longest, len(n))
		}
	}
	return s
}

// In reports whether one of the texts is in b.
func (s *Search) In(b []byte) bool {
	lower := bytes.ToLower(b)
	for _, n := range s.needles {
		if bytes.Contains(lower, n) {
			return true
		}
	}
	return false
}

// Lines counts the lines of r that hold one of the texts, enough of them at the most; a line may have any length. It keeps a part
// of one line in memory.
func (s *Search) Lines(ctx context.Context, r io.Reader, enough int64) (int64, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	count, hit := int64(0), false
	var carry []byte // the end of the part before, for texts that lie across
	for count < enough {
		if err := ctx.Err(); err != nil {
			return count, err
		}
		part, err := in.ReadSlice('\n')
		if !hit && len(part) > 0 {
			carry = append(carry, part...)
			hit = s.In(carry)
			carry = append(carry[:0], carry[max(0, len(carry)-2*s.longest):]...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if hit {
			count++
		}
		carry, hit = carry[:0], false
		if errors.Is(err, io.EOF) {
			return count, nil
		}
		if err != nil {
			return count, err
		}
	}
	return count, nil
}
