// Package rulescli owns the commands `habeas rules eval|list|explain`: streams in, exit status out. It must not compute anything: the
// rule packages do, and this one gives them time zones and files.
package rulescli
