package staff

import (
	"bytes"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"habeas/models/recipient"
)

// recipientsTable is the register as a CSV file, and recipientsFile as JSON: what `habeas recipients import` takes.
func (k *Console) recipientsTable(c echo.Context) error {
	return k.exportRecipients(c, "csv", "text/csv; charset=utf-8", recipient.WriteCSV)
}

func (k *Console) recipientsFile(c echo.Context) error {
	return k.exportRecipients(c, "json", "application/json", recipient.WriteJSON)
}

func (k *Console) exportRecipients(c echo.Context, ending, media string, write func(io.Writer, []recipient.Entry) error) error {
	all, err := k.Store.Recipients(c.Request().Context())
	if err != nil {
		return err
	}
	list := make([]recipient.Entry, len(all))
	for i, r := range all {
		list[i] = r.Entry()
	}
	var body bytes.Buffer
	if err := write(&body, list); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="recipients.`+ending+`"`)
	return c.Blob(http.StatusOK, media, body.Bytes())
}
