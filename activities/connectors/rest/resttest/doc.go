// Package resttest owns small APIs in memory that behave as real ones do, for tests and for trying settings out: Tables offers any
// tables, CRM a customer database with search by POST, cursors and erasure of a contact, Desk a help desk with offset and Link paging,
// rate limits, deletion in two steps and jobs. It must not be reachable from outside a test, and does not know the connector.
package resttest
