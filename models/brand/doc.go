// Package brand owns how a controller's pages may look: its name is shown with its logo and in its colours, as long as everybody can read them. It
// must not read a file or a database.
package brand
