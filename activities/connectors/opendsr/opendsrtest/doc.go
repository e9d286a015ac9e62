// Package opendsrtest owns a small OpenDSR processor with a certificate authority of its own, for tests and for trying settings out: it
// keeps to the text's examples and stated errors, and a test can make it sign wrongly or spell otherwise. It must not be reachable from
// outside a test, and does not know the connector.
package opendsrtest
