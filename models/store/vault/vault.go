package vault

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"habeas/models"
	"habeas/models/ledger"
)

// keySize is the size of the master key, the signing seed, every derived key and every request's key, in bytes.
const keySize = 32

// masterIDSize is the size of the identifier of the master key that leads every wrapped key, so that a rotation can tell them apart.
const masterIDSize = 8

// Config holds the two secrets of an installation, each 32 bytes in standard base64.
type Config struct {
	Master  string // wraps the requests' keys; without it nothing sealed can be read
	Signing string // Ed25519 seed, signs checkpoints and receipts
}

// Generate makes fresh secrets.
func Generate() Config {
	return Config{Master: randomKey(), Signing: randomKey()}
}

func randomKey() string {
	b := make([]byte, keySize)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(b)
}

// Vault holds the unwrapped master key and what is derived from it. It is safe for concurrent use.
type Vault struct {
	masterID []byte
	wrap     cipher.AEAD // wraps requests' keys
	own      *Key        // seals what belongs to no request: customers' contacts, recipients' addresses
	index    []byte
	pepper   []byte
	signer   ledger.Signer
}

// New reads the secrets. It fails with bad_master_key or bad_signing_key and says how to make one.
func New(c Config) (*Vault, error) {
	master, err := decodeKey(c.Master)
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_master_key",
			"The master key must be %d bytes in base64; make one with `habeas keys generate`.", keySize)
	}
	seed, err := decodeKey(c.Signing)
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_signing_key",
			"The signing key must be %d bytes in base64; make one with `habeas keys generate`.", keySize)
	}
	signer, err := ledger.NewSigner(seed)
	if err != nil {
		return nil, err
	}
	var derived [5][]byte
	for i, purpose := range []string{"identifier", "wrap", "own", "index", "pepper"} {
		derived[i], err = hkdf.Key(sha256.New, master, nil, "habeas "+purpose, keySize)
		if err != nil {
			return nil, err
		}
	}
	wrap, err := newAEAD(derived[1])
	if err != nil {
		return nil, err
	}
	own, err := newKey("own", derived[2])
	if err != nil {
		return nil, err
	}
	return &Vault{masterID: derived[0][:masterIDSize], wrap: wrap, own: own, index: derived[3], pepper: derived[4], signer: signer}, nil
}

func decodeKey(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil || len(b) != keySize {
		return nil, models.Errorf(models.Invalid, "bad_key", "The key is not %d bytes in base64.", keySize)
	}
	return b, nil
}

// Signer signs checkpoints and receipts.
func (v *Vault) Signer() ledger.Signer { return v.signer }

// Own seals values that belong to no request and are not shredded with one, such as a recipient's address.
func (v *Vault) Own() *Key { return v.own }

// NewKey makes a random key for a request and returns it with its wrapped form, which is what may be stored.
func (v *Vault) NewKey(request models.ID) (wrapped []byte, key *Key, err error) {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	key, err = newKey(request.String(), raw)
	if err != nil {
		return nil, nil, err
	}
	wrapped = v.wrap.Seal(bytes.Clone(v.masterID), nil, raw, wrapContext(request))
	return wrapped, key, nil
}

// Unwrap gives back a request's key. It fails with key_destroyed when nothing is left to unwrap, with unknown_master_key when another
// master key wrapped it, and with bad_wrapped_key when the bytes were changed or belong to another request.
func (v *Vault) Unwrap(request models.ID, wrapped []byte) (*Key, error) {
	if len(wrapped) == 0 {
		return nil, models.Errorf(models.NotFound, "key_destroyed", "The personal data of this request has been erased.")
	}
	id, sealed, ok := cut(wrapped, masterIDSize)
	if !ok || !bytes.Equal(id, v.masterID) {
		return nil, models.Errorf(models.Unavailable, "unknown_master_key", "The request's key was wrapped by another master key than the configured one.")
	}
	raw, err := v.wrap.Open(nil, nil, sealed, wrapContext(request))
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_wrapped_key", "The request's key cannot be unwrapped.").Because(err)
	}
	return newKey(request.String(), raw)
}

func cut(b []byte, n int) (head, tail []byte, ok bool) {
	if len(b) < n {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

func wrapContext(request models.ID) []byte { return []byte("request key " + request.String()) }

// Index is the keyed index of an identity within one controller: equal identities give equal values, and without the master key
// nobody can try addresses against it. Value must already be normalised.
func (v *Vault) Index(controller models.ID, kind, value string) []byte {
	return mac(v.index, controller.String(), kind, value)
}

// Token derives the secret token of a row, 43 characters of base64url. The same row gives the same token, so that a repeated answer or
// mail can carry it although only its hash is stored.
func (v *Vault) Token(purpose string, row models.ID) string {
	return base64.RawURLEncoding.EncodeToString(mac(v.pepper, "token", purpose, row.String()))
}

// Code derives the eight-digit code of a row, without its hyphen.
func (v *Vault) Code(purpose string, row models.ID) string {
	sum := mac(v.pepper, "code", purpose, row.String())
	digits := make([]byte, 8)
	for i := range digits {
		// Four bytes a digit keep the bias below one in four hundred million.
		n := uint32(sum[4*i])<<24 | uint32(sum[4*i+1])<<16 | uint32(sum[4*i+2])<<8 | uint32(sum[4*i+3])
		digits[i] = '0' + byte(n%10)
	}
	return string(digits)
}

// HashCode is what is stored of a short code, bound to its row and keyed, because eight digits are soon tried.
func (v *Vault) HashCode(row models.ID, code string) []byte {
	return mac(v.pepper, "code hash", row.String(), code)
}

// HashToken is what is stored of a token or an access key. Tokens have 256 random bits, so that a plain hash is enough.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// mac is HMAC-SHA256 over parts, each led by its length so that no two lists of parts run together.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		var n [4]byte
		n[0], n[1], n[2], n[3] = byte(len(p)>>24), byte(len(p)>>16), byte(len(p)>>8), byte(len(p))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
