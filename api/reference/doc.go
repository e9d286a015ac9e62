// Package reference owns the pages about the JSON interface, made from the document that the server follows and from the list of problems. It must
// not say anything of its own about a route.
package reference
