package look

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"strings"

	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

type key struct{}

// For is the call with the controller that its answer is about.
func For(r *http.Request, controller models.ID) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), key{}, controller))
}

// Brands is where looks are kept.
type Brands interface {
	BrandByID(ctx context.Context, controller models.ID) (store.Branded, error)
	BrandByHost(ctx context.Context, host string) (store.Branded, error)
}

// Own is the controller whose own domain is called; it fails with not_found for any other host.
func Own(r *http.Request, s Brands) (store.Branded, error) {
	host := strings.ToLower(r.Host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return s.BrandByHost(r.Context(), host)
}

// Of is the look of the answer to a call; nil for that of Habeas. A page is shown without its look rather than not at all.
func Of(r *http.Request, s Brands) *templates.Look {
	b, err := Own(r, s)
	if id, named := r.Context().Value(key{}).(models.ID); err != nil && named {
		b, err = s.BrandByID(r.Context(), id)
	}
	if err != nil {
		return nil
	}
	out := &templates.Look{Name: b.Name, Home: "/c/" + b.Slug}
	if style := Style(b); style != nil {
		out.Style = address(b.Slug, "style", style, ".css")
	}
	if b.Logo != nil {
		out.Logo = address(b.Slug, "logo", b.Logo, ".png")
	}
	return out
}

// Style is the style sheet of a brand; nil when it changes no colour. Its colours were checked when the brand was put.
func Style(b store.Branded) []byte {
	var css strings.Builder
	if b.Band != "" {
		css.WriteString(":root{--band:" + b.Band + ";--band-ink:" + b.BandInk() + "}\n")
	}
	if b.Accent != "" {
		css.WriteString("@media (prefers-color-scheme:light){:root{--accent:" + b.Accent + ";--accent-ink:#fff}}\n")
	}
	if css.Len() == 0 {
		return nil
	}
	return []byte(css.String())
}

// File is what a brand serves under a file's name, with its media type; ok is false for a name that it does not have, or no longer.
func File(b store.Branded, name string) (body []byte, media string, ok bool) {
	style := Style(b)
	switch {
	case style != nil && name == file("style", style, ".css"):
		return style, "text/css; charset=utf-8", true
	case b.Logo != nil && name == file("logo", b.Logo, ".png"):
		return b.Logo, "image/png", true
	}
	return nil, "", false
}

func address(slug, name string, body []byte, ending string) string {
	return "/brand/" + slug + "/" + file(name, body, ending)
}

// file is a name that changes with what is in the file.
func file(name string, body []byte, ending string) string {
	sum := sha256.Sum256(body)
	return name + "." + hex.EncodeToString(sum[:4]) + ending
}
