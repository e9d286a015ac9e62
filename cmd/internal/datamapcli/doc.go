// Package datamapcli owns the commands `habeas datamap …`: files and systems in, problems, pictures and proposals out, exit status. It
// must not judge a data map itself; package datamap does, and the packages below propose, compare and rehearse.
package datamapcli
