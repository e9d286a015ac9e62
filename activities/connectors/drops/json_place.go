package drops

import (
	"encoding/json"
	"strings"
)

// span is where a value stands in a line.
type span struct{ from, to int }

// locate finds where a field, a path with dots, stands in a valid JSON object; many reports that the path leads through an array.
func locate(line []byte, field string) (spans []span, many bool) {
	walk(line, skipSpace(line, 0), field, func(s span, through bool) {
		spans = append(spans, s)
		many = many || through
	})
	return spans, many
}

func walk(b []byte, at int, field string, yield func(span, bool)) {
	switch b[at] {
	case '{':
		for _, m := range members(b, at) {
			if m.name == field {
				yield(m.span, false)
			} else if rest, below := strings.CutPrefix(field, m.name+"."); below {
				walk(b, m.from, rest, yield)
			}
		}
	case '[':
		for _, e := range elements(b, at) {
			walk(b, e.from, field, func(s span, _ bool) { yield(s, true) })
		}
	}
}

// member is one member of an object.
type member struct {
	name string
	span
}

// members are those of the valid object at a place.
func members(b []byte, at int) []member {
	var list []member
	for at = skipSpace(b, at+1); b[at] != '}'; {
		end := skipValue(b, at)
		var name string
		_ = json.Unmarshal(b[at:end], &name) //nolint:errcheck // the object is valid
		from := skipSpace(b, skipSpace(b, end)+1)
		to := skipValue(b, from)
		list = append(list, member{name, span{from, to}})
		if at = skipSpace(b, to); b[at] == ',' {
			at = skipSpace(b, at+1)
		}
	}
	return list
}

// elements are those of the valid array at a place.
func elements(b []byte, at int) []span {
	var list []span
	for at = skipSpace(b, at+1); b[at] != ']'; {
		to := skipValue(b, at)
		list = append(list, span{at, to})
		if at = skipSpace(b, to); b[at] == ',' {
			at = skipSpace(b, at+1)
		}
	}
	return list
}

func skipSpace(b []byte, at int) int {
	for at < len(b) && strings.IndexByte(" \t\r\n", b[at]) >= 0 {
		at++
	}
	return at
}

// skipValue is the end of the valid value that begins at a place.
func skipValue(b []byte, at int) int {
	depth := 0
	for i := at; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
			if depth == 0 {
				return i + 1
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}

// paths are the names of all values in an object that have no members of their own.
func paths(b []byte, at int, prefix string) []string {
	var list []string
	for _, m := range members(b, at) {
		if b[m.from] == '{' && len(members(b, m.from)) > 0 {
			list = append(list, paths(b, m.from, prefix+m.name+".")...)
			continue
		}
		list = append(list, prefix+m.name)
	}
	return list
}
