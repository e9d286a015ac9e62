// Package ledgercli owns the commands `habeas ledger verify` and `habeas receipt verify`: files and a database in, exit status out. It must not
// judge evidence itself: the packages ledger and receipt do.
package ledgercli
