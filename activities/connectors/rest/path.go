package rest

import (
	"slices"
	"strconv"
	"strings"
)

// at is what stands at a path with dots in a JSON value: names of members, indexes from 0, and * for all elements of a list, whose
// values become a list. False when nothing stands there. The empty path is the value itself.
func at(v any, path string) (any, bool) {
	if path == "" {
		return v, true
	}
	name, rest, _ := strings.Cut(path, ".")
	switch v := v.(type) {
	case map[string]any:
		inner, ok := v[name]
		if !ok {
			return nil, false
		}
		return at(inner, rest)
	case []any:
		if name == "*" {
			list := []any{}
			for _, e := range v {
				if inner, ok := at(e, rest); ok {
					list = append(list, inner)
				}
			}
			return list, true
		}
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(v) {
			return at(v[i], rest)
		}
	}
	return nil, false
}

// put sets what stands at a path of members in a JSON object, which it makes where there is none. False when something else stands
// in the way.
func put(object map[string]any, path string, value any) bool {
	name, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		object[name] = value
		return true
	}
	inner, ok := object[name].(map[string]any)
	if !ok && object[name] != nil {
		return false
	}
	if inner == nil {
		inner = map[string]any{}
		object[name] = inner
	}
	return put(inner, rest, value)
}

// writable reports whether put can write a path.
func writable(path string) bool {
	return path != "" && !slices.ContainsFunc(strings.Split(path, "."), func(s string) bool {
		_, err := strconv.Atoi(s)
		return s == "" || s == "*" || err == nil
	})
}
