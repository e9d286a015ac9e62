// Package bounce owns the reading of delivery status notifications (RFC 3464): which message came back, and why. It must not keep or show whom
// the message was for.
package bounce
