package file

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"habeas/models/datamap"
)

// reader takes values out of YAML nodes and notes what does not fit.
type reader struct {
	file     string
	problems []datamap.Problem
	fields   int // read so far
	merges   int
	depth    int // of the field being read
}

// A file that goes beyond these is an accident or an attack by aliases.
const (
	maxFields = 100_000
	maxDepth  = 50
)

func (r *reader) pos(n *yaml.Node) datamap.Pos {
	return datamap.Pos{File: r.file, Line: n.Line, Column: n.Column}
}

func (r *reader) note(n *yaml.Node, code, where, message, advice string) {
	r.problems = append(r.problems, datamap.Problem{
		Severity: datamap.Fault, Code: code, File: r.file, Line: n.Line, Column: n.Column, Where: where, Message: message, Advice: advice,
	})
}

func (r *reader) bad(n *yaml.Node, where, message, advice string) {
	r.note(n, "bad_value", where, message, advice)
}

func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// object is the entries of a mapping; null is an empty one. A key written twice is a problem.
func (r *reader) object(n *yaml.Node, where string) map[string]*yaml.Node {
	n = resolve(n)
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.bad(n, where, "A mapping of keys and values is expected here.", "Write key: value lines.")
		return nil
	}
	m := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Tag == "!!merge" {
			r.merge(m, n.Content[i+1], where)
			continue
		}
		if m[key.Value] != nil {
			r.note(key, "duplicate_key", where, "The key "+key.Value+" is written twice.", "Remove one of them.")
			continue
		}
		m[key.Value] = resolve(n.Content[i+1])
	}
	return m
}

// merge adds what <<: brings, unless the mapping says otherwise.
func (r *reader) merge(m map[string]*yaml.Node, n *yaml.Node, where string) {
	if r.merges++; r.merges > maxFields || r.depth >= maxDepth {
		r.bad(n, where, "The file has too many merges, or a merge of itself.", "Look for a YAML alias that contains itself.")
		return
	}
	r.depth++
	for k, v := range r.object(n, where) {
		if m[k] == nil {
			m[k] = v
		}
	}
	r.depth--
}

// own is the entries of a habeas: mapping, where an unknown key is a problem.
func (r *reader) own(n *yaml.Node, where string, place Place) map[string]*yaml.Node {
	if n == nil {
		return nil
	}
	m := r.object(n, where)
	n = resolve(n)
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		key := n.Content[i]
		if slices.Contains(keys[place], key.Value) || key.Tag == "!!merge" {
			continue
		}
		advice := "The keys here are " + strings.Join(keys[place], ", ") + "."
		if s := datamap.Suggest(key.Value, keys[place]); s != "" {
			advice = "Did you mean " + s + "? " + advice
		}
		r.note(key, "unknown_key", where, "The key "+key.Value+" is unknown under habeas:.", advice)
	}
	return m
}

func (r *reader) list(n *yaml.Node, where string) []*yaml.Node {
	if n == nil || isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.bad(n, where, "A list is expected here.", "Write a list with - at each entry.")
		return nil
	}
	list := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		list[i] = resolve(c)
	}
	return list
}

func (r *reader) text(n *yaml.Node, where string) string {
	if n == nil || isNull(n) {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		r.bad(n, where, "A text is expected here.", "Write one value.")
		return ""
	}
	return n.Value
}

// optional is a text, or nil for null or nothing.
func (r *reader) optional(n *yaml.Node, where string) *string {
	if n == nil || isNull(n) {
		return nil
	}
	s := r.text(n, where)
	return &s
}

func (r *reader) texts(n *yaml.Node, where string) []string {
	if n != nil && n.Kind == yaml.ScalarNode && !isNull(n) {
		return []string{n.Value}
	}
	var list []string
	for _, c := range r.list(n, where) {
		list = append(list, r.text(c, where))
	}
	return list
}

func (r *reader) flag(n *yaml.Node, where string) bool {
	if n == nil || isNull(n) {
		return false
	}
	var v bool
	if n.Decode(&v) != nil {
		r.bad(n, where, "True or false is expected here.", "Write true or false.")
	}
	return v
}

func (r *reader) number(n *yaml.Node, where string) int {
	if n == nil || isNull(n) {
		return 0
	}
	v, err := strconv.Atoi(n.Value)
	if err != nil || v < 0 {
		r.bad(n, where, "A number is expected here.", "Write a whole number.")
		return 0
	}
	return v
}
