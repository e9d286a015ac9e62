// Package relational is what the connectors for databases behind database/sql have in common: the way from the words of a data map
// to statements, batches and transactions, masks, checks and scans. A Dialect gives it what differs between the kinds. It must not
// import a driver or know a kind, must write only names into a statement that the database itself has confirmed, and must not let a
// row's value into an error.
package relational
