// Package evidence owns the file that proves what was done about a request and can be verified without Habeas. It must not hold anything personal.
package evidence
