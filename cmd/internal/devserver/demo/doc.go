// Package demo owns the demonstration: three requests carried from the first message to provable completion through a running installation, with
// proofs that fail loudly. It must not reach the result by any way that people do not have.
package demo
