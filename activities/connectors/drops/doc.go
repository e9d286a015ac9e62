// Package drops is the connector for files of rows that lie in a directory or a bucket: CSV, JSON Lines and Parquet. It reads them as
// streams and rewrites a file in one step, so that rows which are not concerned keep every byte. It has no index and no transaction
// over several files, and must not let a value into an error.
package drops
