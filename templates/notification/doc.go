// Package notification owns the notification of a breach to an authority (Art. 33(3)) as a document: a PDF for people and structured JSON
// with the same content. It must not decide what is in it, whether it is complete or to whom it goes.
package notification
