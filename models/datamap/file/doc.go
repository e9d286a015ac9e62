// Package file reads data maps from YAML, with the place of everything it reads, and names what it cannot read. It must not judge
// what a map says; package datamap does.
package file
