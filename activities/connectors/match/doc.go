// Package match owns the comparison of rows that a connector has read into memory with the keys of a query, for kinds of system
// that cannot compare by themselves. It must not read or write a system.
package match
