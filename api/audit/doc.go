// Package audit owns the verification of the ledger that somebody asks for while the server runs, on the page or by the JSON interface. It must not
// change anything, and runs once at a time, because it reads all of the ledger.
package audit
