// Package contractend owns the end of a customer's contract (GDPR Art. 28(3)(g)): its record as a fold over events, who may note what and when, and
// what comes next. What is returned and erased are two requests of the rights return and deletion, which go the way of any request. The package reads
// no clock and no database.
package contractend
