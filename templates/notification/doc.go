// Package notification owns the notification of a breach to an authority (Art. 33(3)) as a document, a PDF for people and structured JSON with
// the same content, and further documents as PDF: the register of breaches (Art. 33(5)), the certificate of an erasure at the end of a contract
// (Art. 28(3)(g)) and the report on requests, the last as CSV too. It must not decide what is in them, whether it is complete or to whom it goes.
package notification
