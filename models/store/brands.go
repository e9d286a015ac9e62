package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/brand"
)

type brandRow struct {
	ControllerID models.ID `gorm:"primaryKey"`
	Band         string
	Accent       string
	Logo         []byte
	Host         *string
	UpdatedAt    time.Time `gorm:"autoUpdateTime:false"`
}

func (brandRow) TableName() string { return "brands" }

// Branded is a controller with its look.
type Branded struct {
	brand.Brand
	ControllerID models.ID
	Slug         string
	Name         string
}

// PutBrand makes or changes the look of a controller's pages. It fails as brand.Check and brand.Clean do, and with host_taken when another controller
// has the domain.
func (s *Store) PutBrand(ctx context.Context, controller models.ID, b brand.Brand) error {
	if err := b.Check(); err != nil {
		return err
	}
	row := brandRow{ControllerID: controller, Band: b.Band, Accent: b.Accent, UpdatedAt: s.now()}
	if b.Host != "" {
		row.Host = &b.Host
	}
	if len(b.Logo) > 0 {
		var err error
		if row.Logo, err = brand.Clean(b.Logo); err != nil {
			return err
		}
	}
	err := s.read(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	if violates(err) {
		return models.Errorf(models.Conflict, "host_taken", "Another controller has this domain.").At("/brand/host").Because(err)
	}
	return unavailable(err)
}

// BrandOf is the look of a controller by its slug; it fails with not_found for one without.
func (s *Store) BrandOf(ctx context.Context, slug string) (Branded, error) {
	return s.brandWhere(ctx, "c.slug = ?", slug)
}

// BrandByID is the look of a controller; it fails with not_found for one without.
func (s *Store) BrandByID(ctx context.Context, controller models.ID) (Branded, error) {
	return s.brandWhere(ctx, "c.id = ?", controller)
}

// BrandByHost is the look of the controller whose own domain it is; it fails with not_found.
func (s *Store) BrandByHost(ctx context.Context, host string) (Branded, error) {
	return s.brandWhere(ctx, "b.host = ?", host)
}

func (s *Store) brandWhere(ctx context.Context, condition string, value any) (Branded, error) {
	var found []struct {
		Row  brandRow `gorm:"embedded"`
		Slug string
		Name string
	}
	err := s.read(ctx).Table("brands b").Select("b.*, c.slug, c.name").Joins("JOIN controllers c ON c.id = b.controller_id").Where(condition, value).Limit(1).Scan(&found).Error
	if err != nil {
		return Branded{}, unavailable(err)
	}
	if len(found) == 0 {
		return Branded{}, notFound("brand")
	}
	row := found[0].Row
	out := Branded{Brand: brand.Brand{Band: row.Band, Accent: row.Accent, Logo: row.Logo}, ControllerID: row.ControllerID, Slug: found[0].Slug, Name: found[0].Name}
	if row.Host != nil {
		out.Host = *row.Host
	}
	return out, nil
}
