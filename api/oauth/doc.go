// Package oauth owns the client credentials grant of RFC 6749 and the metadata of RFC 8414, by which programs get short-lived tokens for an access
// key. It must not decide what a token may do: that is the key's, and the store's to say.
package oauth
