// Package certificate owns the certificate that a customer gets when its contract has ended (Art. 28(3)(g)): the words for what the signed receipt of
// the erasure states. It must not state anything that a receipt does not, or certify by a receipt that it has not verified.
package certificate
