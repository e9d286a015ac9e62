//go:build unix && !linux

package pgserver

// memory is empty: only Linux has a place for files in memory that everybody may use.
func memory() string { return "" }
