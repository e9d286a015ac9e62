// Package postgres is the connector for PostgreSQL: it locates, exports, erases, restricts, verifies and checks in one database,
// by names that the database itself has confirmed and values that travel as parameters. It must not decide what is done, and
// must not let a row's value into an error.
package postgres
