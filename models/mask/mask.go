package mask

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"habeas/models"
	"habeas/models/datamap"
)

// Maker makes masked values with an installation's secret. It is safe for concurrent use.
type Maker struct{ secret []byte }

// MinSecret is the least length of a secret, in bytes.
const MinSecret = 16

// NewMaker takes the installation's secret. A shorter one than MinSecret makes every method that needs it fail with code no_secret.
func NewMaker(secret []byte) Maker { return Maker{secret} }

// Place is where a value stands. Row is the row's key; it makes random and format-keeping replacements the same each time for one
// row, so that masking twice leaves what masking once left.
type Place struct {
	Address datamap.Address
	Row     datamap.Key
	Length  int // most characters that the field takes; 0 when it is not bounded
}

// lengthOf are the characters of the methods whose result has a fixed length.
var lengthOf = map[datamap.FieldErase]int{
	datamap.FieldHash: len(digestMark) + 2*sha256.Size, datamap.FieldHMAC: datamap.HMACLength,
}

const digestMark = "sha256:"

// Value is what the mask leaves of v. NULL stays NULL, an array is masked by element, and a value that is masked already stays as
// it is. It fails with code mask_impossible (Invalid) when the method cannot make a value of v's kind or length.
func (k Maker) Value(m datamap.Mask, at Place, v datamap.Value) (datamap.Value, error) {
	switch {
	case m.Method == datamap.FieldNull:
		return datamap.Null, nil
	case m.Method == datamap.FieldReplace:
		return datamap.Text(m.Value), nil
	case m.Method == datamap.FieldRemove:
		return removed(m, v)
	case v.IsNull():
		return datamap.Null, nil
	case v.Kind() == datamap.KindArray:
		return k.array(m, at, v)
	}
	if done, err := k.Effective(m, at, v); err != nil || done {
		return v, err
	}
	return k.make(m, at, v)
}

func (k Maker) array(m datamap.Mask, at Place, v datamap.Value) (datamap.Value, error) {
	elements := v.Elements()
	for i, e := range elements {
		masked, err := k.Value(m, at, e)
		if err != nil {
			return v, err
		}
		elements[i] = masked
	}
	return datamap.Array(elements...), nil
}

// Effective reports whether v is what the mask leaves. For FieldReplace it compares texts; a connector that writes the value in
// another form compares by itself.
func (k Maker) Effective(m datamap.Mask, at Place, v datamap.Value) (bool, error) {
	if m.Method == datamap.FieldRemove {
		left, err := removed(m, v)
		return left == v, err
	}
	if v.Kind() == datamap.KindArray && m.Method != datamap.FieldNull {
		for _, e := range v.Elements() {
			if done, err := k.Effective(m, at, e); err != nil || !done {
				return false, err
			}
		}
		return true, nil
	}
	switch m.Method {
	case datamap.FieldNull:
		return v.IsNull(), nil
	case datamap.FieldReplace:
		return !v.IsNull() && v.Text() == m.Value, nil
	default: // by the method, below
	}
	if v.IsNull() {
		return true, nil
	}
	switch m.Method {
	case datamap.FieldHash:
		core, ok := core(m, v)
		digest, err := hex.DecodeString(strings.TrimPrefix(core, digestMark))
		return ok && strings.HasPrefix(core, digestMark) && err == nil && len(digest) == sha256.Size, nil
	case datamap.FieldHMAC:
		core, ok := core(m, v)
		return ok && k.proved(core, hex.DecodeString), k.need()
	case datamap.FieldEncrypt:
		core, ok := core(m, v)
		return ok && k.proved(core, base64.RawURLEncoding.DecodeString), k.need()
	case datamap.FieldRandom, datamap.FieldFormat:
		made, err := k.make(m, at, v)
		return err == nil && made == v, err
	default:
		return false, impossible("The erase method %s is unknown.", m.Method)
	}
}

// core is the text without the mask's suffix; false when it has none.
func core(m datamap.Mask, v datamap.Value) (string, bool) {
	return strings.TrimSuffix(v.Text(), m.Suffix), v.Kind() == datamap.KindText && strings.HasSuffix(v.Text(), m.Suffix)
}

func (k Maker) make(m datamap.Mask, at Place, v datamap.Value) (datamap.Value, error) {
	if m.Method != datamap.FieldHash {
		if err := k.need(); err != nil {
			return v, err
		}
	}
	if m.Method == datamap.FieldRandom || m.Method == datamap.FieldFormat {
		return k.pseudo(m, at, v)
	}
	if v.Kind() != datamap.KindText {
		return v, impossible("Only text can be replaced by %s.", m.Method)
	}
	text := v.Text()
	switch m.Method {
	case datamap.FieldHash:
		digest := sha256.Sum256([]byte(text))
		text = digestMark + hex.EncodeToString(digest[:])
	case datamap.FieldHMAC:
		text = hex.EncodeToString(k.prove(k.mac("value", []byte(text))[:24]))
	case datamap.FieldEncrypt:
		sealed, err := sealAndForget([]byte(text))
		if err != nil {
			return v, err
		}
		text = base64.RawURLEncoding.EncodeToString(k.prove(sealed))
	default:
		return v, impossible("The erase method %s is unknown.", m.Method)
	}
	text += m.Suffix
	if at.Length > 0 && utf8.RuneCountInString(text) > at.Length {
		return v, impossible("The field has room for %d characters, and %s writes %d.", at.Length, m.Method, utf8.RuneCountInString(text))
	}
	return datamap.Text(text), nil
}

// sealAndForget encrypts with AES-256-GCM under a key that exists only here.
func sealAndForget(plain []byte) ([]byte, error) {
	key := make([]byte, 32+12)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key[:32])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return aead.Seal(key[32:44:44], key[32:], plain, nil), nil
}

// Needs reports the room, in characters, that the method always needs; 0 when it adapts to the room or to the value.
func Needs(m datamap.Mask) int {
	if n := lengthOf[m.Method]; n > 0 {
		return n + utf8.RuneCountInString(m.Suffix)
	}
	return 0
}

// prove appends eight bytes by which this installation knows what it made.
func (k Maker) prove(body []byte) []byte { return append(body, k.mac("proof", body)[:8]...) }

func (k Maker) proved(text string, decode func(string) ([]byte, error)) bool {
	b, err := decode(text)
	if err != nil || len(b) < 16 {
		return false
	}
	body := b[:len(b)-8]
	return hmac.Equal(b[len(body):], k.mac("proof", body)[:8])
}

func (k Maker) mac(use string, data []byte) []byte {
	m := hmac.New(sha256.New, k.secret)
	m.Write([]byte("habeas " + use + "\x00"))
	m.Write(data)
	return m.Sum(nil)
}

func (k Maker) need() error {
	if len(k.secret) < MinSecret {
		return models.Errorf(models.Invalid, "no_secret", "The system has no secret for masked values.")
	}
	return nil
}

func impossible(format string, args ...any) error {
	return models.Errorf(models.Invalid, "mask_impossible", format, args...)
}
