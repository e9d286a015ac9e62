package opendsr

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
)

// Processor signs what this processor says.
type Processor struct {
	Domain string
	Key    crypto.Signer
	File   []byte // the certificate as it is published, in PEM, with those of intermediate authorities behind it
}

// Header takes a message's headers; http.Header does.
type Header interface{ Set(name, value string) }

// Errors of a processor's own key and certificate.
var (
	ErrKey        = errors.New("the key must be an RSA key of at least 2048 bits or an ECDSA key, in PEM")
	ErrOwn        = errors.New("the certificate must be issued to the domain, for the key")
	ErrSelfSigned = errors.New("the certificate must be issued by an authority; the protocol forbids one that is signed by itself")
)

// NewProcessor reads the key and the certificate of a processor, in PEM. Whether controllers trust the authority is theirs to say. It fails with
// ErrKey, ErrOwn or ErrSelfSigned.
func NewProcessor(domain string, key, file []byte) (*Processor, error) {
	signer, err := readKey(key)
	if err != nil {
		return nil, err
	}
	list := readCertificates(file)
	if len(list) == 0 || list[0].VerifyHostname(domain) != nil {
		return nil, ErrOwn
	}
	if public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(list[0].PublicKey) {
		return nil, ErrOwn
	}
	if list[0].CheckSignatureFrom(list[0]) == nil || string(list[0].RawIssuer) == string(list[0].RawSubject) {
		return nil, ErrSelfSigned
	}
	p := &Processor{Domain: domain, Key: signer}
	for _, c := range list {
		p.File = append(p.File, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return p, nil
}

// readKey takes PKCS #8, and the older forms of RSA and ECDSA keys.
func readKey(file []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
				if key, err = x509.ParseECPrivateKey(block.Bytes); err != nil {
					continue
				}
			}
		}
		switch k := key.(type) {
		case *rsa.PrivateKey:
			if k.N.BitLen() >= leastRSA {
				return k, nil
			}
		case *ecdsa.PrivateKey:
			return k, nil
		}
	}
	return nil, ErrKey
}

// Seal signs a body and puts the signature and the domain into a message's headers; old adds them under the names of OpenGDPR 1.0.
func (p *Processor) Seal(h Header, body []byte, old bool) error {
	signature, err := Sign(p.Key, body)
	if err != nil {
		return err
	}
	p.head(h, signature, old)
	return nil
}

// SealDigest is Seal for a body whose SHA-256 digest is known already.
func (p *Processor) SealDigest(h Header, digest []byte, old bool) error {
	signature, err := SignDigest(p.Key, digest)
	if err != nil {
		return err
	}
	p.head(h, signature, old)
	return nil
}

func (p *Processor) head(h Header, signature string, old bool) {
	h.Set(HeaderDomain, p.Domain)
	h.Set(HeaderSignature, signature)
	if old {
		h.Set(HeaderDomainOld, p.Domain)
		h.Set(HeaderSignatureOld, signature)
	}
}
