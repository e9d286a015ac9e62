// Package middleware owns what every call passes on its way in, as plain func(http.Handler) http.Handler: its identifier, the access
// log, limits of size, time and rate, security headers and the refusal of forms from other sites. It must not log an address, a
// token, a query or a body, and knows no route.
package middleware
