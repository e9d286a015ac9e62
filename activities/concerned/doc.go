// Package concerned owns the question which persons of the data map a breach concerns (Art. 34): everybody whose address stands in chosen
// collections. It must not keep an address or write to anybody.
package concerned
