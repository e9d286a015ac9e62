// Package account owns signing in to the console: passwords, second factors, passkeys, single sign-on, sessions, a person's own account, and the
// accounts of others. It must not decide what a role may do (the access table of api does) or keep anything outside the store.
package account
