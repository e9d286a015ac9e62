// Package report owns the readable answer to an access request, all of Art. 15(1)(a)-(h) and 15(2) and then the copy of the
// data, written as a stream of constant memory, and the list of contents of a package. It must not gather what it prints, look
// anything up, or load anything from outside the document.
package report
