// Package s3 is the connector for object stores that speak S3: each object is a row, and a bucket is the place of files for other
// connectors. An object is erased with all its versions; what the store must keep is refused and named. It must not let a key, a
// value or the store's own message into an error.
package s3
