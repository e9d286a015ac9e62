// Package redis is the connector for Redis: the keys of one pattern are a collection, each key a row, and hashes, JSON texts, strings, lists
// and sets are what it can read and change. It must not decide what is done, must not call anything erased that has only expired or been
// evicted, and must not let a value or the name of a key into an error.
package redis
