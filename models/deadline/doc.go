// Package deadline owns the time limits for requests: the month of the GDPR with its roll-over, extension and pauses, and the
// other regimes as dated parameters. It must not read a clock or look up a time zone, and it decides nothing: it computes dates
// from facts and says how.
package deadline
