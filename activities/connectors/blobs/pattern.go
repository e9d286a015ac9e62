package blobs

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Pattern names some of a store's objects, and the parts of their paths.
type Pattern struct {
	parts []part
	names []string
	match *regexp.Regexp
}

// part is a literal text, or a placeholder.
type part struct {
	text string // the literal, or the placeholder's name; "" for *
	hole bool
}

var hole = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)(\.\.\.)?\}|\*`)

// ParsePattern reads a pattern; the error is a sentence that says what is wrong with it.
func ParsePattern(s string) (*Pattern, error) {
	p := &Pattern{}
	expression, at := "^", 0
	for _, m := range hole.FindAllStringSubmatchIndex(s, -1) {
		p.literal(s[at:m[0]])
		expression += regexp.QuoteMeta(s[at:m[0]])
		at = m[1]
		name := ""
		if m[2] >= 0 {
			name = s[m[2]:m[3]]
			if slices.Contains(p.names, name) {
				return nil, Mismatch("The pattern has the placeholder %s twice.", name)
			}
			p.names = append(p.names, name)
		}
		switch {
		case m[4] >= 0 && at != len(s):
			return nil, Mismatch("The placeholder %s stands for several parts and must be the last.", name)
		case m[4] >= 0:
			expression += "(.+)"
		case name != "":
			expression += "([^/]+?)"
		default:
			expression += "[^/]*"
		}
		p.parts = append(p.parts, part{name, true})
	}
	p.literal(s[at:])
	if rest := strings.Join(p.literals(), ""); strings.ContainsAny(rest, "{}\x00") || s == "" || strings.HasPrefix(s, "/") || !clean(strings.ReplaceAll(s, "...", "x")) {
		return nil, Mismatch("The pattern is no path relative to the system's place, with placeholders such as {customer_id}.")
	}
	p.match = regexp.MustCompile(expression + regexp.QuoteMeta(s[at:]) + "$")
	return p, nil
}

func (p *Pattern) literal(s string) {
	if s != "" {
		p.parts = append(p.parts, part{s, false})
	}
}

func (p *Pattern) literals() []string {
	var list []string
	for _, e := range p.parts {
		if !e.hole {
			list = append(list, e.text)
		}
	}
	return list
}

// clean reports whether a path names what it seems to name: no empty part, and none that is a dot or two.
func clean(s string) bool {
	return s != "" && !strings.ContainsRune(s, 0) && path.Clean("/"+s) == "/"+s
}

// Names are the placeholders, in their order.
func (p *Pattern) Names() []string { return p.names }

// Fixed reports whether the pattern is the path of a single object.
func (p *Pattern) Fixed() bool {
	return !slices.ContainsFunc(p.parts, func(e part) bool { return e.hole })
}

// Match returns the values of the placeholders in a path; false when the path does not fit the pattern.
func (p *Pattern) Match(s string) ([]string, bool) {
	m := p.match.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	return m[1:], true
}

// Prefix is what the paths of all objects with the given values of placeholders begin with; whole reports that it is a path itself.
// It returns false when no path can hold the values.
func (p *Pattern) Prefix(known map[string]string) (prefix string, whole, ok bool) {
	var b strings.Builder
	whole = true
	for _, e := range p.parts {
		if !e.hole {
			b.WriteString(e.text)
			continue
		}
		value, given := known[e.text]
		if !given || e.text == "" {
			whole = false
			break
		}
		b.WriteString(value)
	}
	for name, value := range known {
		if !slices.Contains(p.names, name) {
			continue
		}
		if value == "" || strings.ContainsRune(value, 0) || strings.Contains(value, "/") && !p.spans(name) {
			return "", false, false
		}
	}
	if whole && !clean(b.String()) || !whole && strings.Contains("/"+b.String(), "/../") {
		return "", false, false
	}
	return b.String(), whole, true
}

// spans reports whether the placeholder may hold slashes.
func (p *Pattern) spans(name string) bool {
	return strings.HasSuffix(p.match.String(), "(.+)$") && p.names[len(p.names)-1] == name
}

// String is the pattern with its placeholders.
func (p *Pattern) String() string {
	var b strings.Builder
	for _, e := range p.parts {
		switch {
		case !e.hole:
			b.WriteString(e.text)
		case e.text == "":
			b.WriteByte('*')
		default:
			b.WriteString("{" + e.text + "}")
		}
	}
	return b.String()
}
