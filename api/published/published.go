package published

import (
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/trust"
)

// Send hands a file out. Whatever is in it, a browser neither shows it as a page of ours nor runs it.
func Send(c echo.Context, file trust.File, content []byte) error {
	h := c.Response().Header()
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	return c.Blob(http.StatusOK, file.Media, content)
}

// Missing is the error for a file that there is not.
func Missing() error { return models.Errorf(models.NotFound, "not_found", "There is no such file.") }
