// Package ldap is the connector for LDAP directories: entries are rows, attributes are fields, and the server's own schema says of which
// kind they are. It must not decide what is done, must not take a result that the server has cut short for a complete one, and must not
// let a value of an entry into an error.
package ldap
