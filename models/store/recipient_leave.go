package store

import (
	"slices"
	"strings"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/subprocessor"
)

// leave is by what right an entry of the register is written.
type leave int

const (
	direct    leave = iota // whoever keeps the register: what customers are told of beforehand stays as it is
	initial                // the operator at the beginning: subprocessors that are at work already come in
	announced              // a change that was announced and decided
)

// initialMark stands in the history among the fields of a subprocessor that came into the register without an announcement.
const initialMark = "initial"

// mayChange fails with must_be_announced when an entry would change what customers are told of beforehand. begins says that a subprocessor came in
// at the beginning.
func (s *Store) mayChange(tx *gorm.DB, before, after Recipient, as leave) (begins bool, err error) {
	if as == announced {
		return false, nil
	}
	var customers []string
	if err := tx.Model(&controllerRow{}).Where("NOT operator").Order("slug").Pluck("slug", &customers).Error; err != nil {
		return false, err
	}
	known, wanted := mattersOf(before, customers), mattersOf(after, customers)
	fields := known.Unannounced(wanted)
	if len(fields) == 0 {
		return false, nil
	}
	if as == initial && known.Begins(wanted) {
		var told int64
		if err := tx.Model(&changeRow{}).Where("announced_at IS NOT NULL").Count(&told).Error; err != nil || told == 0 {
			return err == nil, err
		}
	}
	return false, models.Errorf(models.Conflict, "must_be_announced",
		"Customers are told of this before it changes, and may object (Art. 28(2)): %s. Draft a change of subprocessors instead.", strings.Join(fields, ", ")).At("/" + fields[0])
}

func mattersOf(r Recipient, customers []string) subprocessor.Matters {
	return subprocessor.Matters{
		AtWork: r.Facts.Subprocessor && r.Facts.EndedOn.IsZero(), Name: r.Name, LegalName: r.Facts.LegalName, Country: r.Country, Transfer: r.Facts.Transfer,
		Safeguard: r.Safeguard, Purposes: r.Facts.Purposes, Categories: r.Categories,
		Customers: slices.DeleteFunc(slices.Clone(customers), func(slug string) bool { return !r.Facts.Serves(slug) }),
	}
}
