// Package client is the Go client of the JSON interface, generated from its document, with the one way to open it and its errors. It must not
// know anything of Habeas but the document, so that other programs may use it.
package client

//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config generate.yaml ../openapi.yaml
