package api

import "habeas/models"

// GrantOf is the scope that a route needs of a key with scopes.
func GrantOf(route string) models.Grant { return table[route].grant }

// IsPublic reports whether anybody may call a route.
func IsPublic(route string) bool { return table[route].public }
