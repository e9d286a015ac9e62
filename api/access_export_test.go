package api

import (
	"fmt"
	"slices"

	"habeas/models"
)

// GrantOf is the scope that a route needs of a key with scopes.
func GrantOf(route string) models.Grant { return table[route].grant }

// IsPublic reports whether anybody may call a route.
func IsPublic(route string) bool { return table[route].public }

// Admits reports whether a role may call a route, of those that not everybody may.
func Admits(route string, role models.Role) bool { return slices.Contains(table[route].roles, role) }

// Act is one thing that can be done, as the page of the permissions shows it.
type Act struct {
	Key    string
	Public bool
	Routes []string
}

// Acts are those of all subjects.
func Acts() (out []Act) {
	for _, s := range subjects {
		for _, a := range s.acts {
			out = append(out, Act{a.key, s.public, a.routes})
		}
	}
	return out
}

// Rule says who may call a route.
func Rule(route string) string { return fmt.Sprint(table[route].public, table[route].roles) }
