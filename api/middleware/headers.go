package middleware

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"habeas/models"
)

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"

const permissions = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), " +
	"magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(self), publickey-credentials-get=(self), screen-wake-lock=(), " +
	"sync-xhr=(), usb=(), web-share=(), xr-spatial-tracking=()"

// Secure sets the security headers on every answer, and forbids storing any of them; handlers of public files say otherwise.
// With tls, browsers are told to come back over TLS only.
func Secure(tls bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", contentPolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", permissions)
			h.Set("Cache-Control", "no-store")
			h.Set("X-Robots-Tag", "noindex, nofollow")
			if tls {
				h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// ownProof is where a call shows by itself that it is meant: by a key, or by an address that only the caller was given.
var ownProof = []string{"/v1/", "/oauth/", "/trust/unsubscribe/"}

// SameOrigin refuses forms that another site sent; base is the address under which people reach the service. Calls with a key in
// a header are not made by a browser on somebody's behalf and pass, and so does the one call of a mail program that ends a subscription (RFC 8058):
// its address is the permission.
func SameOrigin(base *url.URL, fail Fail) (func(http.Handler) http.Handler, error) {
	cop := http.NewCrossOriginProtection()
	if err := cop.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		return nil, err
	}
	cop.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, models.Errorf(models.Forbidden, "cross_origin", "This form was sent from another site."))
	}))
	return func(next http.Handler) http.Handler {
		guarded := cop.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if slices.ContainsFunc(ownProof, func(prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) }) {
				next.ServeHTTP(w, r)
				return
			}
			guarded.ServeHTTP(w, r)
		})
	}, nil
}
