package opendsr

import (
	"crypto/md5"  //nolint:gosec // a format of the text's; nothing rests on its strength
	"crypto/sha1" //nolint:gosec // a format of the text's; nothing rests on its strength
	"crypto/sha256"
	"encoding/hex"
)

// Format is an identity_format, section 5.2.
type Format string

// The formats.
const (
	Raw    Format = "raw"
	SHA1   Format = "sha1"
	MD5    Format = "md5"
	SHA256 Format = "sha256"
)

// Formats are all formats.
var Formats = []Format{Raw, SHA1, MD5, SHA256}

// Of is a value in the format: itself, or its hash in lower-case hexadecimal digits. The caller folds the value first, as both sides
// must hash the same text. False for an unknown format.
func (f Format) Of(value string) (string, bool) {
	switch f {
	case Raw:
		return value, true
	case SHA1:
		sum := sha1.Sum([]byte(value)) //nolint:gosec // as above
		return hex.EncodeToString(sum[:]), true
	case MD5:
		sum := md5.Sum([]byte(value)) //nolint:gosec // as above
		return hex.EncodeToString(sum[:]), true
	case SHA256:
		sum := sha256.Sum256([]byte(value))
		return hex.EncodeToString(sum[:]), true
	}
	return "", false
}
