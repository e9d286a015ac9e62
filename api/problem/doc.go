// Package problem owns how a failure is told over HTTP: the one mapping from errors to a status, a stable code and a safe sentence, as
// RFC 9457 problem details. It must not show an inner error's text or anything that was submitted.
package problem
