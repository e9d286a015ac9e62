// Package published owns how a file of the public page goes out, to the public and to those who write the page: to be kept, and never to be run by a
// browser. It decides nothing about who may have it.
package published
