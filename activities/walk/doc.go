// Package walk owns the way from a person's identities to all rows that are theirs, across systems, and the judgement whether
// another person shares a row. It must not know a kind of system, decide what becomes of a row, or keep more than a batch of
// rows in memory.
package walk
