// Package persons owns the list of the persons whom a breach concerns (Art. 34): how it is read, and which of its lines is a person that can be
// written to. It must not keep an address or write to anybody.
package persons
