package tongue

import (
	"net/http"
	"net/url"
	"strings"

	"habeas/templates"
)

// cookie remembers the language that a person chose; over TLS its name binds it to this host.
const (
	cookie   = "habeas_language"
	hostOnly = "__Host-"
)

// parameter names the language in an address.
const parameter = "lang"

const year = 365 * 24 * 60 * 60

// Of is the language of the answer to a call, one of templates.Languages.
func Of(r *http.Request) string {
	if chosen := chosen(r); chosen != "" {
		return chosen
	}
	for _, name := range []string{hostOnly + cookie, cookie} {
		if c, err := r.Cookie(name); err == nil && templates.Spoken(c.Value) {
			return c.Value
		}
	}
	return templates.Match(r.Header.Get("Accept-Language"))
}

func chosen(r *http.Request) string {
	if tag := r.URL.Query().Get(parameter); templates.Spoken(tag) {
		return tag
	}
	return ""
}

// Remember keeps the language that the address of a call names for the next ones; it does nothing for a call that names none.
func Remember(w http.ResponseWriter, r *http.Request, tls bool) {
	if tag := chosen(r); tag != "" {
		name := cookie
		if tls {
			name = hostOnly + cookie
		}
		http.SetCookie(w, &http.Cookie{Name: name, Value: tag, Path: "/", MaxAge: year, HttpOnly: true, Secure: tls, SameSite: http.SameSiteLaxMode}) //nolint:gosec // Secure wherever TLS is
	}
}

// acts are the last parts of the addresses to which a page's forms are sent.
var acts = []string{"/verify", "/resend", "/withdraw", "/complain", "/answer", "/code", "/download"}

// Here is the address at which the page that a call is answered with can be opened again. A form that comes back with its mistakes is opened
// again without what was typed.
func Here(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	if r.URL.Path == "/requests" {
		return "/requests/new?" + url.Values{"right": r.PostForm["right"]}.Encode()
	}
	for _, act := range acts {
		if page, ok := strings.CutSuffix(r.URL.Path, act); ok {
			return page
		}
	}
	return r.URL.Path
}
