package templates

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// CountryWords is the name of a country by its ISO code; what is no code is said as it is.
func CountryWords(code string) string {
	region, err := language.ParseRegion(code)
	if len(code) != 2 || code != strings.ToUpper(code) || err != nil || !region.IsCountry() {
		return code
	}
	return display.English.Regions().Name(region)
}
