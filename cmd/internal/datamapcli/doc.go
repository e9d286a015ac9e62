// Package datamapcli owns the commands `habeas datamap check`: files in, problems out, exit status. It must not judge a data map
// itself; package datamap does.
package datamapcli
