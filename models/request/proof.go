package request

import (
	"bytes"
	"image/jpeg"
	"image/png"

	"habeas/models"
	"habeas/models/trust"
)

// MaxProof is how many bytes a proof of authority may have.
const MaxProof = 5_000_000

// Proof is a proof of authority. What it holds is personal.
type Proof struct {
	Media   string // as looked at
	Content []byte
}

// NewProof looks at what a file is and believes nothing that is said of it. It fails with missing_proof, proof_too_large or bad_proof: only a whole
// PDF, a PNG or a JPEG is taken.
func NewProof(content []byte) (Proof, error) {
	fail := func(code, sentence string) (Proof, error) {
		return Proof{}, models.Errorf(models.Invalid, code, "%s", sentence).At("/proof")
	}
	switch {
	case len(content) == 0:
		return fail("missing_proof", "Add the proof of your authority.")
	case len(content) > MaxProof:
		return fail("proof_too_large", "A proof may have 5 MB.")
	}
	if media := proofMedia(content); media != "" {
		return Proof{Media: media, Content: content}, nil
	}
	return fail("bad_proof", "A proof must be a PDF, a PNG or a JPEG.")
}

func proofMedia(content []byte) string {
	if media, err := trust.Media(content); err == nil && media == trust.MediaPDF {
		return media
	}
	if _, err := png.DecodeConfig(bytes.NewReader(content)); err == nil {
		return "image/png"
	}
	if _, err := jpeg.DecodeConfig(bytes.NewReader(content)); err == nil {
		return "image/jpeg"
	}
	return ""
}

// Extension is how the name of a file of this type ends.
func (p Proof) Extension() string {
	switch p.Media {
	case "image/png":
		return ".png"
	case "image/jpeg":
		return ".jpg"
	}
	return ".pdf"
}
