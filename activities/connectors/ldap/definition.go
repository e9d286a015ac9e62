package ldap

import "strings"

// definition is one definition of a schema (RFC 4512, 4.1), by keyword; the number in front is under "".
type definition map[string][]string

// parseDefinition reads ( oid NAME ( 'a' 'b' ) SUP x MUST ( y $ z ) SINGLE-VALUE … ). A keyword without values has an empty list.
func parseDefinition(text string) definition {
	d := definition{}
	keyword := ""
	depth := 0
	for _, token := range tokens(text) {
		switch {
		case token == "(":
			depth++
		case token == ")":
			depth--
		case token == "$":
		case token[0] == '\'':
			d[keyword] = append(d[keyword], token[1:])
		case depth == 1 && isKeyword(token):
			keyword = token
			d[keyword] = []string{}
		default:
			d[keyword] = append(d[keyword], token)
		}
	}
	return d
}

// isKeyword tells keywords, which are written in capitals, from the names of attributes, rules and numbers.
func isKeyword(token string) bool {
	return token == strings.ToUpper(token) && token[0] >= 'A' && token[0] <= 'Z'
}

// tokens splits at blanks and around parentheses; a quoted text keeps its first quote.
func tokens(text string) []string {
	var list []string
	for len(text) > 0 {
		switch text[0] {
		case ' ', '\t', '\n', '\r':
			text = text[1:]
		case '(', ')', '$':
			list, text = append(list, text[:1]), text[1:]
		case '\'':
			quoted, rest, _ := strings.Cut(text[1:], "'")
			list, text = append(list, "'"+quoted), rest
		default:
			end := strings.IndexAny(text, " \t\n\r()$'")
			if end < 0 {
				end = len(text)
			}
			list, text = append(list, text[:end]), text[end:]
		}
	}
	return list
}

func (d definition) first(keyword string) string {
	if list := d[keyword]; len(list) > 0 {
		return list[0]
	}
	return ""
}

func (d definition) has(keyword string) bool {
	_, ok := d[keyword]
	return ok
}
