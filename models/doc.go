// Package models owns the words of the domain: identifiers, rights, states and their one transition table, and the
// errors that every layer speaks. It must not do I/O, read a clock or look up a time zone; it imports only the standard library.
package models
