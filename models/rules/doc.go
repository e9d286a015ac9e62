// Package rules owns the contract of `habeas rules eval`: one JSON case in, one JSON answer out, and the printed form of the law. It
// must not do I/O, read a clock or look up a time zone itself, and it computes nothing that the rule packages do not.
package rules
