package staff

import (
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"habeas/api/evidence"
	"habeas/models"
	"habeas/templates"
)

// ledgerPage says what the last verification found.
func (k *Console) ledgerPage(c echo.Context) error {
	last := k.Audit.Last()
	return show(k, c, http.StatusOK, "ledger", templates.Ledger, templates.LedgerView{
		State: string(last.State), BeganAt: last.BeganAt.UTC(), EndedAt: last.EndedAt.UTC(), Reason: last.Reason,
		Entries: last.Entries, Checkpoints: last.Checkpoints, Head: last.Head,
	})
}

// verifyLedger verifies the ledger with the published keys.
func (k *Console) verifyLedger(c echo.Context) error {
	keys, err := k.Keys()
	if err != nil {
		return err
	}
	k.Audit.Run(c.Request().Context(), keys)
	return c.Redirect(http.StatusSeeOther, "/staff/ledger")
}

// evidence hands out everything that proves what was done about a request.
func (k *Console) evidence(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return notFound()
	}
	keys, err := k.Keys()
	if err != nil {
		return err
	}
	file, err := evidence.Of(c.Request().Context(), k.Store, caller(c).Scope, id, keys, k.Now())
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	return c.Blob(http.StatusOK, "application/zip", file.Body)
}
