package api

import (
	"slices"

	"habeas/models"
)

// GrantOf is the scope that a route needs of a key with scopes.
func GrantOf(route string) models.Grant { return table[route].grant }

// IsPublic reports whether anybody may call a route.
func IsPublic(route string) bool { return table[route].public }

// Admits reports whether a role may call a route, of those that not everybody may.
func Admits(route string, role models.Role) bool { return slices.Contains(table[route].roles, role) }
