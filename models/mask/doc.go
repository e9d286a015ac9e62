// Package mask owns what is left of a field's value when its row is masked, and how that is told from a value that is not masked
// yet. It must not read or write a row; connectors do, each in its own system's way but all by these rules.
package mask
