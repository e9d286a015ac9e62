package middleware

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"habeas/models"
)

// BadText is the refusal of a text that cannot be kept.
func BadText() *models.Error {
	return models.Errorf(models.Invalid, "bad_text", "Send texts in UTF-8 and without the character NUL.")
}

// Readable reports whether a text can be kept: PostgreSQL takes neither what is not UTF-8 nor NUL.
func Readable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// ReadableAddress refuses calls whose address, or key of an idempotent call, holds what cannot be kept.
func ReadableAddress(fail func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !readable(r) {
				fail(w, r, BadText())
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func readable(r *http.Request) bool {
	for _, values := range r.URL.Query() {
		for _, v := range values {
			if !Readable(v) {
				return false
			}
		}
	}
	return Readable(r.URL.Path) && Readable(r.Header.Get("Idempotency-Key")) && Readable(r.Header.Get("Content-Disposition"))
}
