package register

import "slices"

// union are the states in which the GDPR applies: the member states, and Iceland, Liechtenstein and Norway by Decision 154/2018 of the EEA
// Joint Committee.
var union = []string{
	"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO",
	"PL", "PT", "RO", "SE", "SI", "SK",
}

// InUnion reports whether the GDPR applies in a country by its ISO 3166-1 code, so that an establishment there has a lead authority.
func InUnion(country string) bool { return slices.Contains(union, country) }
