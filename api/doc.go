// Package api owns the HTTP server: which routes there are, who may call each of them, and what every call passes on its way in. It must
// not take decisions or call Temporal: what people decide goes through the store, which hands it to the workflows.
package api

//go:generate go test . -run ^TestEachCodeIsListed$ -update
