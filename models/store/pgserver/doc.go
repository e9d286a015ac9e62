// Package pgserver starts a private PostgreSQL cluster from the binaries found on this machine, for the tests and for
// habeas-dev, and stops it together with the process that started it. It must not be used in production, and it knows
// nothing of Habeas' schema.
package pgserver
