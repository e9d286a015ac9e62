// Package draw owns the picture of a data map: what is reachable from which identity, by which path, and what becomes of it, as text
// for a terminal, as SVG and as DOT. It must not read a system or judge the map.
package draw
