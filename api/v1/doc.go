// Package v1 owns the JSON interface of openapi.yaml: the generated server and its handlers, which translate between the document's types
// and the store's use cases. It must not decide anything: who may call is the access table's, what is allowed is the store's.
package v1

//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config generate.yaml ../openapi.yaml
