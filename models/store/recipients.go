package store

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"gorm.io/gorm"
	"habeas/models"
	"habeas/models/recipient"
)

// RecipientChannel is how a recipient gets its notices.
type RecipientChannel string

const (
	ChannelMail    RecipientChannel = "mail"    // with a one-time link to answer
	ChannelWebhook RecipientChannel = "webhook" // signed, Standard Webhooks
	ChannelOpenDSR RecipientChannel = "opendsr" // a processor that carries out what it is handed; its address is the name of its system
	ChannelManual  RecipientChannel = "manual"  // people tell it and record its answer; its address says how
)

// Recipient is somebody to whom data was disclosed, Art. 19; processors are recipients too. Recipients are the installation's; Facts say which
// controllers' data each gets.
type Recipient struct {
	ID            models.ID // set by the store
	Slug          string
	Name          string
	Channel       RecipientChannel
	Address       models.Personal // mail address, URL of the webhook, name of the system, or how people reach it
	Secret        models.Personal // of a webhook: whsec_ and at least 24 bytes in base64
	Categories    []string        // data categories that it receives, each with all below it
	Country       string
	Safeguard     string // of a transfer to a third country, Art. 46
	Purpose       string
	ReminderAfter time.Duration
	Facts         recipient.Facts
	Contacts      models.Personal
	Vetting       recipient.Vetting
	Version       int // of its history, from 1; set by the store
}

// Affected lists those of the categories that the recipient receives of a controller's data; none when it never got that controller's.
// Categories are a tree: "user.contact" contains "user.contact.email", so that either may stand for the other.
func (r Recipient) Affected(controller string, categories []string) []string {
	if !r.Facts.Holds(controller) {
		return nil
	}
	return r.Receives(categories)
}

