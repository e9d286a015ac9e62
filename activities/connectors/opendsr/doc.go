// Package opendsr is the connector for processors that take whole requests by OpenDSR 2.0 or OpenGDPR 1.0: it hands a request over,
// follows it, cancels it and fetches its result, and believes only answers that the processor has signed. It must not search or
// change rows, store the request that an answer repeats, or take a status that it does not know for success.
//
// docs/connectors/opendsr.md lists the settings.
package opendsr
