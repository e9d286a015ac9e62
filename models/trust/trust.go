package trust

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"habeas/models"
	"habeas/models/calendar"
)

// Kind is what an item of the page is.
type Kind string

const (
	Page        Kind = "page" // the text at the beginning, and the contact; there is one
	Document    Kind = "document"
	Certificate Kind = "certificate"
	Location    Kind = "location" // a place where data is stored
)

// Kinds are all of them in the order in which they are shown.
func Kinds() []Kind { return []Kind{Page, Document, Certificate, Location} }

// PageItem is the identifier of the one item of the kind Page.
var PageItem = models.ID{15: 1}

// Facts are what an item says. Each kind uses its own. All of it is meant for the public.
type Facts struct {
	Title      string        `json:"title,omitempty"`      // Document, Certificate
	Version    string        `json:"version,omitempty"`    // Document: such as 2.1
	Dated      calendar.Date `json:"dated,omitzero"`       // Document: the day of the version; without one, that on which it is published
	Issuer     string        `json:"issuer,omitempty"`     // Certificate
	ValidUntil calendar.Date `json:"valid_until,omitzero"` // Certificate: its last day
	Country    string        `json:"country,omitempty"`    // Location: ISO code
	Region     string        `json:"region,omitempty"`     // Location
	Provider   string        `json:"provider,omitempty"`   // Location
	What       string        `json:"what,omitempty"`       // Location: which data
	Link       string        `json:"link,omitempty"`       // Document, Certificate: elsewhere, instead of a file
	Intro      string        `json:"intro,omitempty"`      // Page
	Contact    string        `json:"contact,omitempty"`    // Page
}

// File is a file of ours that an item offers; its zero value is none.
type File struct {
	ID    models.ID
	Name  string
	Media string
	Size  int64
}

// Entry is one version of an item. It is never changed: a correction is another version.
type Entry struct {
	No      int64 // over all items, rising
	Item    models.ID
	Kind    Kind
	At      time.Time
	Actor   models.Actor
	Facts   Facts
	File    File
	Removed bool // the item is shown no more
}

const (
	maxLine  = 300
	maxProse = 8000
)

// Check fails with bad_trust and the field at fault.
func (e Entry) Check() error {
	f := e.Facts
	if e.Removed {
		return nil
	}
	for field, text := range map[string]string{
		"title": f.Title, "version": f.Version, "issuer": f.Issuer, "country": f.Country, "region": f.Region, "provider": f.Provider, "what": f.What,
	} {
		if utf8.RuneCountInString(text) > maxLine || strings.ContainsAny(text, "\r\n\x00") {
			return bad(field, "This must be one line of at most 300 characters.")
		}
	}
	if len(f.Intro) > maxProse || len(f.Contact) > maxProse {
		return bad("intro", "This may have 8000 characters.")
	}
	switch e.Kind {
	case Page:
		return nil
	case Document, Certificate:
		return e.checkOffered()
	case Location:
		if f.Country == "" || f.What == "" {
			return bad("country", "Say in which country it is, and which data is stored there.")
		}
		return nil
	}
	return bad("kind", "There is no such part of the page.")
}

// checkOffered checks what has a title and a file or a link.
func (e Entry) checkOffered() error {
	f, file := e.Facts, !e.File.ID.IsZero()
	switch {
	case f.Title == "":
		return bad("title", "Give it a title.")
	case e.Kind == Certificate && f.Issuer == "":
		return bad("issuer", "Say who has issued the certificate.")
	case file && f.Link != "":
		return bad("link", "Give a file or a link, and not both.")
	case !file && f.Link == "" && e.Kind == Document:
		return bad("file", "Choose a file, or give a link.")
	case f.Link != "" && !isLink(f.Link):
		return bad("link", "A link begins with https:// and has at most 300 characters.")
	}
	return nil
}

func isLink(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(text) <= maxLine && !strings.ContainsAny(text, " \r\n\t\"<>")
}

func bad(field, sentence string) error {
	return models.Errorf(models.Invalid, "bad_trust", "%s", sentence).At("/" + field)
}

// OfItsKind drops what an item of the kind does not have: nobody would see it, and the record keeps it for ever.
func (e Entry) OfItsKind() Entry {
	f := e.Facts
	switch e.Kind {
	case Page:
		e.Item, e.File, e.Facts = PageItem, File{}, Facts{Intro: f.Intro, Contact: f.Contact}
	case Document:
		e.Facts = Facts{Title: f.Title, Version: f.Version, Dated: f.Dated, Link: f.Link}
	case Certificate:
		e.Facts = Facts{Title: f.Title, Issuer: f.Issuer, ValidUntil: f.ValidUntil, Link: f.Link}
	case Location:
		e.File, e.Facts = File{}, Facts{Country: f.Country, Region: f.Region, Provider: f.Provider, What: f.What}
	}
	return e
}

// Known reports whether a kind exists.
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }
