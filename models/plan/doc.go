// Package plan owns the plan of a request: which rows are erased, masked, retained under a hold until a date, disclosed or referred to
// the DPO, and why. It must not do I/O or hold personal data; a plan has counts, names of collections, rules and dates.
package plan
