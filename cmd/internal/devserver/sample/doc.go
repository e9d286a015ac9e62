// Package sample owns Nordkai Freight, the invented freight forwarder of the demo and the end-to-end tests: its databases, its
// data map, its rules, the people in it and the recipients that answer its notices. It must not know how Habeas handles a
// request, and nothing in it is real: all names are invented and all mail domains are reserved for examples.
package sample
