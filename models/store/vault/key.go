package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

	"habeas/models"
)

// segment is the size of one encrypted piece of a stream, in bytes: the memory that reading or writing a package takes.
const segment = 1 << 20

// Key seals the personal data of one owner (a request). It is safe for concurrent use.
type Key struct {
	owner string
	raw   []byte
	aead  cipher.AEAD
}

func newKey(owner string, raw []byte) (*Key, error) {
	sealing, err := hkdf.Key(sha256.New, raw, nil, "habeas seal", keySize)
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(sealing)
	if err != nil {
		return nil, err
	}
	return &Key{owner: owner, raw: raw, aead: aead}, nil
}

func newAEAD(raw []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// context binds a sealed value to its owner and place, so that it cannot be moved to another row or column.
func (k *Key) context(place string) []byte { return []byte(k.owner + "/" + place) }

// Seal encrypts a small value for a place, such as "submissions.subject"; an empty value is sealed too.
func (k *Key) Seal(place string, plain []byte) []byte {
	return k.aead.Seal(nil, nil, plain, k.context(place))
}

// Open decrypts what Seal made for the same owner and place; it fails with bad_sealed_value when it was changed, cut or moved.
func (k *Key) Open(place string, sealed []byte) ([]byte, error) {
	plain, err := k.aead.Open(nil, nil, sealed, k.context(place))
	if err != nil {
		return nil, badSealed(err)
	}
	return plain, nil
}

// Digest is a keyed digest of a value: it can be compared while the key lives and says nothing once the key is destroyed.
func (k *Key) Digest(place string, plain []byte) []byte {
	return mac(k.raw, "digest", place, string(plain))
}

// Writer encrypts a stream to w in segments of 1 MiB; Close writes the last one and must be called.
func (k *Key) Writer(w io.Writer, place string) (io.WriteCloser, error) {
	s, err := k.stream()
	if err != nil {
		return nil, err
	}
	return s.NewEncryptingWriter(w, k.context(place))
}

// Reader decrypts a stream written by Writer for the same owner and place. A changed or cut stream fails with bad_sealed_value at the
// segment at fault; what came before has been handed out by then, so that a download must be aborted, never ended cleanly.
func (k *Key) Reader(r io.Reader, place string) (io.Reader, error) {
	s, err := k.stream()
	if err != nil {
		return nil, err
	}
	source := &source{r: r}
	plain, err := s.NewDecryptingReader(source, k.context(place))
	if err != nil && source.err != nil {
		return nil, source.err
	}
	if err != nil {
		return nil, badSealed(err)
	}
	return &checkedReader{plain: plain, source: source}, nil
}

func (k *Key) stream() (*subtle.AESGCMHKDF, error) {
	return subtle.NewAESGCMHKDF(k.raw, "SHA256", keySize, segment, 0)
}

// source remembers the error of the stream underneath, so that a lost connection is not taken for a changed package.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

type checkedReader struct {
	plain  io.Reader
	source *source
}

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.plain.Read(p)
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case c.source.err != nil:
		return n, c.source.err
	}
	return n, badSealed(err)
}

func badSealed(err error) error {
	return models.Errorf(models.Invalid, "bad_sealed_value", "A sealed value was changed or belongs to another place.").Because(err)
}
