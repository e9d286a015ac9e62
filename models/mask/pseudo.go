package mask

import (
	"fmt"
	"math/big"
	"strings"
	"unicode"

	"habeas/models/datamap"
)

// stream gives the bytes that a row's field is replaced with: the same for the same row and field, unlike its value in any way.
type stream struct {
	maker Maker
	seed  []byte
	block []byte
	next  int
}

func (k Maker) stream(m datamap.Mask, at Place) *stream {
	digest := at.Row.Digest(k.secret, at.Address)
	return &stream{maker: k, seed: append(digest[:], string(m.Method)+"\x00"+m.Field...)}
}

// below is a number from 0 to n-1; n is at most 256, and its bias is of no consequence.
func (s *stream) below(n int) int {
	if len(s.block) == 0 {
		s.block = s.maker.mac("stream", fmt.Appendf(s.seed[:len(s.seed):len(s.seed)], "\x00%d", s.next))
		s.next++
	}
	b := s.block[0]
	s.block = s.block[1:]
	return int(b) % n
}

// randomLength are the characters of a random text that nothing bounds: 120 bits.
const randomLength = 24

const letters = "abcdefghijklmnopqrstuvwxyz234567"

// pseudo is a random or format-keeping replacement. Either has a form that it keeps when it is made again of its own result.
func (k Maker) pseudo(m datamap.Mask, at Place, v datamap.Value) (datamap.Value, error) {
	s := k.stream(m, at)
	text := v.Text()
	switch v.Kind() {
	case datamap.KindText:
		if m.Method == datamap.FieldFormat {
			return datamap.Text(s.like(strings.TrimSuffix(text, m.Suffix)) + m.Suffix), nil
		}
		room := randomLength
		if at.Length > 0 {
			room = min(room, at.Length-len([]rune(m.Suffix)))
		}
		if room < 1 {
			return v, impossible("The field has room for %d characters, which is too few.", at.Length)
		}
		var b strings.Builder
		for range room {
			b.WriteByte(letters[s.below(len(letters))])
		}
		return datamap.Text(b.String() + m.Suffix), nil
	case datamap.KindInt, datamap.KindDecimal:
		return datamap.NewValue(v.Kind(), s.number(text)), nil
	case datamap.KindUUID:
		return datamap.NewValue(v.Kind(), s.hexLike(text)), nil
	case datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp:
		if len(text) < 10 {
			return v, impossible("The field holds no date.")
		}
		return datamap.NewValue(v.Kind(), s.date(text)), nil
	case datamap.KindBytes:
		b := []byte(text)
		for i := range b {
			b[i] = byte(s.below(256))
		}
		return datamap.NewValue(v.Kind(), string(b)), nil
	default:
		return v, impossible("A value of type %s cannot be replaced by %s.", v.Kind(), m.Method)
	}
}

// like replaces letters by letters and digits by digits, in their case, and leaves everything else.
func (s *stream) like(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return rune('0' + s.below(10))
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			return rune('A' + s.below(26))
		case unicode.IsLetter(r):
			return rune('a' + s.below(26))
		default:
			return r
		}
	}, text)
}

// number keeps the sign, the number of digits and the point. The first of several digits becomes 1, so that the type still holds
// it; numbers in another notation become 0.
func (s *stream) number(text string) string {
	if _, ok := new(big.Float).SetString(text); !ok || strings.ContainsAny(text, "eExXpPiInN") {
		return "0"
	}
	first := true
	whole, _, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		digit := rune('0' + s.below(10))
		if first && len(whole) > 1 {
			digit = '1'
		}
		first = false
		return digit
	}, text)
}

func (s *stream) hexLike(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return rune("0123456789abcdef"[s.below(16)])
		}
		return r
	}, text)
}

// date keeps the year and the form of the rest.
func (s *stream) date(text string) string {
	day := fmt.Sprintf("%s-%02d-%02d", text[:4], 1+s.below(12), 1+s.below(28))
	if len(text) < 19 {
		return day
	}
	rest := []byte(text[19:])
	for i, c := range rest {
		if c >= '0' && c <= '9' && !strings.ContainsAny(string(rest[:i]), "+-") {
			rest[i] = '0'
		}
	}
	return fmt.Sprintf("%s%c%02d:%02d:%02d%s", day, text[10], s.below(24), s.below(60), s.below(60), rest)
}
