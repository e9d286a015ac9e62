package postgres

import (
	"fmt"
	"slices"
	"strings"

	"habeas/models/datamap"
)

// group is keys that are NULL in the same columns, with their other values by column.
type group struct {
	columns []*column  // those with values
	values  [][]string // by column, then key
	nulls   []*column
	keys    []datamap.Key
}

// groups sorts keys by where they are NULL, each key once, and leaves out those that no row of these columns can have.
func groups(columns []*column, keys []datamap.Key, fold bool) []*group {
	if len(columns) == 1 && !fold && !slices.ContainsFunc(keys, datamap.Key.HasNull) {
		return single(columns, keys)
	}
	var list []*group
	byNulls := map[string]*group{}
	seen := map[string]bool{}
	for _, key := range keys {
		pattern, texts, ok := encodeKey(columns, key, fold)
		id := pattern + "\x00" + strings.Join(texts, "\x00")
		if !ok || seen[id] {
			continue
		}
		seen[id] = true
		g := byNulls[pattern]
		if g == nil {
			g = newGroup(columns, pattern)
			byNulls[pattern] = g
			list = append(list, g)
		}
		for i, text := range texts {
			g.values[i] = append(g.values[i], text)
		}
		g.keys = append(g.keys, key)
	}
	return list
}

// single is groups for keys of one column, which most are.
func single(columns []*column, keys []datamap.Key) []*group {
	g := &group{columns: columns, values: [][]string{make([]string, 0, len(keys))}, keys: make([]datamap.Key, 0, len(keys))}
	seen := make(map[string]bool, len(keys))
	for _, key := range keys {
		if len(key) != 1 {
			continue
		}
		text, fits := columns[0].encode(key[0])
		if !fits || seen[text] {
			continue
		}
		seen[text] = true
		g.values[0], g.keys = append(g.values[0], text), append(g.keys, key)
	}
	if len(g.keys) == 0 {
		return nil
	}
	return []*group{g}
}

// encodeKey gives for each column n or v, as it is NULL or not, and the texts of those that are not.
func encodeKey(columns []*column, key datamap.Key, fold bool) (pattern string, texts []string, ok bool) {
	if len(key) != len(columns) {
		return "", nil, false
	}
	for i, c := range columns {
		if key[i].IsNull() {
			pattern += "n"
			continue
		}
		text, fits := c.encode(key[i])
		if fold {
			text, fits = datamap.Fold(datamap.IdentityEmail, key[i].Text()), true
		}
		if !fits {
			return "", nil, false
		}
		pattern += "v"
		texts = append(texts, text)
	}
	return pattern, texts, true
}

func newGroup(columns []*column, pattern string) *group {
	g := &group{}
	for i, c := range columns {
		if pattern[i] == 'n' {
			g.nulls = append(g.nulls, c)
		} else {
			g.columns = append(g.columns, c)
		}
	}
	g.values = make([][]string, len(g.columns))
	return g
}

// where is the condition that a row t has one of the group's keys; its parameters follow those already in args.
func (g *group) where(fold bool, args []any) (string, []any) {
	var parts []string
	for _, c := range g.nulls {
		parts = append(parts, c.sql()+" IS NULL")
	}
	var sets []string
	arrays := false
	for i, c := range g.columns {
		args = append(args, arrayText(g.values[i]))
		sets = append(sets, fmt.Sprintf("$%d::text::%s[]", len(args), c.castType(fold)))
		arrays = arrays || c.array
	}
	switch {
	case len(sets) == 1 && fold:
		parts = append(parts, g.columns[0].folded(sets[0]))
	case len(sets) == 1 && arrays:
		parts = append(parts, g.columns[0].operand()+" && "+sets[0])
	case len(sets) == 1:
		parts = append(parts, g.columns[0].operand()+" = ANY ("+sets[0]+")")
	case len(sets) > 1:
		parts = append(parts, g.tuples(sets, arrays))
	}
	return strings.Join(parts, " AND "), args
}

// arrayText is a list as the server reads an array of any type; it takes less of the server's time than an array of texts that is cast.
func arrayText(list []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, text := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		if plain(text) {
			b.WriteString(text)
			continue
		}
		b.WriteByte('"')
		_, _ = escapes.WriteString(&b, text) //nolint:errcheck // a Builder takes everything
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// plain reports whether a text needs no quotes in an array: a number, or what else has only digits, letters of hexadecimal numbers, and hyphens.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') && c != '-' {
			return false
		}
	}
	return text != ""
}

func (g *group) tuples(sets []string, arrays bool) string {
	names, operands, conditions := []string{}, []string{}, []string{}
	for i, c := range g.columns {
		name := fmt.Sprintf("k%d", i)
		names = append(names, name)
		operands = append(operands, c.operand())
		if c.array {
			conditions = append(conditions, "k."+name+" = ANY ("+c.operand()+")")
		} else {
			conditions = append(conditions, "k."+name+" = "+c.operand())
		}
	}
	source := "unnest(" + strings.Join(sets, ", ") + ") AS k(" + strings.Join(names, ", ") + ")"
	if arrays {
		return "EXISTS (SELECT 1 FROM " + source + " WHERE " + strings.Join(conditions, " AND ") + ")"
	}
	return "(" + strings.Join(operands, ", ") + ") IN (SELECT " + strings.Join(names, ", ") + " FROM " + source + ")"
}

// operand is the column as it is compared.
func (c *column) operand() string {
	switch {
	case c.typed():
		return c.sql()
	case c.array:
		return c.sql() + "::text[]"
	default:
		return c.sql() + "::text"
	}
}

func (c *column) castType(fold bool) string {
	if fold || !c.typed() {
		return "text"
	}
	return c.typ
}

func (c *column) folded(set string) string {
	if c.array {
		return "EXISTS (SELECT 1 FROM unnest(" + c.sql() + ") e WHERE lower(btrim(e::text)) = ANY (" + set + "))"
	}
	operand := c.sql()
	if !textual[c.base] {
		operand += "::text"
	}
	return "lower(btrim(" + operand + ")) = ANY (" + set + ")"
}
