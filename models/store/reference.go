package store

import (
	"crypto/rand"
	"encoding/binary"
	"strings"

	"habeas/models"
)

// crockford is Crockford's base32 alphabet: no I, L, O or U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// referenceChars is the number of random characters of a reference, five bits each; a check character follows them.
const referenceChars = 10

// newReference is a random public name for a request, such as "7K3F-9QXM-2TB": ten characters and Crockford's check character.
func newReference() string {
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails since Go 1.24
		n := binary.BigEndian.Uint64(b[:]) >> (64 - 5*referenceChars)
		if check := n % 37; check < uint64(len(crockford)) { // the five other check characters are no letters
			return group(encode(n) + crockford[check:check+1])
		}
	}
}

func encode(n uint64) string {
	out := make([]byte, referenceChars)
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = crockford[n&31]
		n >>= 5
	}
	return string(out)
}

func group(s string) string { return s[:4] + "-" + s[4:8] + "-" + s[8:] }

// ParseReference reads a reference as people write it: any case, with or without hyphens and spaces, O for 0, I or L for 1. It fails with
// bad_reference when a character is wrong or two were swapped.
func ParseReference(s string) (string, error) {
	s = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(s)))
	bad := models.Errorf(models.Invalid, "bad_reference", "The reference is mistyped.").At("/reference")
	if len(s) != referenceChars+1 {
		return "", bad
	}
	var n uint64
	for i := range referenceChars {
		v := strings.IndexByte(crockford, s[i])
		if v < 0 {
			return "", bad
		}
		n = n<<5 | uint64(v)
	}
	if strings.IndexByte(crockford, s[referenceChars]) != int(n%37) {
		return "", bad
	}
	return group(s), nil
}
