// Package s3test gives each test a bucket of its own, in an object store that is started once for a test process and ends with the
// test that needed it last. It must not be imported outside tests.
package s3test
