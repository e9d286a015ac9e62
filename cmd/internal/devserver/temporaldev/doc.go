// Package temporaldev starts the development Temporal server of tools/temporal-dev as a child process, building it first
// if need be, for habeas-dev and the tests. It must not be used in production, and it never imports the server itself.
package temporaldev
