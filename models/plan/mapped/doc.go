// Package mapped owns how the data map's collections and the rows that a walk located enter a plan. It must not sort or judge them;
// package plan does.
package mapped
