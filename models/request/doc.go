// Package request owns what a request is, its clock, the decisions people take about it and the one rule that says which
// decision is open in which state. It must not do I/O or read a clock; the API, the store and the workflow call the same rule.
package request
