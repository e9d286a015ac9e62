package templates

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// CountryWords is the English name of a country by its ISO code; what is no code is said as it is.
func CountryWords(code string) string { return CountryIn(english, code) }

// CountryIn is the name of a country by its ISO code in a language of persons; what is no code is said as it is.
func CountryIn(lang, code string) string {
	region, err := language.ParseRegion(code)
	if len(code) != 2 || code != strings.ToUpper(code) || err != nil || !region.IsCountry() {
		return code
	}
	if name := display.Regions(language.MustParse(Match(lang))).Name(region); name != "" {
		return name
	}
	return display.English.Regions().Name(region)
}

func (c catalogue) country(code string) string { return CountryIn(c.language.String(), code) }

// LanguageWords is the name of a language by its tag; what is no tag is said as it is.
func LanguageWords(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	return display.English.Tags().Name(parsed)
}
