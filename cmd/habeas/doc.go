// Command habeas is the production program: it serves the portal and the console, runs the worker, and has the commands of operators and
// auditors. It must not hold anything but the parsing of its command line; package app owns the rest.
package main
