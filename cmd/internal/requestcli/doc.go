// Package requestcli owns `habeas request …`: what a case handler or a customer does with requests, from a terminal or a script, over the JSON
// interface. It must not open the database, and it takes the access key from the environment only, never from the command line.
package requestcli
