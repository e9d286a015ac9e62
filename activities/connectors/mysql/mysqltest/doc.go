// Package mysqltest gives each test a MariaDB database of its own, in a server that is started once for a test process and disappears
// with it. It must not be imported outside tests, and it knows nothing of connectors.
package mysqltest
