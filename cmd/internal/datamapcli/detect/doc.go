// Package detect owns the guess whether a column holds personal data, and which: by its name in many languages, its comment, its type
// and sampled values. It must not read a system, and a value never enters what it returns.
//
// A guess is a proposal for a person to review. Each tells its reason, so that the person can.
package detect
