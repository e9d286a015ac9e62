// Package rehearse owns the proof that a data map does what it should, on a copy of the systems: it walks from a person's identities,
// plans, erases, and compares every row of every table before and after. It needs no database of Habeas and no Temporal, judges by
// the same rules as a request does, and must not print or keep a value of a row.
package rehearse
