package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/request"
)

type controllerRow struct {
	ID            models.ID `gorm:"primaryKey"`
	Slug          string
	Name          string
	Operator      bool
	Regime        string
	Timezone      string
	Country       string
	Subdivision   string
	ContactSealed []byte
	Authority     string
	BreachHours   int
	ObjectionDays int
	FourEyes      request.FourEyes
	CreatedAt     time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt     time.Time `gorm:"autoUpdateTime:false"`
}

func (controllerRow) TableName() string { return "controllers" }

// maxObjectionDays bounds what a contract may say.
const maxObjectionDays = 3650

func contactPlace(id models.ID) string { return "controllers.contact/" + id.String() }

// PutController makes or changes the controller of a slug; its ID stays. It fails with operator_exists when another one is the operator,
// and with bad_controller when slug, name or time zone is missing.
func (s *Store) PutController(ctx context.Context, c request.Controller) (request.Controller, error) {
	if c.Slug == "" || c.Name == "" {
		return c, models.Errorf(models.Invalid, "bad_controller", "A controller needs a slug and a name.")
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil || c.Timezone == "" {
		return c, models.Errorf(models.Invalid, "bad_controller", "The controller's time zone is unknown.").At("/timezone")
	}
	if c.ObjectionDays < 0 || c.ObjectionDays > maxObjectionDays {
		return c, models.Errorf(models.Invalid, "bad_controller", "A customer may object within 0 to 3650 days.").At("/objection_days")
	}
	if !c.FourEyes.Known() {
		return c, models.Errorf(models.Invalid, "bad_controller", "Four eyes are asked for none, for erasure or for every plan.").At("/four_eyes")
	}
	defer s.controllers.Delete(c.Slug)
	err := s.tx(ctx, func(tx *gorm.DB) error {
		var old controllerRow
		err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("slug = ?", c.Slug).Take(&old).Error
		if err != nil && models.CodeOf(missing(err, "controller")) != "not_found" {
			return err
		}
		made := err != nil
		c.ID = old.ID
		if made {
			c.ID, old.CreatedAt = newID(), s.now()
		}
		row := s.controllerRow(c, old.CreatedAt)
		if made {
			return tx.Create(&row).Error
		}
		return tx.Model(&controllerRow{}).Where("id = ?", row.ID).Select("*").Omit("id", "created_at").Updates(row).Error
	})
	if violates(err) {
		return c, models.Errorf(models.Conflict, "operator_exists", "Another controller is the operator, or has just been made with this slug.").Because(err)
	}
	return c, err
}

func (s *Store) controllerRow(c request.Controller, created time.Time) controllerRow {
	return controllerRow{
		ID: c.ID, Slug: c.Slug, Name: c.Name, Operator: c.Operator, Regime: c.Regime, Timezone: c.Timezone, Country: c.Country,
		Subdivision: c.Subdivision, ContactSealed: s.vault.Own().Seal(contactPlace(c.ID), []byte(c.ContactEmail.Reveal())),
		Authority: c.Authority, BreachHours: c.BreachHours, ObjectionDays: c.ObjectionDays, FourEyes: c.FourEyes, CreatedAt: created, UpdatedAt: s.now(),
	}
}

func (s *Store) controller(row controllerRow) (request.Controller, error) {
	contact, err := s.vault.Own().Open(contactPlace(row.ID), row.ContactSealed)
	return request.Controller{
		ID: row.ID, Slug: row.Slug, Name: row.Name, Operator: row.Operator, Regime: row.Regime, Timezone: row.Timezone,
		Country: row.Country, Subdivision: row.Subdivision, ContactEmail: models.Personal(contact), Authority: row.Authority,
		BreachHours: row.BreachHours, ObjectionDays: row.ObjectionDays, FourEyes: row.FourEyes,
	}, err
}

func controllerByID(tx *gorm.DB, id models.ID) (controllerRow, error) {
	var row controllerRow
	err := tx.Where("id = ?", id).Take(&row).Error
	return row, missing(err, "controller")
}

// controllerKept is how long a controller that was found by its slug may be given again without asking the database. Every submission
// begins with that look-up, which would cost a fifth of its time; a change by another process is seen a second later.
const controllerKept = time.Second

type keptController struct {
	request.Controller
	at time.Time
}

// ControllerBySlug is for the public pages, which name a controller in the address; it fails with not_found.
func (s *Store) ControllerBySlug(ctx context.Context, slug string) (request.Controller, error) {
	now := s.now()
	if kept, ok := s.controllers.Load(slug); ok {
		if k, ok := kept.(keptController); ok && now.Sub(k.at).Abs() < controllerKept {
			return k.Controller, nil
		}
	}
	c, err := s.oneController(s.read(ctx).Where("slug = ?", slug))
	if err == nil {
		s.controllers.Store(slug, keptController{c, now})
	}
	return c, err
}

// ControllerByID is one controller inside the scope; it fails with not_found.
func (s *Store) ControllerByID(ctx context.Context, scope models.Scope, id models.ID) (request.Controller, error) {
	if !scope.Allows(id) {
		return request.Controller{}, notFound("controller")
	}
	return s.oneController(s.read(ctx).Where("id = ?", id))
}

// Operator is the controller that runs this installation; it fails with not_found before it was put.
func (s *Store) Operator(ctx context.Context) (request.Controller, error) {
	return s.oneController(s.read(ctx).Where("operator"))
}

func (s *Store) oneController(query *gorm.DB) (request.Controller, error) {
	var row controllerRow
	if err := query.Take(&row).Error; err != nil {
		return request.Controller{}, missing(err, "controller")
	}
	return s.controller(row)
}

// Controllers are the controllers inside the scope by name, the operator first.
func (s *Store) Controllers(ctx context.Context, scope models.Scope) ([]request.Controller, error) {
	query := s.read(ctx)
	if id, limited := scope.Controller(); limited {
		query = query.Where("id = ?", id)
	}
	var rows []controllerRow
	if err := query.Order("operator DESC, name, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]request.Controller, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = s.controller(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}
