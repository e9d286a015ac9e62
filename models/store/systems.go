package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// SystemHealth says whether a system answered when it was last asked. Systems belong to the operator; they have no tenant.
type SystemHealth struct {
	Name      string
	Code      string    // of the error; empty when the system answers
	Since     time.Time // of the present code
	CheckedAt time.Time
}

type systemRow struct {
	Name      string `gorm:"primaryKey"`
	Code      string
	Since     time.Time
	CheckedAt time.Time
}

func (systemRow) TableName() string { return "systems" }

// NoteSystem records whether a system answers; code is empty when it does.
func (s *Store) NoteSystem(ctx context.Context, name, code string) error {
	now := s.now()
	row := systemRow{Name: name, Code: code, Since: now, CheckedAt: now}
	return s.tx(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "name"}},
			DoUpdates: clause.Assignments(map[string]any{
				"code": code, "checked_at": now,
				"since": gorm.Expr("CASE WHEN systems.code = ? THEN systems.since ELSE ? END", code, now),
			}),
		}).Create(&row).Error
	})
}

// Systems is the health of every system noted so far, by name.
func (s *Store) Systems(ctx context.Context) ([]SystemHealth, error) {
	var rows []systemRow
	if err := s.read(ctx).Order("name").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]SystemHealth, len(rows))
	for i, r := range rows {
		out[i] = SystemHealth{r.Name, r.Code, r.Since.UTC(), r.CheckedAt.UTC()}
	}
	return out, nil
}
