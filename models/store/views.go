package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
)

// viewsOfOne is how many views somebody may keep.
const viewsOfOne = 30

// longestViewName is in characters.
const longestViewName = 60

// ViewFilter is the part of a filter that may be kept: nothing that a person is found by.
type ViewFilter struct {
	Open         string          `json:"open,omitempty"` // "closed" or "all"; empty for the open ones
	State        models.State    `json:"state,omitempty"`
	Right        models.Right    `json:"right,omitempty"`
	ControllerID models.ID       `json:"controller_id,omitzero"`
	Waits        request.Party   `json:"waits,omitempty"`
	Due          string          `json:"due,omitempty"` // one of Dues; empty for any
	Outcome      models.Outcome  `json:"outcome,omitempty"`
	Channel      request.Channel `json:"channel,omitempty"`
	Language     string          `json:"language,omitempty"`
	With         string          `json:"with,omitempty"` // one of Withs; empty for any
}

// What the filters "due" and "with" are narrowed to.
const (
	DueOverdue  = "overdue"
	DueSoon     = "soon"
	DuePaused   = "paused"
	DueExtended = "extended"
	WithHold    = "hold"
	WithAgent   = "agent"
)

// Dues are what a filter by date may be.
func Dues() []string { return []string{DueOverdue, DueSoon, DuePaused, DueExtended} }

// Withs are what a filter by circumstance may be.
func Withs() []string { return []string{WithHold, WithAgent} }

// View is a filter of the inbox that somebody gave a name.
type View struct {
	ID     models.ID
	Name   string
	Shared bool // with everybody of the owner's role and controller
	Own    bool // the caller's own
	Filter ViewFilter
}

type viewRow struct {
	ID           models.ID `gorm:"primaryKey"`
	ControllerID models.ID
	OwnerID      models.ID
	Role         models.Role
	Shared       bool
	Name         string
	Filter       ViewFilter `gorm:"serializer:json"`
	CreatedAt    time.Time  `gorm:"autoCreateTime:false"`
}

func (viewRow) TableName() string { return "inbox_views" }

// SaveView keeps a filter under a name for who is signed in; the same name again replaces it. It fails with bad_view_name or too_many_views.
func (s *Store) SaveView(ctx context.Context, who models.Principal, v View) (models.ID, error) {
	v.Name = strings.Join(strings.Fields(v.Name), " ")
	if v.Name == "" || len([]rune(v.Name)) > longestViewName {
		return models.ID{}, models.Errorf(models.Invalid, "bad_view_name", "Give the view a name of at most %d characters.", longestViewName).At("/name")
	}
	controller, _ := who.Scope.Controller()
	row := viewRow{
		ID: newID(), ControllerID: controller, OwnerID: who.ID, Role: who.Role, Shared: v.Shared, Name: v.Name, Filter: v.Filter, CreatedAt: s.now(),
	}
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("owner_id = ? AND name = ?", who.ID, v.Name).Delete(&viewRow{}).Error; err != nil {
			return err
		}
		var n int64
		if err := tx.Model(&viewRow{}).Where("owner_id = ?", who.ID).Count(&n).Error; err != nil {
			return err
		}
		if n >= viewsOfOne {
			return models.Errorf(models.Conflict, "too_many_views", "You may keep %d views; remove one first.", viewsOfOne)
		}
		return tx.Create(&row).Error
	})
	return row.ID, err
}

// Views are those of who is signed in and those that others of the same role and controller share, by name.
func (s *Store) Views(ctx context.Context, who models.Principal) ([]View, error) {
	var rows []viewRow
	controller, limited := who.Scope.Controller()
	shared := s.read(ctx).Where("shared AND role = ? AND controller_id IS NULL", who.Role)
	if limited {
		shared = s.read(ctx).Where("shared AND role = ? AND controller_id = ?", who.Role, controller)
	}
	if err := s.read(ctx).Where("owner_id = ?", who.ID).Or(shared).Order("lower(name), id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]View, len(rows))
	for i, r := range rows {
		out[i] = View{ID: r.ID, Name: r.Name, Shared: r.Shared, Own: r.OwnerID == who.ID, Filter: r.Filter}
	}
	return out, nil
}

// RemoveView removes a view of who is signed in; another's is not_found, shared or not.
func (s *Store) RemoveView(ctx context.Context, who models.Principal, id models.ID) error {
	done := s.read(ctx).Where("id = ? AND owner_id = ?", id, who.ID).Delete(&viewRow{})
	if done.Error == nil && done.RowsAffected == 0 {
		return notFound("view")
	}
	return unavailable(done.Error)
}
