package config

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"habeas/models"
	"habeas/models/brand"
	"habeas/models/calendar"
	"habeas/models/recipient"
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
	// ObjectionDays is how many days a customer's contract gives it to object to a change of subprocessors; 30 when left out.
	ObjectionDays *int   `yaml:"objection_days"`
	FourEyes      string `yaml:"four_eyes"` // which plans two persons have to approve: none, erasure, every; as the operator's when left out
	Brand         *Brand `yaml:"brand"`     // how its pages look; kept as it is when left out
}

// Brand is the look of a controller's pages.
type Brand struct {
	Band   string `yaml:"band"`
	Accent string `yaml:"accent"`
	Logo   string `yaml:"logo"` // PNG file, beside this one
	Host   string `yaml:"host"` // own domain
}

// Domain is the brand with its logo, which is read from dir, the directory of the file that names it.
func (b Brand) Domain(dir string) (brand.Brand, error) {
	out := brand.Brand{Band: b.Band, Accent: b.Accent, Host: strings.ToLower(b.Host)}
	if b.Logo == "" {
		return out, nil
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(b.Logo))) //nolint:gosec // the operator names its own file
	if err != nil {
		return out, err
	}
	defer func() { _ = f.Close() }() //nolint:errcheck // only read
	out.Logo, err = io.ReadAll(io.LimitReader(f, brand.MaxLogo+1))
	return out, err
}

// Recipient is somebody the data is disclosed to, Art. 19. What is left out of it is kept as the register has it.
type Recipient struct {
	Slug          string                           `yaml:"slug"`
	Name          string                           `yaml:"name"`
	Channel       string                           `yaml:"channel"` // mail, webhook, opendsr, manual
	Address       models.Personal                  `yaml:"address"`
	Secret        models.Personal                  `yaml:"secret"` // of a webhook, whsec_…
	Categories    []string                         `yaml:"categories"`
	Country       string                           `yaml:"country"`
	Safeguard     string                           `yaml:"safeguard"`
	Purpose       string                           `yaml:"purpose"`
	ReminderAfter time.Duration                    `yaml:"reminder_after"`
	LegalName     string                           `yaml:"legal_name"`
	Subprocessor  *bool                            `yaml:"subprocessor"`
	Transfer      string                           `yaml:"transfer"` // none, adequacy, scc, bcr, derogation
	Purposes      []string                         `yaml:"purposes"`
	Controllers   []string                         `yaml:"controllers"` // slugs of those whose data it gets; all when never named
	Identities    []string                         `yaml:"identities"`  // kinds by which it knows a person
	Protocol      string                           `yaml:"protocol"`
	ResponseDays  int                              `yaml:"response_days"`
	Contacts      models.Personal                  `yaml:"contacts"`
	ContractOn    calendar.Date                    `yaml:"contract_on"`
	ContractUntil calendar.Date                    `yaml:"contract_until"`
	ReviewedOn    calendar.Date                    `yaml:"reviewed_on"`
	NextReviewOn  calendar.Date                    `yaml:"next_review_on"`
	Translations  map[string]recipient.Translation `yaml:"translations"` // of purposes and safeguard, by language
	Initial       bool                             `yaml:"initial"`      // it is at work already, and comes into the register without an announced change
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

// objectionDays is how long a customer may object when its entry does not say.
const objectionDays = 30

// breachHours is within how many hours a customer is told of a breach when its entry does not say.
const breachHours = 24

// Domain is the controller as the domain knows it.
func (c Controller) Domain() request.Controller {
	hours := breachHours
	if c.BreachHours != nil {
		hours = *c.BreachHours
	}
	days := objectionDays
	if c.ObjectionDays != nil {
		days = *c.ObjectionDays
	}
	return request.Controller{
		Slug: c.Slug, Name: c.Name, Operator: c.Operator, Regime: c.Regime, Timezone: c.Timezone, Country: c.Country,
		Subdivision: c.Subdivision, ContactEmail: c.Contact, Authority: c.Authority, BreachHours: hours, ObjectionDays: days,
		FourEyes: request.FourEyes(c.FourEyes),
	}
}

// Domain is the recipient as the store knows it; known is what the register has of it, its zero value when it has nothing.
func (r Recipient) Domain(known store.Recipient) store.Recipient {
	out := known
	out.Slug, out.Name, out.Channel, out.Address, out.Secret = r.Slug, r.Name, store.RecipientChannel(r.Channel), r.Address, r.Secret
	out.Categories, out.Country, out.Safeguard, out.ReminderAfter = r.Categories, r.Country, r.Safeguard, r.ReminderAfter
	f := &out.Facts
	switch {
	case len(r.Purposes) > 0:
		f.Purposes = r.Purposes
	case r.Purpose != "":
		f.Purposes = []string{r.Purpose}
	}
	if r.Subprocessor != nil {
		f.Subprocessor = *r.Subprocessor
	}
	f.Controllers, f.Identities = given(r.Controllers, f.Controllers), given(r.Identities, f.Identities)
	f.LegalName, f.Protocol = either(r.LegalName, f.LegalName), either(r.Protocol, f.Protocol)
	f.Transfer, f.ResponseDays = either(recipient.Transfer(r.Transfer), f.Transfer), either(r.ResponseDays, f.ResponseDays)
	f.ContractOn, f.ContractUntil = either(r.ContractOn, f.ContractOn), either(r.ContractUntil, f.ContractUntil)
	f.ReviewedOn, f.NextReviewOn = either(r.ReviewedOn, f.ReviewedOn), either(r.NextReviewOn, f.NextReviewOn)
	if len(r.Translations) > 0 {
		f.Translations = r.Translations
	}
	out.Contacts = either(r.Contacts, out.Contacts)
	return out
}

// either is the first of two that says something.
func either[T comparable](a, b T) T {
	var nothing T
	if a != nothing {
		return a
	}
	return b
}

func given(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}
