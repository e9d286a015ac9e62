package opendsr

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"time"
)

// Errors of certificates and signatures.
var (
	ErrSignature   = errors.New("the signature is missing or does not fit the body")
	ErrCertificate = errors.New("the certificate is not one that a trusted authority has issued to the domain for now")
)

// leastRSA is the least length of an RSA key, in bits (FIPS 186-4).
const leastRSA = 2048

// Sign signs a body, section 4.2: the SHA-256 digest by RSA with PKCS #1 v1.5, or by ECDSA, in Base64.
func Sign(key crypto.Signer, body []byte) (string, error) {
	digest := sha256.Sum256(body)
	return SignDigest(key, digest[:])
}

// SignDigest is Sign for a body whose SHA-256 digest is known already.
func SignDigest(key crypto.Signer, digest []byte) (string, error) {
	b, err := key.Sign(rand.Reader, digest, crypto.SHA256)
	return base64.StdEncoding.EncodeToString(b), err
}

// Verify checks a signature under a body's raw bytes; it fails with ErrSignature.
func Verify(cert *x509.Certificate, body []byte, signature string) error {
	digest := sha256.Sum256(body)
	return verifyDigest(cert, digest[:], signature)
}

func verifyDigest(cert *x509.Certificate, digest []byte, signature string) error {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(signature), "")) // the text's examples break the lines
	if err != nil || len(b) == 0 {
		return ErrSignature
	}
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() >= leastRSA && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, b) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(key, digest, b) {
			return nil
		}
	}
	return ErrSignature
}

// Certificate reads a certificate, in PEM with those of intermediate authorities behind it, or alone in DER, and checks that an
// authority among roots (nil: the machine's) has issued it to the domain and that it is valid at the instant; it fails with
// ErrCertificate. A self-signed certificate is refused unless it is itself among roots. Revocation is not looked up.
func Certificate(file []byte, domain string, roots *x509.CertPool, at time.Time) (*x509.Certificate, error) {
	list := readCertificates(file)
	if len(list) == 0 {
		return nil, ErrCertificate
	}
	between := x509.NewCertPool()
	for _, c := range list[1:] {
		between.AddCert(c)
	}
	_, err := list[0].Verify(x509.VerifyOptions{
		DNSName: domain, Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, ErrCertificate
	}
	return list[0], nil
}

func readCertificates(file []byte) []*x509.Certificate {
	var list []*x509.Certificate
	if c, err := x509.ParseCertificate(file); err == nil {
		return []*x509.Certificate{c}
	}
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" {
			continue
		}
		if err != nil {
			return nil
		}
		list = append(list, c)
	}
	return list
}

// Proof keeps a signed answer so that a stranger can verify it later: the digest is what was signed, so the body may be left out
// where it must not be stored.
type Proof struct {
	Domain      string `json:"domain"`
	Digest      []byte `json:"sha256"`
	Signature   string `json:"signature"`
	Certificate string `json:"certificate"` // as the processor published it, in PEM
	Received    Time   `json:"received"`
	Body        []byte `json:"body,omitempty"`
}

// NewProof makes the proof of an answer whose signature was verified. A Receipt's body is left out, since it holds the request
// (section 7.3).
func NewProof(domain, signature string, file, body []byte, at time.Time) Proof {
	digest := sha256.Sum256(body)
	p := Proof{Domain: domain, Digest: digest[:], Signature: strings.Join(strings.Fields(signature), ""), Received: Time{at}}
	for _, c := range readCertificates(file) {
		p.Certificate += string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	var receipt Receipt // its names are matched without regard to case
	if json.Unmarshal(body, &receipt) == nil && receipt.EncodedRequest == "" {
		p.Body = body
	}
	return p
}

// Verify checks a proof with the authorities that are trusted, at the instant at which it was received; it fails with ErrCertificate or
// ErrSignature.
func (p Proof) Verify(roots *x509.CertPool) error {
	cert, err := Certificate([]byte(p.Certificate), p.Domain, roots, p.Received.Time)
	if err != nil {
		return err
	}
	if p.Body != nil {
		digest := sha256.Sum256(p.Body)
		if string(digest[:]) != string(p.Digest) {
			return ErrSignature
		}
	}
	return verifyDigest(cert, p.Digest, p.Signature)
}
