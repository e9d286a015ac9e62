// Package houserules holds the rules about the house itself, who may import whom and what each package must say about
// itself, as one table with a test over the whole import graph. It has no code for the product to call.
package houserules
