package portal

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/published"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/trust"
	"habeas/templates"
)

// addItems puts what somebody wrote for the page into it: text, documents, certificates and places.
func (p *Portal) addItems(ctx context.Context, view *templates.TrustView, items []trust.Item) error {
	operator, err := p.Store.Operator(ctx)
	zone := time.UTC
	if err == nil {
		zone, err = time.LoadLocation(operator.Timezone)
	}
	if err != nil && models.CodeOf(err) != "not_found" {
		return err
	}
	today := calendar.DateOf(p.Now().In(zone))
	for _, item := range items {
		now := item.Versions[0]
		f := now.Facts
		switch item.Kind {
		case trust.Page:
			view.Intro, view.Contact = f.Intro, f.Contact
		case trust.Document:
			d := templates.TrustDocument{Title: f.Title}
			for _, v := range item.Versions {
				d.Versions = append(d.Versions, trustVersion(v, zone))
			}
			view.Documents = append(view.Documents, d)
		case trust.Certificate:
			view.Certificates = append(view.Certificates, templates.TrustCertificate{
				Title: f.Title, Issuer: f.Issuer, ValidUntil: f.ValidUntil, Expired: !f.ValidUntil.IsZero() && f.ValidUntil.Before(today), File: trustVersion(now, zone),
			})
		case trust.Location:
			view.Locations = append(view.Locations, templates.TrustLocation{Country: templates.CountryWords(f.Country), Region: f.Region, Provider: f.Provider, What: f.What})
		}
	}
	return nil
}

func trustVersion(v trust.Version, zone *time.Location) templates.TrustVersion {
	out := templates.TrustVersion{Label: v.Facts.Version, On: v.On(zone), Link: v.Facts.Link}
	if !v.File.ID.IsZero() {
		out.Path, out.Size = "/trust/files/"+v.File.ID.String(), v.File.Size
	}
	return out
}

// trustFile hands out a file that is public, or was.
func (p *Portal) trustFile(c echo.Context) error {
	id, err := models.ParseID(c.Param("file"))
	if err != nil {
		return published.Missing()
	}
	file, content, err := p.Store.PublicTrustFile(c.Request().Context(), id)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return published.Send(c, file, content)
}
