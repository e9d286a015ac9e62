package trust

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"habeas/models"
)

// MaxFile is how many bytes a file may have.
const MaxFile = 5_000_000

// The types of files that are taken; what a file is is looked at and never believed.
const (
	MediaPDF  = "application/pdf"
	MediaText = "text/plain; charset=utf-8"
)

// Media says what a file is. It fails with file_empty, file_too_large or bad_file_type: only a PDF or plain text is taken, and a text that begins as
// markup does is none.
func Media(content []byte) (string, error) {
	fail := func(code, sentence string) (string, error) {
		return "", models.Errorf(models.Invalid, code, "%s", sentence).At("/file")
	}
	switch {
	case len(content) == 0:
		return fail("file_empty", "Choose a file that is not empty.")
	case len(content) > MaxFile:
		return fail("file_too_large", "A file may have 5 MB.")
	case bytes.HasPrefix(content, []byte("%PDF-")):
		if bytes.Contains(content[max(0, len(content)-1024):], []byte("%%EOF")) {
			return MediaPDF, nil
		}
		return fail("bad_file_type", "The PDF is cut off.")
	case isText(content):
		return MediaText, nil
	}
	return fail("bad_file_type", "Only a PDF or a plain text in UTF-8 is taken.")
}

func isText(content []byte) bool {
	if !utf8.Valid(content) || bytes.HasPrefix(bytes.TrimLeftFunc(bytes.TrimPrefix(content, []byte("\ufeff")), unicode.IsSpace), []byte("<")) {
		return false
	}
	return !bytes.ContainsFunc(content, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f' })
}
