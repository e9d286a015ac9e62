// Package task owns the manual task: a step of a request that no connector can do, so that a person does it, with evidence and a second
// pair of eyes. It must not do I/O or hold personal data; notes and files are the store's.
package task
