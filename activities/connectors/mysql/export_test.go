package mysql

import "habeas/activities/connectors/relational"

// NewDialect gives the tests the statements that the connector makes.
func NewDialect(database string) relational.Dialect { return dialect{database: database} }
