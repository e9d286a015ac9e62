// Command lawdoc writes docs/law.md from the rules that run; go generate calls it. It must not hold a rule or a word of its own.
package main
