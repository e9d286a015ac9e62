// Package actor owns what people do with a running Habeas, over HTTP and mail like themselves: ask, confirm, decide, instruct, fetch. It must not
// look into the database or call a package of Habeas' inside.
package actor
