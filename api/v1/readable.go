package v1

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
)

// Readable refuses a body whose texts cannot be kept. What is no JSON is left to be told by whoever reads it.
func Readable(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		if !utf8.Valid(body) || holdsNUL(body) {
			return middleware.BadText()
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		return next(c)
	}
}

// holdsNUL reports whether a name or a text in JSON has the character, however it is written.
func holdsNUL(body []byte) bool {
	if !bytes.Contains(body, []byte(`\u0000`)) { // no JSON has it in another way
		return false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if text, ok := token.(string); ok && strings.ContainsRune(text, 0) {
			return true
		}
	}
}
