// Package ledger owns the evidence log: the form of an entry, the hash chain over entries, signed checkpoints, the published keys and the
// verification of all of it. It must not do I/O or see personal data; the store feeds it the bytes as they are stored.
package ledger
