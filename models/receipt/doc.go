// Package receipt owns the signed statement of what was done for one request, its file format and its verification by a stranger. It must not
// do I/O or hold personal data: the file says what happened to how many rows under which law, and verifies after the erasure that it records.
package receipt
