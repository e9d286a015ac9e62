// Package trust owns what the public page about trust says beside the register: its text, documents, certificates and places, each with its versions,
// and which of them are public. It reads no clock and no database.
package trust
