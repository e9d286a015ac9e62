// Package pgtest gives each test a PostgreSQL database of its own, in a cluster that is started once for a test process
// and disappears with it. It must not be imported outside tests, and it knows nothing of Habeas' schema.
package pgtest
