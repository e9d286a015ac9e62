package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"habeas/models"
)

// Signer signs checkpoints and receipts with one Ed25519 key. Its zero value signs nothing.
type Signer struct {
	kid string
	key ed25519.PrivateKey
}

// NewSigner takes a 32-byte Ed25519 seed; it fails with code bad_signing_key when the length differs.
func NewSigner(seed []byte) (Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return Signer{}, models.Errorf(models.Invalid, "bad_signing_key",
			"The signing key must be %d bytes in base64; make one with `habeas keys generate`.", ed25519.SeedSize)
	}
	key := ed25519.NewKeyFromSeed(seed)
	return Signer{kid: thumbprint(key.Public().(ed25519.PublicKey)), key: key}, nil //nolint:errcheck // an Ed25519 key
}

// KID names the key: its RFC 7638 thumbprint.
func (s Signer) KID() string { return s.kid }

// Public is the key that verifies what s signs.
func (s Signer) Public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) } //nolint:errcheck // an Ed25519 key

// Sign signs text under a purpose, so that a signature made for one purpose is worth nothing for another.
func (s Signer) Sign(purpose string, text []byte) []byte {
	return ed25519.Sign(s.key, signedText(purpose, text))
}

// Keys are public keys by their key identifier.
type Keys map[string]ed25519.PublicKey

// Verify reports whether sig is the signature of text for purpose by the key kid.
func (k Keys) Verify(kid, purpose string, text, sig []byte) bool {
	pub, ok := k[kid]
	return ok && ed25519.Verify(pub, signedText(purpose, text), sig)
}

func signedText(purpose string, text []byte) []byte {
	return append([]byte("habeas "+purpose+"\n"), text...)
}

// jwk is one Ed25519 key of a JWK set, RFC 8037.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	KID string `json:"kid"`
	Use string `json:"use"`
	Alg string `json:"alg"`
}

type jwkSet struct {
	Keys []jwk `json:"keys"`
}

// JWKS writes public keys as a JWK set, the document at /.well-known/habeas-keys.json.
func JWKS(keys ...ed25519.PublicKey) ([]byte, error) {
	set := jwkSet{Keys: []jwk{}}
	for _, pub := range keys {
		set.Keys = append(set.Keys, jwk{
			Kty: "OKP", Crv: "Ed25519", X: base64.RawURLEncoding.EncodeToString(pub), KID: thumbprint(pub), Use: "sig", Alg: "EdDSA",
		})
	}
	b, err := json.MarshalIndent(set, "", "  ")
	return append(b, '\n'), err
}

// ParseJWKS reads a JWK set and keeps its Ed25519 keys, named by their own thumbprint whatever the set calls them. It fails with
// code bad_jwks.
func ParseJWKS(b []byte) (Keys, error) {
	var set jwkSet
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, models.Errorf(models.Invalid, "bad_jwks", "The key file is not a JWK set.").Because(err)
	}
	keys := Keys{}
	for _, k := range set.Keys {
		if k.Kty != "OKP" || k.Crv != "Ed25519" {
			continue
		}
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, models.Errorf(models.Invalid, "bad_jwks", "An Ed25519 key of the JWK set is not 32 bytes in base64url.")
		}
		keys[thumbprint(x)] = x
	}
	if len(keys) == 0 {
		return nil, models.Errorf(models.Invalid, "bad_jwks", "The JWK set holds no Ed25519 key.")
	}
	return keys, nil
}

// thumbprint is the RFC 7638 thumbprint of an Ed25519 key: SHA-256 over its required members in lexical order.
func thumbprint(pub ed25519.PublicKey) string {
	text := fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":"%s"}`, base64.RawURLEncoding.EncodeToString(pub))
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
