package config

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// Organisation is who takes part: the operator, its customers, and everyone the data is disclosed to. `habeas apply` writes it to the database.
type Organisation struct {
	Controllers []Controller `yaml:"controllers"`
	Recipients  []Recipient  `yaml:"recipients"`
}

// Controller is the operator itself or a customer.
type Controller struct {
	Slug        string          `yaml:"slug"`
	Name        string          `yaml:"name"`
	Operator    bool            `yaml:"operator"`
	Regime      string          `yaml:"regime"` // EU_GDPR, UK_GDPR
	Timezone    string          `yaml:"timezone"`
	Country     string          `yaml:"country"`
	Subdivision string          `yaml:"subdivision"`
	Contact     models.Personal `yaml:"contact"` // mail address of who instructs
	Authority   string          `yaml:"authority"`
	BreachHours *int            `yaml:"breach_hours"` // within which a customer's contract wants it told of a breach; 24 when left out, 0: none
}

// Recipient is somebody the data is disclosed to, Art. 19.
type Recipient struct {
	Slug          string          `yaml:"slug"`
	Name          string          `yaml:"name"`
	Channel       string          `yaml:"channel"` // mail, webhook
	Address       models.Personal `yaml:"address"`
	Secret        models.Personal `yaml:"secret"` // of a webhook, whsec_…
	Categories    []string        `yaml:"categories"`
	Country       string          `yaml:"country"`
	Safeguard     string          `yaml:"safeguard"`
	Purpose       string          `yaml:"purpose"`
	ReminderAfter time.Duration   `yaml:"reminder_after"`
}

// LoadOrganisation reads the file; an unknown key is an error.
func LoadOrganisation(path string) (Organisation, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Organisation{}, fmt.Errorf("organisation: %w", err)
	}
	var o Organisation
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&o); err != nil {
		return Organisation{}, fmt.Errorf("organisation %s: %w", path, err)
	}
	return o, nil
}

// breachHours is within how many hours a customer is told of a breach when its entry does not say.
const breachHours = 24

// Domain is the controller as the domain knows it.
func (c Controller) Domain() request.Controller {
	hours := breachHours
	if c.BreachHours != nil {
		hours = *c.BreachHours
	}
	return request.Controller{
		Slug: c.Slug, Name: c.Name, Operator: c.Operator, Regime: c.Regime, Timezone: c.Timezone, Country: c.Country,
		Subdivision: c.Subdivision, ContactEmail: c.Contact, Authority: c.Authority, BreachHours: hours,
	}
}

// Domain is the recipient as the store knows it.
func (r Recipient) Domain() store.Recipient {
	return store.Recipient{
		Slug: r.Slug, Name: r.Name, Channel: store.RecipientChannel(r.Channel), Address: r.Address, Secret: r.Secret, Categories: r.Categories,
		Country: r.Country, Safeguard: r.Safeguard, Purpose: r.Purpose, ReminderAfter: r.ReminderAfter,
	}
}
