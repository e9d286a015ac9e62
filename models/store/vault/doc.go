// Package vault owns the keys: a master key that wraps one key per request, sealing of values and packages with them, keyed indexes and tokens.
// It must not touch a database or log; a key that was destroyed is an error here, never an empty value.
package vault
