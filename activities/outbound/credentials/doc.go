// Package credentials owns how a call shows who makes it: by a bearer token, a password, a key in a header, or an OAuth 2.0 token that it
// fetches and keeps (client credentials, RFC 6749 section 4.4). It must not let the secret into a URL, an error or a log, and must not
// send the call.
package credentials
