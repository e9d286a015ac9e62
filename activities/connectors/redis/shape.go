package redis

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"habeas/activities/connectors"
)

// shapes tells the pattern of any key: one of the settings' patterns, or what can be seen from how many keys share which parts of their names.
// A part that could be of a person becomes a placeholder, so that a pattern holds nothing of anyone.
type shapes struct {
	system   *System
	parents  map[string]map[string]bool // word at a place -> different beginnings before it, up to two
	below    map[string]int             // beginning -> keys that have it
	firsts   map[string]bool            // different first words
	patterns map[string]pattern         // by their text
}

const (
	shapeKeys   = 50_000 // names of keys that the patterns are seen from
	shapeFirsts = 100    // first words; where there are more, they are somebody's
	shapeBelow  = 50     // keys that a beginning must have to be one of the application's
)

var word = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,39}$`)

// everyKey matches every name of a key.
func everyKey() pattern {
	return pattern{texts: []string{"", ""}, names: []string{"key"}, match: regexp.MustCompile(`(?s)^(.*)$`)}
}

func (s *System) shapes(ctx context.Context) (*shapes, error) {
	sh := &shapes{system: s, parents: map[string]map[string]bool{}, below: map[string]int{}, firsts: map[string]bool{}, patterns: map[string]pattern{}}
	n := 0
	err := s.names(ctx, everyKey(), func(keys []string) error {
		for _, k := range keys {
			sh.learn(k)
		}
		if n += len(keys); n >= shapeKeys {
			return connectors.ErrStop
		}
		return nil
	})
	if err == connectors.ErrStop { //nolint:errorlint // returned just above
		err = nil
	}
	return sh, err
}

func (sh *shapes) split(key string) []string {
	if sh.system.sep == "" {
		return []string{key}
	}
	return strings.Split(key, sh.system.sep)
}

func (sh *shapes) learn(key string) {
	parts := sh.split(key)
	sh.firsts[parts[0]] = true
	before := ""
	for i, part := range parts {
		place := fmt.Sprint(i, " ", part)
		if seen := sh.parents[place]; seen == nil {
			sh.parents[place] = map[string]bool{before: true}
		} else if len(seen) < 2 {
			seen[before] = true
		}
		before += part + "\x00"
		sh.below[before]++
	}
}

// of is the pattern of a key.
func (sh *shapes) of(key string) pattern {
	for _, p := range sh.system.patterns {
		if _, ok := p.values(key); ok {
			return p
		}
	}
	var texts []string
	before, last, names := "", "part", map[string]int{}
	for i, part := range sh.split(key) {
		fixed := word.MatchString(part) && (i == 0 && len(sh.firsts) <= shapeFirsts ||
			i > 0 && (len(sh.parents[fmt.Sprint(i, " ", part)]) > 1 || sh.below[before+part+"\x00"] >= shapeBelow))
		before += part + "\x00"
		if fixed {
			last = strings.ReplaceAll(part, "-", "_")
			texts = append(texts, part)
			continue
		}
		name := last + "_id"
		if names[name]++; names[name] > 1 {
			name += fmt.Sprint(names[name])
		}
		texts = append(texts, "{"+name+"}")
	}
	text := strings.Join(texts, sh.system.sep)
	p, ok := sh.patterns[text]
	if !ok {
		if p, ok = parsePattern(text, sh.system.sep); !ok {
			p = everyKey()
			p.text = "{part_id}"
		}
		sh.patterns[text] = p
	}
	return p
}

// shown is the name of a field of a hash or document, unless it could be of a person itself.
func shown(name string) string {
	for _, part := range strings.Split(name, ".") {
		if !field.MatchString(part) {
			return ""
		}
	}
	return name
}

var field = regexp.MustCompile(`^[A-Za-z_][A-Za-z_-]{0,39}[0-9]{0,2}$`)
