// Package member owns what an account of a person is: its roles, its states, and who may manage whom. It must not know passwords, databases or
// pages.
package member
