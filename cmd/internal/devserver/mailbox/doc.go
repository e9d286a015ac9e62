// Package mailbox owns a mail server for development and tests: it takes every message, keeps the last ones in memory and shows
// them on a page, and it can fail as real servers do. It must not deliver anything, nor be part of the production binary.
package mailbox
