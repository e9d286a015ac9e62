package store

import (
	"gorm.io/gorm"

	"habeas/models"
)

// decidePlan has no plan to compare with until plans are kept.
func (s *Store) decidePlan(*gorm.DB, models.ID, string, map[int]models.Treatment, bool) error {
	return models.Errorf(models.Conflict, "plan_changed", "The plan has changed since it was shown.")
}
