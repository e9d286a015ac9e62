package intake

import (
	"strings"

	"habeas/models"
)

// FileName is what is kept of an uploaded file's name: its last part, without what cannot be seen, and at most 200 characters of it.
func FileName(name string) models.Personal {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	runes := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "_")))
	if len(runes) > 200 {
		runes = runes[len(runes)-200:]
	}
	return models.Personal(runes)
}
