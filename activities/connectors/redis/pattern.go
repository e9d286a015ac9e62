package redis

import (
	"regexp"
	"slices"
	"strings"
)

// pattern tells the names of the keys of a collection: texts with placeholders between them.
type pattern struct {
	text  string // as the map writes it
	texts []string
	names []string // of the placeholders; names[i] stands between texts[i] and texts[i+1]
	match *regexp.Regexp
	sep   string // what no placeholder's value contains
}

var placeholder = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// parsePattern reads session:{session_id}; false when a placeholder is not closed, stands twice or touches another.
func parsePattern(text, sep string) (pattern, bool) {
	p := pattern{text: text, sep: sep}
	expression := "(?s)^"
	at := 0
	any := "(.+)"
	if sep != "" {
		any = "((?:[^" + regexp.QuoteMeta(sep[:1]) + "])+)"
	}
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		if slices.Contains(p.names, name) || name == keyField || name == ttlField || len(p.names) > 0 && m[0] == at {
			return p, false
		}
		p.texts, p.names = append(p.texts, text[at:m[0]]), append(p.names, name)
		expression += regexp.QuoteMeta(text[at:m[0]]) + any
		at = m[1]
	}
	p.texts = append(p.texts, text[at:])
	if text == "" || strings.ContainsAny(strings.Join(p.texts, ""), "{}") {
		return p, false
	}
	compiled, err := regexp.Compile(expression + regexp.QuoteMeta(text[at:]) + "$")
	p.match = compiled
	return p, err == nil
}

func (p pattern) compare(o pattern) int { return strings.Compare(p.text, o.text) }

// values are those of the placeholders in the name of a key; false when the key is not of the pattern.
func (p pattern) values(key string) ([]string, bool) {
	m := p.match.FindStringSubmatch(key)
	if m == nil {
		return nil, false
	}
	return m[1:], true
}

// key is the name with the values for the placeholders; false when no key can have them.
func (p pattern) key(values []string) (string, bool) {
	var b strings.Builder
	for i, v := range values {
		if v == "" || p.sep != "" && strings.Contains(v, p.sep[:1]) {
			return "", false
		}
		b.WriteString(p.texts[i] + v)
	}
	b.WriteString(p.texts[len(values)])
	return b.String(), true
}

// glob is the pattern as SCAN takes it. It may match other keys too, which values sorts out.
func (p pattern) glob() string {
	texts := make([]string, len(p.texts))
	for i, t := range p.texts {
		texts[i] = globEscape.Replace(t)
	}
	return strings.Join(texts, "*")
}

var globEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `^`, `\^`)
