package portal

import (
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/certificate"
	"habeas/models/contractend"
	"habeas/models/store"
	"habeas/templates"
)

// certificatePage is where a former customer, which has no access any more, gets the certificate that its data was erased, and the signed receipts.
func (p *Portal) certificatePage(c echo.Context) error {
	end, receipts, err := p.ended(c)
	if err != nil {
		return err
	}
	view := templates.CertificateView{Path: "/certificates/" + c.Param("token"), Reference: end.Reference, Customer: end.Customer}
	for _, r := range receipts {
		view.Receipts = append(view.Receipts, templates.CertificateReceipt{ID: r.ID.String(), At: r.At.In(end.Zone), Later: !r.DeferralID.IsZero()})
	}
	return show(p, c, http.StatusOK, templates.Certificate, view)
}

// ended is the end of a contract whose data is erased, with the receipts.
func (p *Portal) ended(c echo.Context) (store.ContractEnd, []store.StoredReceipt, error) {
	end, receipts, err := p.Store.ContractEndByToken(c.Request().Context(), c.Param("token"))
	if err == nil && (len(receipts) == 0 || end.State == contractend.Abandoned) {
		err = certificate.None()
	}
	return end, receipts, err
}

func (p *Portal) certificate(c echo.Context) error {
	end, receipts, err := p.ended(c)
	if err != nil {
		return err
	}
	pdf, err := certificate.PDF(c.Request().Context(), p.Store, end, receipts)
	if err != nil {
		return err
	}
	attach(c, "certificate-"+end.Reference+".pdf")
	return c.Blob(http.StatusOK, "application/pdf", pdf)
}

func (p *Portal) certificateReceipt(c echo.Context) error {
	_, receipts, err := p.ended(c)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		if r.ID.String() == c.Param("receipt") {
			attach(c, "receipt-"+r.At.Format(time.DateOnly)+"-"+r.ID.String()[:8]+".json")
			return c.Blob(http.StatusOK, "application/octet-stream", r.Body)
		}
	}
	return certificate.None()
}

func attach(c echo.Context, name string) {
	c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}
