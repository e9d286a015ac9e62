// Package drift owns the comparison of a data map with the tables that a system has now: what is new, what has gone, what changed, and
// which of it is personal data that the map misses. It must not read a system, and no sampled value enters what it returns.
package drift
