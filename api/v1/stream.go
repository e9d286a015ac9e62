package v1

import (
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/models"
)

// Streamed reports the calls whose body is a file, which goes on as it comes.
func Streamed(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v1/tasks/") && strings.HasSuffix(r.URL.Path, "/files")
}

// Whole applies a middleware that reads a whole body to the calls that may be held in memory. Of a file only the media type is looked at.
func Whole(m echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		guarded := m(next)
		return func(c echo.Context) error {
			if !Streamed(c.Request()) {
				return guarded(c)
			}
			media, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
			if err != nil || media != "application/octet-stream" {
				return models.Errorf(models.Invalid, "unsupported_media_type", "Send the file as application/octet-stream.").Because(err)
			}
			return next(c)
		}
	}
}
