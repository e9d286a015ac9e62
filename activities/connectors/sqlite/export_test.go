package sqlite

import "habeas/activities/connectors/relational"

// NewDialect gives the tests the statements that the connector makes.
func NewDialect() relational.Dialect { return dialect{} }
