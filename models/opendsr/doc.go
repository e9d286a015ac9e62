// Package opendsr owns the words of OpenDSR 2.0 (github.com/opengdpr/OpenDSR, specification.md): the objects that controllers and
// processors exchange, their statuses and identities, and the signature under an answer with the certificate that it needs. It must not
// send or receive anything, nor decide what is trusted; callers bring the bytes, the authorities and the instant.
package opendsr
