// Package webhook owns what a controller's webhook is told: the kinds of events and the form of their messages, which hold identifiers, enums
// and instants only. It must not know how a message is signed or sent, or hold anything personal.
package webhook
