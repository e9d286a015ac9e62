package templates

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Language is one in which Habeas speaks to persons.
type Language struct {
	Tag  string // BCP 47
	Name string // as its speakers call it
}

const english = "en"

// languages begins with the one for whoever prefers none of them.
var languages = []Language{
	{english, "English"},
	{"de", "Deutsch"},
	{"fr", "Français"},
	{"es", "Español"},
	{"it", "Italiano"},
	{"nl", "Nederlands"},
	{"pl", "Polski"},
}

var matcher = language.NewMatcher(tags())

func tags() []language.Tag {
	var out []language.Tag
	for _, l := range languages {
		out = append(out, language.MustParse(l.Tag))
	}
	return out
}

// Languages lists the languages of the pages and mails to persons.
func Languages() []Language { return slices.Clone(languages) }

// Spoken reports whether a tag is exactly one of Languages.
func Spoken(tag string) bool {
	return slices.ContainsFunc(languages, func(l Language) bool { return l.Tag == tag })
}

// Match is the one of Languages that fits best; each preference is a tag or the content of an Accept-Language header, and an earlier one wins.
// It is English when none fits.
func Match(preferences ...string) string {
	_, i := language.MatchStrings(matcher, preferences...)
	return languages[i].Tag
}

var pluralNames = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

// pluralForm is the CLDR form of a whole number, "one", "few", "many" or "other" in the languages spoken here.
func pluralForm(lang language.Tag, n int) string {
	return pluralNames[plural.Cardinal.MatchPlural(lang, max(n, -n)%10_000_000, 0, 0, 0, 0)]
}

// readWords is the catalogue of a language from all files that a pattern names.
func readWords(files fs.FS, lang string, patterns ...string) (catalogue, error) {
	c := catalogue{language: language.MustParse(lang), words: map[string]string{}}
	for _, pattern := range patterns {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return c, err
		}
		for _, name := range names {
			body, err := fs.ReadFile(files, name)
			if err != nil {
				return c, err
			}
			var words map[string]string
			if err := json.Unmarshal(body, &words); err != nil {
				return c, fmt.Errorf("%s: %w", name, err)
			}
			if err := c.add(words); err != nil {
				return c, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return c, nil
}
