// Package rest is the connector for APIs that speak JSON over HTTPS: its settings say how each collection is found, read, changed and
// deleted, and it sends exactly these requests. It must not guess a request, take an answer that it does not understand for an empty
// one, let a value change the shape of a request, or let a value or an answer's text into an error.
//
// Rows that an API returns are compared with what was asked for, since a search of an API may be looser than a look-up; a look-up that
// no request serves is an error. docs/connectors/rest.md lists the settings.
package rest
