package blobs

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// tree concludes patterns from paths: directories of which there are many, or whose names look like identifiers, become
// placeholders, and so does the name of each file. It keeps a small part of the paths in memory.
type tree struct {
	children map[string]*tree
	any      *tree // in place of all children
	files    int64
	examples []string
}

const (
	manyChildren = 12
	fewExamples  = 20
)

func (t *tree) add(path string) {
	parts := strings.Split(path, "/")
	for _, part := range parts[:len(parts)-1] {
		t = t.child(part)
	}
	t.files++
	if len(t.examples) < fewExamples {
		t.examples = append(t.examples, path)
	}
}

func (t *tree) child(name string) *tree {
	if t.any != nil {
		return t.any
	}
	if c := t.children[name]; c != nil {
		return c
	}
	if len(t.children) >= manyChildren || !literal(name) {
		t.any = &tree{}
		for _, c := range t.children {
			t.any.merge(c)
		}
		t.children = nil
		return t.any
	}
	if t.children == nil {
		t.children = map[string]*tree{}
	}
	t.children[name] = &tree{}
	return t.children[name]
}

func (t *tree) merge(o *tree) {
	t.files += o.files
	t.examples = append(t.examples, o.examples[:min(len(o.examples), fewExamples-len(t.examples))]...)
	for name, c := range o.children {
		t.child(name).merge(c)
	}
	if o.any != nil {
		t.child("{").merge(o.any)
	}
}

// literal reports whether the name of a directory may stand in a pattern: it looks like a word that a person has chosen for all, and not
// like somebody's number or address.
func literal(name string) bool {
	return len(name) <= 40 && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && r != '-' && r != '_' && r != '.'
	})
}

// group is a pattern with what lies there.
type group struct {
	pattern string
	*tree
}

// groups are the patterns with files, in the order of their names.
func (t *tree) groups() []group {
	var list []group
	t.collect("", 0, func(g group) { list = append(list, g) })
	slices.SortFunc(list, func(a, b group) int { return strings.Compare(a.pattern, b.pattern) })
	return list
}

func (t *tree) collect(prefix string, depth int, yield func(group)) {
	if t.files > 0 {
		yield(group{prefix + "{file}", t})
	}
	if t.any != nil {
		t.any.collect(prefix+"{part"+strconv.Itoa(depth+1)+"}/", depth+1, yield)
	}
	for _, name := range slices.Sorted(maps.Keys(t.children)) {
		t.children[name].collect(prefix+name+"/", depth, yield)
	}
}

// pattern is the pattern to which a path that was added belongs.
func (t *tree) pattern(path string) string {
	var b strings.Builder
	parts := strings.Split(path, "/")
	depth := 0
	for _, part := range parts[:len(parts)-1] {
		if t.any != nil {
			depth++
			b.WriteString("{part" + strconv.Itoa(depth) + "}/")
			t = t.any
			continue
		}
		next := t.children[part]
		if next == nil {
			return b.String() + "{file}" // it has come since
		}
		b.WriteString(part + "/")
		t = next
	}
	return b.String() + "{file}"
}
