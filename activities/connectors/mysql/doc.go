// Package mysql is the connector for MySQL and MariaDB: how they describe themselves, what their statements and errors look like, and
// how their types hold values. What it shares with other databases is in package relational. Text is compared byte by byte whatever a
// column's collation says, so that one person's key never finds another's row.
package mysql
