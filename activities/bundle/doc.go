// Package bundle owns the form of the file that a person gets: a zip with data as JSON and CSV and a manifest of digests, written as a
// stream. It must not read a system, encrypt, or keep a row in memory.
package bundle
