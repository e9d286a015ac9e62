package datamap

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Suggest is the candidate that a misspelt name was probably meant to be; "" when none is near.
func Suggest(name string, candidates []string) string {
	best, least := "", 0
	for _, c := range candidates {
		if c == name || c == "" {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(c))
		if d <= max(1, utf8.RuneCountInString(c)/4) && (best == "" || d < least) {
			best, least = c, d
		}
	}
	return best
}

// advise puts a suggestion before the advice.
func advise(name string, candidates []string, advice string) string {
	if s := Suggest(name, candidates); s != "" {
		return "Did you mean " + s + "? " + advice
	}
	return advice
}

// distance counts the letters to insert, remove, replace or swap with their neighbour.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, now := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		now[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			now[j+1] = min(last[j+1]+1, now[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				now[j+1] = min(now[j+1], before[j-1]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(y)]
}

func (b *builder) datasetKeys() []string {
	var list []string
	for i := range b.graph.Datasets {
		list = append(list, b.graph.Datasets[i].Key)
	}
	return list
}

func (b *builder) addresses() []string {
	var list []string
	for _, n := range b.graph.Nodes {
		list = append(list, n.Address.String())
	}
	for a := range b.skipped {
		list = append(list, a.String())
	}
	slices.Sort(list)
	return list
}
