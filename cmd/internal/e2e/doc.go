// Package e2e owns the black-box tests of a whole installation: HTTP and a browser in; mail, rows and files out. It must not hold code that
// anything else uses, nor tests that need a timer longer than some seconds.
package e2e
