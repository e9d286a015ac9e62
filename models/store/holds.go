package store

import (
	"context"
	"encoding/base64"
	"strings"

	"habeas/models"
	"habeas/models/calendar"
)

// Hold is a deferral in force with the request that it is of.
type Hold struct {
	Deferral
	Reference string
}

// Holds lists the deferrals inside the scope that are not done, the earliest end first. next is the cursor of the following page, empty at
// the end. It fails with bad_cursor.
func (s *Store) Holds(ctx context.Context, scope models.Scope, cursor string, limit int) (page []Hold, next string, err error) {
	if limit < 1 || limit > pageLimit {
		limit = pageLimit
	}
	query := scoped(s.read(ctx), scope).Where("state <> 'done'")
	if cursor != "" {
		day, id, err := parseHoldCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		query = query.Where("(due_on, id) > (?::date, ?::uuid)", day.String(), id)
	}
	var rows []deferralRow
	if err := query.Order("due_on, id").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, "", unavailable(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1].deferral()
		next = base64.RawURLEncoding.EncodeToString([]byte(last.DueOn.String() + "|" + last.ID.String()))
	}
	references, err := s.references(ctx, rows)
	if err != nil {
		return nil, "", err
	}
	page = make([]Hold, len(rows))
	for i, r := range rows {
		page[i] = Hold{Deferral: r.deferral(), Reference: references[r.RequestID]}
	}
	return page, next, nil
}

// references are those of the requests of deferrals.
func (s *Store) references(ctx context.Context, rows []deferralRow) (map[models.ID]string, error) {
	ids := make([]models.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.RequestID
	}
	var found []requestRow
	out := map[models.ID]string{}
	err := s.read(ctx).Select("id", "reference").Where("id IN ?", ids).Find(&found).Error
	for _, r := range found {
		out[r.ID] = r.Reference
	}
	return out, unavailable(err)
}

func parseHoldCursor(cursor string) (calendar.Date, models.ID, error) {
	bad := models.Errorf(models.Invalid, "bad_cursor", "The page cursor is not one that was given out.").At("/cursor")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return calendar.Date{}, models.ID{}, bad
	}
	day, text, _ := strings.Cut(string(b), "|")
	id, err := models.ParseID(text)
	if err != nil {
		return calendar.Date{}, models.ID{}, bad
	}
	on, err := calendar.ParseDate(day)
	if err != nil {
		return calendar.Date{}, models.ID{}, bad
	}
	return on, id, nil
}
