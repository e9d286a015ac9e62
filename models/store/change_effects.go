package store

import (
	"slices"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/subprocessor"
)

// reminderAfter is how long a new subprocessor has for an answer to a notice, until the register says otherwise.
const reminderAfter = 72 * time.Hour

// fits compares a proposal with the register: what is added must not be there yet, what changes or goes must be.
func (s *Store) fits(tx *gorm.DB, p subprocessor.Proposal) error {
	if err := knownControllers(tx, p.Controllers); err != nil {
		return err
	}
	for slug, wanted := range map[string]bool{p.Slug: p.Sort == subprocessor.Remove || p.Sort == subprocessor.Change, p.Old: true} {
		if slug == "" {
			continue
		}
		r, err := s.oneRecipient(tx.Where("slug = ?", slug))
		if err != nil && models.CodeOf(err) != "not_found" {
			return err
		}
		active := err == nil && r.Facts.Subprocessor && r.Facts.EndedOn.IsZero()
		switch {
		case wanted && !active:
			return models.Errorf(models.Invalid, "unknown_recipient", "The register has no such subprocessor at work.").At("/slug")
		case !wanted && active:
			return models.Errorf(models.Conflict, "already_registered", "The register has this subprocessor already.").At("/slug")
		}
	}
	return nil
}

// concernedBy are the customers whose data goes to the subprocessors of a proposal, or is to go, by their slugs.
func (s *Store) concernedBy(tx *gorm.DB, p subprocessor.Proposal) ([]subprocessor.Customer, error) {
	var rows []controllerRow
	if err := tx.Where("NOT operator").Order("slug").Find(&rows).Error; err != nil {
		return nil, err
	}
	serves, err := s.reach(tx, p)
	if err != nil {
		return nil, err
	}
	out := []subprocessor.Customer{}
	for _, c := range rows {
		if serves(c.Slug) {
			out = append(out, subprocessor.Customer{ID: c.ID, Slug: c.Slug, Days: c.ObjectionDays, Zone: c.Timezone})
		}
	}
	return out, nil
}

// reach tells whose data a proposal concerns.
func (s *Store) reach(tx *gorm.DB, p subprocessor.Proposal) (func(slug string) bool, error) {
	named := func(slug string) bool { return len(p.Controllers) == 0 || slices.Contains(p.Controllers, slug) }
	switch p.Sort {
	case subprocessor.Change:
		r, err := s.oneRecipient(tx.Where("slug = ?", p.Slug))
		return func(slug string) bool { return r.Facts.Serves(slug) || slices.Contains(p.Controllers, slug) }, err
	case subprocessor.Remove:
		r, err := s.oneRecipient(tx.Where("slug = ?", p.Slug))
		return r.Facts.Serves, err
	case subprocessor.Replace:
		old, err := s.oneRecipient(tx.Where("slug = ?", p.Old))
		return func(slug string) bool { return old.Facts.Serves(slug) || named(slug) }, err
	case subprocessor.Add:
	}
	return named, nil
}

// carryOut brings the register to what was decided.
func (s *Store) carryOut(tx *gorm.DB, record subprocessor.Record) error {
	p := record.Proposal
	switch p.Sort {
	case subprocessor.Add:
		return s.begin(tx, record)
	case subprocessor.Replace:
		if err := s.begin(tx, record); err != nil {
			return err
		}
		return s.end(tx, record, p.Old)
	case subprocessor.Remove:
		return s.end(tx, record, p.Slug)
	case subprocessor.Change:
	}
	r, err := s.oneRecipient(tx.Where("slug = ?", p.Slug))
	if err != nil {
		return err
	}
	r = proposed(r, p)
	for _, slug := range p.Controllers {
		if !r.Facts.Serves(slug) {
			r.Facts.Controllers = append(r.Facts.Controllers, slug)
		}
	}
	return s.carry(tx, r)
}

// spare keeps the data of those whose objection was accepted from a subprocessor that came in an emergency.
func (s *Store) spare(tx *gorm.DB, record subprocessor.Record) error {
	r, err := s.oneRecipient(tx.Where("slug = ?", record.Proposal.Slug))
	if err != nil || len(record.Spared()) == 0 {
		return err
	}
	served := r.Facts.Controllers
	if len(served) == 0 {
		if err := tx.Model(&controllerRow{}).Order("slug").Pluck("slug", &served).Error; err != nil {
			return err
		}
	}
	left := slices.DeleteFunc(slices.Clone(served), func(slug string) bool { return slices.Contains(record.Spared(), slug) })
	if r.Facts.Controllers = left; len(left) == 0 {
		r.Facts.Controllers, r.Facts.EndedOn = served, calendar.DateOf(s.now().In(record.Zone))
	}
	return s.carry(tx, r)
}

// proposed is an entry with what a proposal says.
func proposed(r Recipient, p subprocessor.Proposal) Recipient {
	r.Slug, r.Name, r.Country, r.Safeguard, r.Categories = p.Slug, p.Name, p.Country, p.Safeguard, p.Categories
	r.Facts.Transfer, r.Facts.Purposes, r.Facts.Subprocessor = p.Transfer, p.Purposes, true
	if p.LegalName != "" {
		r.Facts.LegalName = p.LegalName
	}
	return r
}

func (s *Store) carry(tx *gorm.DB, r Recipient) error {
	r = tidy(r)
	if err := r.check(); err != nil {
		return err
	}
	_, err := s.saveRecipient(tx, r, 0, models.System(), announced)
	return err
}

// begin adds the new subprocessor for the controllers that are not spared. When every one of them is spared, nobody's data goes to it.
func (s *Store) begin(tx *gorm.DB, record subprocessor.Record) error {
	p, spared := record.Proposal, record.Spared()
	r, err := s.oneRecipient(tx.Where("slug = ?", p.Slug))
	if err != nil && models.CodeOf(err) != "not_found" {
		return err
	}
	if r = proposed(r, p); r.Channel == "" {
		r.Channel, r.ReminderAfter = ChannelMail, reminderAfter
	}
	if r.Channel == ChannelMail {
		r.Address = record.Address
	}
	r.Facts.EndedOn = calendar.Date{}
	if r.Facts.ContractOn.IsZero() {
		r.Facts.ContractOn = record.EffectiveOn
	}
	controllers := p.Controllers
	if len(spared) > 0 && len(controllers) == 0 {
		if err := tx.Model(&controllerRow{}).Order("slug").Pluck("slug", &controllers).Error; err != nil {
			return err
		}
	}
	left := slices.DeleteFunc(slices.Clone(controllers), func(slug string) bool { return slices.Contains(spared, slug) })
	if len(controllers) > 0 && len(left) == 0 {
		return nil
	}
	r.Facts.Controllers = left
	return s.carry(tx, r)
}

// end ends a subprocessor, but for the controllers that are spared.
func (s *Store) end(tx *gorm.DB, record subprocessor.Record, slug string) error {
	r, err := s.oneRecipient(tx.Where("slug = ?", slug))
	if err != nil {
		return err
	}
	if kept := slices.DeleteFunc(record.Spared(), func(c string) bool { return !r.Facts.Serves(c) }); len(kept) > 0 {
		r.Facts.Controllers = kept
	} else {
		r.Facts.EndedOn = record.EffectiveOn
	}
	return s.carry(tx, r)
}
