// Package localfiles is the connector for a directory tree: each file below it is a row, and it is the place of files for other
// connectors. It never leaves the directory, follows no symbolic link, and must not let a file's name or content into an error.
package localfiles
