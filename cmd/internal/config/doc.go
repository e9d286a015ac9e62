// Package config owns the configuration of the programs: one struct, one Load, one Validate that names every problem at once. It must not
// open connections or print a secret.
package config
