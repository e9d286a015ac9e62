package detect

import (
	"slices"
	"strings"
	"unicode"
)

// plain writes letters without their marks, and German umlauts as German keyboards without them do.
var plain = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "à", "a", "á", "a", "â", "a", "ã", "a", "å", "a", "ą", "a", "ç", "c", "ć", "c", "č", "c",
	"è", "e", "é", "e", "ê", "e", "ë", "e", "ę", "e", "ě", "e", "ì", "i", "í", "i", "î", "i", "ï", "i", "ł", "l", "ñ", "n", "ń", "n",
	"ò", "o", "ó", "o", "ô", "o", "õ", "o", "ø", "o", "œ", "oe", "ś", "s", "š", "s", "ù", "u", "ú", "u", "û", "u", "ý", "y", "ź", "z", "ż", "z",
	"ž", "z", "æ", "ae", "ő", "o", "ű", "u", "ř", "r", "ů", "u",
)

// split makes words of a name: firstName, FIRST_NAME and "first name" are first, name.
func split(name string) []string {
	var words []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			words = append(words, plain.Replace(strings.ToLower(b.String())))
			b.Reset()
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0:
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if unicode.IsLower(runes[i-1]) || unicode.IsUpper(runes[i-1]) && next {
				flush()
			}
		}
		b.WriteRune(r)
	}
	flush()
	return words
}

// says reports whether the words say a term: one word, several in a row as a_b, or with a * at its end or beginning a part of a word.
func says(words []string, term string) bool {
	if stem, ok := strings.CutSuffix(term, "*"); ok {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, stem) })
	}
	if stem, ok := strings.CutPrefix(term, "*"); ok {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, stem) })
	}
	parts := strings.Split(term, "_")
	for i := 0; i+len(parts) <= len(words); i++ {
		if slices.Equal(words[i:i+len(parts)], parts) {
			return true
		}
	}
	return len(parts) > 1 && slices.Contains(words, strings.Join(parts, ""))
}

func hasAny(words []string, list string) bool {
	for term := range strings.FieldsSeq(list) {
		if says(words, term) {
			return true
		}
	}
	return false
}
