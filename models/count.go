package models

import "strconv"

// Count is a number with its noun in English, whose plural ends in s: "1 row", "3 months".
func Count[N ~int | ~int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.FormatInt(int64(n), 10) + " " + noun
}
