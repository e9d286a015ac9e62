package match

import (
	"regexp"
	"strconv"
	"time"

	"habeas/models/datamap"
)

var decimal = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)

var uuids = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Guess is the kind that all of some texts could be, for systems that hold nothing but text; KindText when in doubt.
func Guess(texts []string) datamap.Kind {
	for _, c := range []struct {
		kind datamap.Kind
		fits func(string) bool
	}{
		{datamap.KindInt, func(s string) bool {
			n, err := strconv.ParseInt(s, 10, 64)
			return err == nil && strconv.FormatInt(n, 10) == s // 007 is a name, and no number
		}},
		{datamap.KindDecimal, func(s string) bool { return decimal.MatchString(s) }},
		{datamap.KindBool, func(s string) bool { return s == "true" || s == "false" }},
		{datamap.KindUUID, uuids.MatchString},
		{datamap.KindDate, func(s string) bool { return parses(s, time.DateOnly) }},
		{datamap.KindTimestamp, func(s string) bool { return parses(s, time.RFC3339Nano) }},
		{datamap.KindDateTime, func(s string) bool { return parses(s, layouts[1], layouts[3]) }},
	} {
		if all(texts, c.fits) {
			return c.kind
		}
	}
	return datamap.KindText
}

func all(texts []string, fits func(string) bool) bool {
	for _, s := range texts {
		if !fits(s) {
			return false
		}
	}
	return len(texts) > 0
}

func parses(s string, layouts ...string) bool {
	for _, l := range layouts {
		if _, err := time.Parse(l, s); err == nil {
			return true
		}
	}
	return false
}
