// Package notification owns the notification of a breach to an authority (Art. 33(3)) as a document, a PDF for people and structured JSON with
// the same content, the register of breaches (Art. 33(5)) as a PDF, and the report on requests as PDF and CSV. It must not decide what is in
// them, whether it is complete or to whom it goes.
package notification
