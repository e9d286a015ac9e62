package v1

import (
	"encoding/base64"

	"habeas/models"
)

// usualPage is how many entries a page has when nothing is asked for.
const usualPage = 50

// pageOf cuts a page out of a list that is short enough to be read whole: those of one request, or of one customer's settings. The cursor stands for
// the last entry of the page before, by its name, which no other has. It fails with bad_cursor.
func pageOf[T any](list []T, cursor string, limit int, name func(T) string) (page []T, next string, err error) {
	if limit == 0 {
		limit = usualPage
	}
	if cursor != "" {
		last, err := cursorName(cursor)
		if err != nil {
			return nil, "", err
		}
		from := -1
		for i := range list {
			if name(list[i]) == last {
				from = i + 1
			}
		}
		if from < 0 {
			return nil, "", badCursor()
		}
		list = list[from:]
	}
	if len(list) <= limit {
		return list, "", nil
	}
	return list[:limit], cursorAt(name(list[limit-1])), nil
}

func cursorAt(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

// cursorName is what cursorAt was given. It fails with bad_cursor.
func cursorName(cursor string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", badCursor()
	}
	return string(b), nil
}

// after is the identifier that a cursor of a list stands for which the database pages; zero for the first page. It fails with bad_cursor.
func after(cursor string) (models.ID, error) {
	if cursor == "" {
		return models.ID{}, nil
	}
	name, err := cursorName(cursor)
	if err != nil {
		return models.ID{}, err
	}
	id, err := models.ParseID(name)
	if err != nil {
		return models.ID{}, badCursor()
	}
	return id, nil
}

func badCursor() error {
	return models.Errorf(models.Invalid, "bad_cursor", "The page cursor is not one that was given out.").At("cursor")
}
