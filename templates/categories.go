package templates

import (
	"slices"
	"strings"
)

// CategoryWords says a data category (Fides taxonomy) in English; one that has no words of its own is said by its parts.
func CategoryWords(code string) string {
	if words := mailWords[english].words["category."+code]; words != "" {
		return words
	}
	return strings.NewReplacer(".", ", ", "_", " ").Replace(strings.TrimPrefix(code, "user."))
}

// CategoriesInWords says data categories in English, each once, in their order.
func CategoriesInWords(codes []string) []string { return each(codes, CategoryWords) }

// CategoriesIn says data categories to a person in their language, each once, in their order. One that has no words of its own is said by the
// nearest above it.
func CategoriesIn(lang string, codes []string) []string {
	words := mailWords[Match(lang)].words
	return each(codes, func(code string) string {
		for {
			if text := words["category."+code]; text != "" {
				return text
			}
			above := strings.LastIndexByte(code, '.')
			if above < 0 {
				return words["category.user"]
			}
			code = code[:above]
		}
	})
}

func each(codes []string, say func(string) string) []string {
	out := make([]string, 0, len(codes))
	for _, code := range codes {
		if words := say(code); !slices.Contains(out, words) {
			out = append(out, words)
		}
	}
	return out
}
