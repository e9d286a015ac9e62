// Package manual owns systems in which no program can work, such as a filing cabinet or a supplier's telephone: it answers that it is there
// and has no other capability, so that every step in it becomes a task for a person. It must not pretend to have done anything.
package manual
