// Package app owns how the parts of Habeas are put together and run: it is the one place that knows every package. It must not hold rules of
// the domain; production, the dev command and the end-to-end tests run the same App.
package app
