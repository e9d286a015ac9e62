package staff

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/store"
	"habeas/models/trust"
	"habeas/templates"
)

func (k *Console) newTrust(c echo.Context) error {
	e := trust.Entry{Kind: trust.Kind(c.QueryParam("kind"))}
	if !e.Kind.Known() {
		return noItem()
	}
	return k.showTrustForm(c, http.StatusOK, e, trustFields(e.Facts), "")
}

func (k *Console) editTrust(c echo.Context) error {
	_, entries, err := k.trustOf(c)
	if err != nil {
		return err
	}
	last := entries[len(entries)-1]
	if last.Removed {
		return noItem()
	}
	return k.showTrustForm(c, http.StatusOK, last, trustFields(last.Facts), "")
}

func (k *Console) showTrustForm(c echo.Context, status int, e trust.Entry, fields map[string]string, failure string) error {
	view := templates.TrustFormView{
		Kind: string(e.Kind), Action: "/staff/trust/items", Back: "/staff/trust", New: e.No == 0, Seen: e.No, Fields: fields, File: trustFileOf(e, "/staff/trust/files/"), Failure: failure,
	}
	if !view.New {
		view.Action += "/" + e.Item.String()
		view.Back = view.Action
	}
	return show(k, c, status, "trust", templates.TrustForm, view)
}

// trustFields are an item's texts as its form has them.
func trustFields(f trust.Facts) map[string]string {
	out := map[string]string{
		"title": f.Title, "version": f.Version, "issuer": f.Issuer, "country": f.Country, "region": f.Region, "provider": f.Provider, "what": f.What, "link": f.Link,
		"intro": f.Intro, "contact": f.Contact, "dated": "", "valid_until": "",
	}
	for name, day := range map[string]calendar.Date{"dated": f.Dated, "valid_until": f.ValidUntil} {
		if !day.IsZero() {
			out[name] = day.String()
		}
	}
	return out
}

func (k *Console) addTrust(c echo.Context) error {
	form, err := uploadOf(c)
	if err != nil {
		return err
	}
	e := trust.Entry{Kind: trust.Kind(form.Get("kind"))}
	if !e.Kind.Known() {
		return models.Errorf(models.Invalid, "bad_trust", "There is no such part of the page.")
	}
	return k.keepTrust(c, e, form)
}

func (k *Console) saveTrust(c echo.Context) error {
	_, entries, err := k.trustOf(c)
	if err != nil {
		return err
	}
	form, err := uploadOf(c)
	if err != nil {
		return err
	}
	return k.keepTrust(c, entries[len(entries)-1], form)
}

// keepTrust writes what a form says as the next version of an item. A refusal is told on the form, with what was typed.
func (k *Console) keepTrust(c echo.Context, known trust.Entry, form url.Values) error {
	e, err := readTrust(known, form)
	if err == nil {
		var upload *store.TrustUpload
		if upload, err = chosenFile(c); err == nil {
			e.Actor = caller(c).Actor
			e, err = k.Store.KeepTrust(c.Request().Context(), e, seenOf(form.Get("seen")), upload)
		}
	}
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid {
		p, fields := problem.Of(err, "", ""), trustFields(known.Facts)
		for name := range fields {
			fields[name] = form.Get(name)
		}
		return k.showTrustForm(c, p.Status, known, fields, p.Detail)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/trust?done=saved")
}

// readTrust is an item with what a form says.
func readTrust(known trust.Entry, form url.Values) (trust.Entry, error) {
	e := trust.Entry{Item: known.Item, Kind: known.Kind, Facts: trust.Facts{
		Title: line(form, "title"), Version: line(form, "version"), Issuer: line(form, "issuer"), Country: line(form, "country"), Region: line(form, "region"),
		Provider: line(form, "provider"), What: line(form, "what"), Link: line(form, "link"), Intro: prose(form, "intro").Reveal(), Contact: prose(form, "contact").Reveal(),
	}}
	for name, to := range map[string]*calendar.Date{"dated": &e.Facts.Dated, "valid_until": &e.Facts.ValidUntil} {
		text := line(form, name)
		if text == "" {
			continue
		}
		day, err := calendar.ParseDate(text)
		if err != nil {
			return e, models.Errorf(models.Invalid, "bad_date", "A day must be like 2027-03-31.").At("/" + name)
		}
		*to = day
	}
	return e, nil
}

// chosenFile is the file of a form, nil when none was chosen.
func chosenFile(c echo.Context) (*store.TrustUpload, error) {
	header, err := c.FormFile("file")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, nil //nolint:nilnil // no file is no fault
	case err != nil:
		return nil, models.Errorf(models.Invalid, "bad_form", "The form cannot be read.").Because(err)
	case header.Filename == "":
		return nil, nil //nolint:nilnil // as above
	}
	f, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(f, trust.MaxFile+1))
	return &store.TrustUpload{Name: intake.FileName(header.Filename).Reveal(), Content: content}, err
}
