package bundle

import (
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Attach ends the file before and begins one below dir, which ends with a slash, for a content that has a name of its own. Whatever
// the name is, the file lies below dir on every kind of machine, and no two have names that differ in case only.
func (a *Archive) Attach(dir, name string) (io.Writer, error) {
	safe := dir + safePath(name)
	ending := path.Ext(safe)
	stem := strings.TrimSuffix(safe, ending)
	for n := 2; a.taken[strings.ToLower(safe)]; n++ {
		safe = fmt.Sprintf("%s (%d)%s", stem, n, ending)
	}
	a.taken[strings.ToLower(safe)] = true
	w, err := a.Create(safe, "")
	if err == nil {
		a.open.file.Attached = true
	}
	return w, err
}

const (
	longestName = 120 // bytes of one part of a path
	mostParts   = 12
)

// safePath keeps a path's parts as far as every file system can hold them, and never leads upwards.
func safePath(name string) string {
	var parts []string
	for part := range strings.SplitSeq(strings.ReplaceAll(name, `\`, "/"), "/") {
		if part != "" {
			parts = append(parts, safeName(part))
		}
	}
	if len(parts) > mostParts {
		parts = append(parts[:mostParts-1], parts[len(parts)-1])
	}
	if len(parts) == 0 {
		return "file"
	}
	return strings.Join(parts, "/")
}

// FileName makes of any name one that is a single part of a path and that every file system can hold.
func FileName(name string) string {
	return safeName(strings.NewReplacer("/", "_", `\`, "_").Replace(name))
}

// devices are names that Windows keeps for itself, whatever follows a dot.
var devices = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true}

func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, s)
	ending := path.Ext(s)
	if len(ending) > 20 {
		ending = ""
	}
	if stem := strings.TrimSuffix(s, ending); len(s) > longestName {
		for stem = stem[:longestName-len(ending)]; !utf8.ValidString(stem); {
			stem = stem[:len(stem)-1]
		}
		s = stem + ending
	}
	s = strings.TrimRight(s, ". ")
	stem, _, _ := strings.Cut(strings.ToLower(s), ".")
	if numbered := len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) && stem[3] >= '0' && stem[3] <= '9'; s == "" || devices[stem] || numbered {
		return "_" + s
	}
	return s
}
