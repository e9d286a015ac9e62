package account

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // lists of leaked passwords are published under this hash; it protects nothing here
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"github.com/ccojocar/zxcvbn-go"

	"habeas/models"
	"habeas/models/store"
)

// cost is what OWASP advises for Argon2id.
var cost = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Bounds of passwords.
const (
	aloneLength = 15  // where nothing but the password protects the account, NIST SP 800-63B
	maxLength   = 128 // in characters
	judged      = 64  // characters that the estimate looks at, since its work grows faster than the text
	minScore    = 3   // of 4, of the estimate
	hashAtOnce  = 2   // each takes 19 MiB and tens of milliseconds
)

// hasher compares and makes hashes, few at once.
type hasher struct {
	slots   chan struct{}
	nothing func() string // a hash that no password gives
}

func newHasher() *hasher {
	return &hasher{slots: make(chan struct{}, hashAtOnce), nothing: sync.OnceValue(func() string {
		hash, err := argon2id.CreateHash("\x00", &cost)
		if err != nil { // no randomness: nothing else works either
			return ""
		}
		return hash
	})}
}

func (h *hasher) take(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return models.Errorf(models.Unavailable, "busy", "Too many people sign in just now; try again.").Because(ctx.Err())
	}
}

func (h *hasher) make(ctx context.Context, password models.Personal) (string, error) {
	if err := h.take(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	return argon2id.CreateHash(password.Reveal(), &cost)
}

// same reports whether a password gives a hash, and whether the hash should be made anew. An empty hash takes the same work and is never given.
func (h *hasher) same(ctx context.Context, password models.Personal, hash string) (ok, outdated bool, err error) {
	if err := h.take(ctx); err != nil {
		return false, false, err
	}
	defer func() { <-h.slots }()
	none := hash == ""
	if none {
		hash = h.nothing()
	}
	if utf8.RuneCountInString(password.Reveal()) > maxLength {
		password = "" // no stored password is that long
	}
	ok, used, err := argon2id.CheckHash(password.Reveal(), hash)
	if err != nil {
		return false, false, errors.New("a stored password hash cannot be read")
	}
	return ok && !none, *used != cost, nil
}

// minimum is how many characters a password of a role needs.
func (a *Account) minimum(role models.Role) int {
	if !slices.Contains(a.SecondFactor, role) {
		return max(a.MinLength, aloneLength)
	}
	return a.MinLength
}

// judge finds what is wrong with a new password: the key of a message, or "". Length counts, its composition does not.
func (a *Account) judge(password models.Personal, m store.Member) string {
	text := password.Reveal()
	n := utf8.RuneCountInString(text)
	switch {
	case n < a.minimum(m.Role):
		return "error.password_short"
	case n > maxLength || !utf8.ValidString(text):
		return "error.password_long"
	case a.Breached.Has(text):
		return "error.password_known"
	}
	words := append(strings.FieldsFunc(m.Name.Reveal()+" "+m.Email.Reveal(), func(r rune) bool { return strings.ContainsRune(" .@-_", r) }), "habeas", "gdpr")
	start := text
	if runes := []rune(text); len(runes) > judged {
		start = string(runes[:judged])
	}
	if zxcvbn.PasswordStrength(start, words).Score < minScore {
		return "error.password_known"
	}
	return ""
}

// Breached are passwords that are known to have leaked, as SHA-1 in order: 20 bytes of memory each. Its zero value is empty.
type Breached struct{ hashes [][sha1.Size]byte }

// Has reports whether a password is among them, as it is or in small letters.
func (b Breached) Has(password string) bool {
	for _, text := range []string{password, strings.ToLower(password)} {
		if _, ok := slices.BinarySearchFunc(b.hashes, sha1.Sum([]byte(text)), compareSums); ok { //nolint:gosec // see above
			return true
		}
	}
	return false
}

func compareSums(a, b [sha1.Size]byte) int { return bytes.Compare(a[:], b[:]) }

// LoadBreached reads a file with one password a line, or its SHA-1 in hex, which may be followed by a colon and a count. It is held in memory.
func LoadBreached(path string) (b Breached, err error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Breached{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		if line == "" {
			continue
		}
		head, _, _ := strings.Cut(line, ":")
		var sum [sha1.Size]byte
		if n, err := hex.Decode(sum[:], []byte(head)); len(head) != 2*sha1.Size || err != nil || n != sha1.Size {
			sum = sha1.Sum([]byte(line)) //nolint:gosec // see above
		}
		b.hashes = append(b.hashes, sum)
	}
	slices.SortFunc(b.hashes, compareSums)
	b.hashes = slices.Clip(slices.Compact(b.hashes))
	return b, lines.Err()
}
