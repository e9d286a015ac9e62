package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/models"
)

// securityFor is for how long security.txt is valid from when it is read; RFC 9116 advises less than a year.
const securityFor = 180 * 24 * time.Hour

// security is security.txt, RFC 9116: the configured contact, and where the file lies. Without a contact there is none.
func (s *server) security(c echo.Context) error {
	contact := strings.TrimSpace(s.Contact)
	if contact == "" || strings.ContainsAny(contact, "\r\n") {
		return models.Errorf(models.NotFound, "not_found", "No contact is configured.")
	}
	if !strings.HasPrefix(contact, "https://") && !strings.HasPrefix(contact, "mailto:") {
		contact = "mailto:" + contact
	}
	expires := s.Now().Add(securityFor).UTC().Truncate(24 * time.Hour)
	lines := []string{
		"Contact: " + contact, "Expires: " + expires.Format(time.RFC3339), "Preferred-Languages: en", "Canonical: " + s.BaseURL + "/.well-known/security.txt",
	}
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(strings.Join(lines, "\n")+"\n"))
}
