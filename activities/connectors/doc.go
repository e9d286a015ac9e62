// Package connectors owns the contract between Habeas and a system that holds personal data: small capabilities that a connector
// has or has not, and the registry of kinds of system. It must not know any kind of system, nor walk, plan or decide.
//
// A connector speaks in the words of the data map: its errors name collections and fields, never a value of a row. Whatever it
// cannot do it refuses with models.Unsupported; it never reports success for work that was not done.
package connectors
