package middleware

import "net/http"

// Head answers HEAD as GET (RFC 9110, 9.3.2). The server sends no body with it, since it keeps the call as it came.
func Head(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}
