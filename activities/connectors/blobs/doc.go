// Package blobs owns what kinds of system that keep named objects have in common: the tree of objects as a small interface, the
// patterns by which a data map names some of them, and the connector that shows each object as a row. It must not know where the
// objects lie; package localfiles knows directories, and package s3 object stores.
//
// # Objects as rows
//
// A collection's table: is a pattern of paths such as customers/{customer_id}/{year}/{file}. A placeholder stands for a part of the
// path without a slash, {name...} at the end for all that follows, * for anything without a slash that needs no name. The fields of
// such a collection are its placeholders; path, size, modified and content_type; metadata.NAME and tag.NAME; and content, the bytes.
// The system's settings may give any of these another name.
package blobs
