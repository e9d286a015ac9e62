// Package outbound owns the HTTP client for addresses that an operator or another company has named: https on the public Internet only,
// checked when the connection is made, without redirects, unless a host was allowed by name. It must not know what is sent, to whom
// or why, and must not retry.
package outbound
