// Package mail owns the delivery of one message over SMTP with go-mail: its headers, its timeouts, and what a failure means
// for a retry. It must not choose words or recipients, keep a message, or let an address into an error or a log.
package mail
