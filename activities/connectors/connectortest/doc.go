// Package connectortest is the suite that every connector passes against the real thing: what the contract in package connectors
// says, each sentence a test. It must not know any kind of system; a Harness prepares one.
package connectortest
