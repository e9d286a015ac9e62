// Package store owns what Habeas keeps in PostgreSQL: use-case methods of one transaction each, their SQL migrations, and the sealing of personal
// data on its way in and out. It must not call other systems, decide by rules of its own (models does) or hand out a row outside the scope it was given.
package store
