// Package hold owns the retention rules: which law keeps a record, from which day and until when, as data with one pure
// computation. It must not read a clock or look at rows, and a hold is never a flag on a person: it is computed for each record.
package hold