// Receives lists those of the categories that the recipient receives, whosever data it is.
func (r Recipient) Receives(categories []string) []string {
	var out []string
	for _, c := range categories {
		for _, own := range r.Categories {
			if within(c, own) || within(own, c) {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// within reports whether a category is the given one or below it.
func within(category, above string) bool {
	return category == above || strings.HasPrefix(category, above+".")
}

// PurposesIn is what the recipient does with the data, as a person reads it.
func (r Recipient) PurposesIn(lang string) []models.Said {
	if len(r.Facts.Purposes) == 0 && r.Purpose != "" {
		return []models.Said{{Text: r.Purpose, Lang: recipient.Language}}
	}
	return r.Facts.PurposesIn(lang)
}

// SafeguardIn is the safeguard of a transfer, as a person reads it; empty where none is needed.
func (r Recipient) SafeguardIn(lang string) models.Said {
	if t := r.Facts.Translations[lang].Safeguard; t != "" && r.Safeguard != "" {
		return models.Said{Text: t, Lang: lang}
	}
	return models.Said{Text: r.Safeguard, Lang: recipient.Language}
}

// check fails with bad_recipient and the field at fault.
func (r Recipient) check() error {
	bad := func(field, sentence string) error {
		return models.Errorf(models.Invalid, "bad_recipient", "%s", sentence).At("/" + field)
	}
	address := r.Address.Reveal()
	switch {
	case r.Slug == "":
		return bad("slug", "A recipient needs a slug.")
	case r.Name == "":
		return bad("name", "A recipient needs a name.")
	case len(r.Categories) == 0:
		return bad("categories", "A recipient needs the data categories that it receives.")
	case r.ReminderAfter <= 0:
		return bad("reminder_after", "A recipient needs a time after which it is reminded.")
	case r.Channel == ChannelMail:
		if at := strings.LastIndexByte(address, '@'); at < 1 || at == len(address)-1 {
			return bad("address", "The address must be a mail address.")
		}
		if r.Secret != "" {
			return bad("secret", "Only a webhook has a secret.")
		}
	case r.Channel == ChannelWebhook:
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return bad("address", "The address must be an http or https URL.")
		}
		encoded, ok := strings.CutPrefix(r.Secret.Reveal(), "whsec_")
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(secret) < 24 || len(secret) > 64 {
			return bad("secret", "A webhook's secret must be whsec_ and 24 to 64 bytes in base64.")
		}
	case r.Channel == ChannelOpenDSR, r.Channel == ChannelManual:
		if strings.TrimSpace(address) == "" {
			return bad("address", "The address must be the name of the recipient's system, or say how people reach it.")
		}
		if r.Secret != "" {
			return bad("secret", "Only a webhook has a secret.")
		}
	default:
		return bad("channel", "The channel must be mail, webhook, opendsr or manual.")
	}
	if err := r.Facts.Check(); err != nil {
		return err
	}
	return r.Vetting.Check()
}

type recipientRow struct {
	ID             models.ID `gorm:"primaryKey"`
	Slug           string
	Name           string
	Channel        RecipientChannel
	AddressSealed  []byte
	SecretSealed   []byte
	Categories     []string `gorm:"serializer:json"`
	Country        string
	Safeguard      string
	Purpose        string
	ReminderAfter  time.Duration
	Facts          recipient.Facts `gorm:"serializer:json"`
	ContactsSealed []byte
	VettingSealed  []byte
	Version        int
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
}

func (recipientRow) TableName() string { return "recipients" }

// The places of what is sealed of a recipient. The slug is part of them, so that an address cannot be put under another recipient.
func addressPlace(slug string) string           { return "recipients.address/" + slug }
func secretPlace(slug string) string            { return "recipients.secret/" + slug }
func recipientContactsPlace(slug string) string { return "recipients.contacts/" + slug }
func vettingPlace(slug string) string           { return "recipients.vetting/" + slug }

// Recipients are all recipients by slug, with their addresses and secrets.
func (s *Store) Recipients(ctx context.Context) ([]Recipient, error) {
	return s.recipients(s.read(ctx))
}

// RecipientBySlug is one recipient, with its address and secret; it fails with not_found.
func (s *Store) RecipientBySlug(ctx context.Context, slug string) (Recipient, error) {
	var row recipientRow
	if err := s.read(ctx).Where("slug = ?", slug).Take(&row).Error; err != nil {
		return Recipient{}, missing(err, "recipient")
	}
	return s.recipient(row)
}

func (s *Store) recipients(tx *gorm.DB) ([]Recipient, error) {
	var rows []recipientRow
	if err := tx.Order("slug").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Recipient, len(rows))
	for i, row := range rows {
		r, err := s.recipient(row)
		if err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, nil
}

func (s *Store) recipient(row recipientRow) (Recipient, error) {
	own := s.vault.Own()
	r := Recipient{
		ID: row.ID, Slug: row.Slug, Name: row.Name, Channel: row.Channel, Categories: row.Categories, Country: row.Country, Safeguard: row.Safeguard,
		Purpose: row.Purpose, ReminderAfter: row.ReminderAfter, Facts: row.Facts, Version: row.Version,
	}
	var err error
	for _, text := range []struct {
		to     *models.Personal
		place  string
		sealed []byte
	}{
		{&r.Address, addressPlace(row.Slug), row.AddressSealed},
		{&r.Secret, secretPlace(row.Slug), row.SecretSealed},
		{&r.Contacts, recipientContactsPlace(row.Slug), row.ContactsSealed},
	} {
		if text.sealed == nil {
			continue
		}
		if *text.to, err = openText(own, text.place, text.sealed); err != nil {
			return Recipient{}, err
		}
	}
	if r = tidy(r); row.VettingSealed == nil {
		return r, nil
	}
	plain, err := own.Open(vettingPlace(row.Slug), row.VettingSealed)
	if err != nil {
		return Recipient{}, err
	}
	r.Vetting, err = recipient.UnmarshalVetting(plain)
	return r, err
}
