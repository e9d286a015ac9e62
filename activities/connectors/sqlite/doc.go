// Package sqlite is the connector for SQLite database files: how they describe themselves, what their statements and errors look
// like, and in which forms their columns, which take values of any type, hold dates, numbers and truths. What it shares with other
// databases is in package relational. It must not create a file that is not there.
package sqlite
