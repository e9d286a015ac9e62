package store

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/recipient"
)

// RecipientVersion is what the register said of a recipient from an instant on.
type RecipientVersion struct {
	No      int
	At      time.Time
	Actor   models.Actor
	Changed []string // names of the fields that changed
	Recipient
}

// openEntry is a recipient without what is personal, as its history keeps it.
type openEntry struct {
	Slug, Name, Channel, Country, Safeguard, Purpose string
	Categories                                       []string
	ReminderAfter                                    time.Duration
	Facts                                            recipient.Facts
}

// sealedEntry is the rest of it.
type sealedEntry struct{ Address, Contacts, Vetting string }

type recipientVersionRow struct {
	RecipientID models.ID `gorm:"primaryKey"`
	No          int       `gorm:"primaryKey"`
	At          time.Time
	ActorRole   models.Role
	ActorID     models.ID
	Open        openEntry `gorm:"serializer:json"`
	Sealed      []byte
	Changed     []string `gorm:"serializer:json"`
}

func (recipientVersionRow) TableName() string { return "recipient_versions" }

func versionPlace(id models.ID, no int) string {
	return "recipient_versions/" + id.String() + "/" + strconv.Itoa(no)
}

// PutRecipient is SaveRecipient on behalf of the operator's own files when an installation begins: until the first change of subprocessors is
// announced it also registers those that are at work already. Its history says so.
func (s *Store) PutRecipient(ctx context.Context, r Recipient) (Recipient, error) {
	return s.keepRecipient(ctx, r, 0, models.System(), initial)
}

// SaveRecipient adds a recipient or changes the one with its slug, whose ID is kept, and writes what changed into its history; what is as it was
// is not written. seen is the version that whoever decides has looked at; when another has come since it fails with recipient_changed. 0 does
// not ask. It fails with bad_recipient or bad_vetting, with unknown_controller when a controller is named that does not exist, and with
// must_be_announced when it would change what customers are told of beforehand, Art. 28(2).
func (s *Store) SaveRecipient(ctx context.Context, r Recipient, seen int, by models.Actor) (Recipient, error) {
	return s.keepRecipient(ctx, r, seen, by, direct)
}

func (s *Store) keepRecipient(ctx context.Context, r Recipient, seen int, by models.Actor, as leave) (Recipient, error) {
	r = tidy(r)
	if err := r.check(); err != nil {
		return Recipient{}, err
	}
	err := s.tx(ctx, func(tx *gorm.DB) (err error) {
		r, err = s.saveRecipient(tx, r, seen, by, as)
		return err
	})
	if violates(err) {
		return Recipient{}, models.Errorf(models.Conflict, "recipient_changed", "Somebody has just added this recipient; look again.").Because(err)
	}
	return r, err
}

// tidy writes line ends in one way, so that a file brings back what it was given, and lists purposes in words where only they are known.
func tidy(r Recipient) Recipient {
	r.Contacts = models.Personal(strings.ReplaceAll(strings.TrimSpace(r.Contacts.Reveal()), "\r\n", "\n"))
	if len(r.Facts.Purposes) == 0 && r.Purpose != "" {
		r.Facts.Purposes = []string{r.Purpose}
	}
	r.Purpose = strings.Join(r.Facts.Purposes, "; ")
	return r
}

// saveRecipient is SaveRecipient inside a transaction; r is checked.
func (s *Store) saveRecipient(tx *gorm.DB, r Recipient, seen int, by models.Actor, as leave) (Recipient, error) {
	if err := knownControllers(tx, r.Facts.Controllers); err != nil {
		return r, err
	}
	var old recipientRow
	err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("slug = ?", r.Slug).Take(&old).Error
	made := models.CodeOf(missing(err, "recipient")) == "not_found"
	if err != nil && !made {
		return r, err
	}
	if seen > 0 && seen != old.Version {
		return r, models.Errorf(models.Conflict, "recipient_changed", "Somebody has changed this recipient since you looked; look again and decide then.")
	}
	before := Recipient{}
	if r.ID = newID(); !made {
		if before, err = s.recipient(old); err != nil {
			return r, err
		}
		r.ID = old.ID
	}
	if r.Facts, err = follow(tx, before, r); err != nil {
		return r, err
	}
	begins, err := s.mayChange(tx, before, r, as)
	if err != nil {
		return r, err
	}
	changed := differences(before, r)
	if begins {
		changed = append(changed, initialMark)
	}
	if r.Version = old.Version; len(changed) == 0 && !made {
		return r, nil
	}
	if !made && old.Version == 0 { // it is older than its history, which begins with what it was
		before.Version, r.Version = 1, 1
		if err := s.keepVersion(tx, before, []string{}, models.System()); err != nil {
			return r, err
		}
	}
	r.Version++
	if err := s.writeRecipient(tx, r, old, made); err != nil {
		return r, err
	}
	return r, s.keepVersion(tx, r, changed, by)
}

func knownControllers(tx *gorm.DB, slugs []string) error {
	var n int64
	if len(slugs) == 0 {
		return nil
	}
	if err := tx.Model(&controllerRow{}).Where("slug IN ?", slugs).Count(&n).Error; err != nil {
		return err
	}
	if int(n) != len(slugs) {
		return models.Errorf(models.Invalid, "unknown_controller", "A controller is named that does not exist.").At("/controllers")
	}
	return nil
}

// follow keeps in mind whose data a recipient has got and gets no longer.
func follow(tx *gorm.DB, before, after Recipient) (recipient.Facts, error) {
	if len(after.Facts.Controllers) == 0 {
		after.Facts.Former = nil
		return after.Facts, nil
	}
	var slugs []string
	if err := tx.Model(&controllerRow{}).Order("slug").Pluck("slug", &slugs).Error; err != nil {
		return after.Facts, err
	}
	if before.Version == 0 && before.Slug == "" { // it is new
		before.Facts.Controllers = after.Facts.Controllers
	}
	return after.Facts.After(before.Facts, slugs), nil
}

func (s *Store) writeRecipient(tx *gorm.DB, r Recipient, old recipientRow, made bool) error {
	own, now := s.vault.Own(), s.now()
	vetting, err := recipient.MarshalVetting(r.Vetting)
	if err != nil {
		return err
	}
	row := recipientRow{
		ID: r.ID, Slug: r.Slug, Name: r.Name, Channel: r.Channel, AddressSealed: sealText(own, addressPlace(r.Slug), r.Address),
		SecretSealed: sealText(own, secretPlace(r.Slug), r.Secret), Categories: r.Categories, Country: r.Country, Safeguard: r.Safeguard,
		Purpose: r.Purpose, ReminderAfter: r.ReminderAfter, Facts: r.Facts, ContactsSealed: sealText(own, recipientContactsPlace(r.Slug), r.Contacts),
		VettingSealed: own.Seal(vettingPlace(r.Slug), vetting), Version: r.Version, CreatedAt: old.CreatedAt, UpdatedAt: now,
	}
	if made {
		row.CreatedAt = now
		return tx.Create(&row).Error
	}
	return tx.Model(&recipientRow{}).Where("id = ?", row.ID).Select("*").Omit("id", "created_at").Updates(row).Error
}

// keepVersion writes the history and the ledger, which holds the fields' names and no value.
func (s *Store) keepVersion(tx *gorm.DB, r Recipient, changed []string, by models.Actor) error {
	vetting, err := recipient.MarshalVetting(r.Vetting)
	if err != nil {
		return err
	}
	rest, err := json.Marshal(sealedEntry{r.Address.Reveal(), r.Contacts.Reveal(), string(vetting)})
	if err != nil {
		return err
	}
	row := recipientVersionRow{
		RecipientID: r.ID, No: r.Version, At: s.now(), ActorRole: by.Role, ActorID: by.ID, Open: openOf(r), Changed: changed,
		Sealed: s.vault.Own().Seal(versionPlace(r.ID, r.Version), rest),
	}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	data := map[string]any{"recipient_id": r.ID, "version": r.Version, "changed": changed}
	return s.recordFor(tx, models.ID{}, models.ID{}, by, "recipient.changed", data)
}

func openOf(r Recipient) openEntry {
	return openEntry{
		Slug: r.Slug, Name: r.Name, Channel: string(r.Channel), Country: r.Country, Safeguard: r.Safeguard, Purpose: r.Purpose, Categories: r.Categories,
		ReminderAfter: r.ReminderAfter, Facts: r.Facts,
	}
}

// differences are the names of the fields in which two entries differ, in a fixed order.
func differences(a, b Recipient) []string {
	out := []string{}
	compare := func(name string, x, y any) {
		if !reflect.DeepEqual(x, y) {
			out = append(out, name)
		}
	}
	compare("name", a.Name, b.Name)
	compare("channel", a.Channel, b.Channel)
	compare("address", a.Address, b.Address)
	compare("secret", a.Secret, b.Secret)
	compare("contacts", a.Contacts, b.Contacts)
	compare("categories", emptied(a.Categories), emptied(b.Categories))
	compare("country", a.Country, b.Country)
	compare("safeguard", a.Safeguard, b.Safeguard)
	compare("reminder_after", a.ReminderAfter, b.ReminderAfter)
	x, y := a.Facts, b.Facts
	compare("legal_name", x.LegalName, y.LegalName)
	compare("subprocessor", x.Subprocessor, y.Subprocessor)
	compare("transfer", x.Transfer, y.Transfer)
	compare("purposes", emptied(x.Purposes), emptied(y.Purposes))
	compare("controllers", [2][]string{emptied(x.Controllers), emptied(x.Former)}, [2][]string{emptied(y.Controllers), emptied(y.Former)})
	compare("identities", emptied(x.Identities), emptied(y.Identities))
	compare("protocol", x.Protocol, y.Protocol)
	compare("response_days", x.ResponseDays, y.ResponseDays)
	compare("contract", [2]any{x.ContractOn, x.ContractUntil}, [2]any{y.ContractOn, y.ContractUntil})
	compare("review", [2]any{x.ReviewedOn, x.NextReviewOn}, [2]any{y.ReviewedOn, y.NextReviewOn})
	compare("ended_on", x.EndedOn, y.EndedOn)
	if a.Vetting.Version != b.Vetting.Version || !slices.Equal(a.Vetting.Answers, b.Vetting.Answers) {
		out = append(out, "vetting")
	}
	return out
}

func emptied(list []string) []string { return append([]string{}, list...) }

// RecipientByID is one recipient; it fails with not_found.
func (s *Store) RecipientByID(ctx context.Context, id models.ID) (Recipient, error) {
	return s.oneRecipient(s.read(ctx).Where("id = ?", id))
}

func (s *Store) oneRecipient(query *gorm.DB) (Recipient, error) {
	var row recipientRow
	if err := query.Take(&row).Error; err != nil {
		return Recipient{}, missing(err, "recipient")
	}
	return s.recipient(row)
}

// RecipientHistory is all that the register ever said of a recipient, the latest first. It fails with not_found.
func (s *Store) RecipientHistory(ctx context.Context, id models.ID) ([]RecipientVersion, error) {
	if _, err := s.RecipientByID(ctx, id); err != nil {
		return nil, err
	}
	var rows []recipientVersionRow
	if err := s.read(ctx).Where("recipient_id = ?", id).Order("no DESC").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]RecipientVersion, len(rows))
	for i, row := range rows {
		v, err := s.version(row)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (s *Store) version(row recipientVersionRow) (RecipientVersion, error) {
	plain, err := s.vault.Own().Open(versionPlace(row.RecipientID, row.No), row.Sealed)
	if err != nil {
		return RecipientVersion{}, err
	}
	var rest sealedEntry
	if err := json.Unmarshal(plain, &rest); err != nil {
		return RecipientVersion{}, err
	}
	vetting, err := recipient.UnmarshalVetting([]byte(rest.Vetting))
	o := row.Open
	return RecipientVersion{
		No: row.No, At: row.At.UTC(), Actor: models.Actor{Role: row.ActorRole, ID: row.ActorID}, Changed: row.Changed,
		Recipient: Recipient{
			ID: row.RecipientID, Slug: o.Slug, Name: o.Name, Channel: RecipientChannel(o.Channel), Address: models.Personal(rest.Address),
			Categories: o.Categories, Country: o.Country, Safeguard: o.Safeguard, Purpose: o.Purpose, ReminderAfter: o.ReminderAfter, Facts: o.Facts,
			Contacts: models.Personal(rest.Contacts), Vetting: vetting, Version: row.No,
		},
	}, err
}

// ImportRecipients saves all of them or none, and says how many were new or changed. A webhook without a secret keeps the one that is known. It
// fails with what SaveRecipient fails with, and the recipient's slug. first is for the beginning of an installation, as PutRecipient is.
func (s *Store) ImportRecipients(ctx context.Context, list []Recipient, first bool, by models.Actor) (changed int, err error) {
	as := direct
	if first {
		as = initial
	}
	err = s.tx(ctx, func(tx *gorm.DB) error {
		changed = 0
		for _, r := range list {
			known, err := s.oneRecipient(tx.Where("slug = ?", r.Slug))
			if err != nil && models.CodeOf(err) != "not_found" {
				return err
			}
			if r.Secret == "" && r.Channel == ChannelWebhook {
				r.Secret = known.Secret
			}
			if r = tidy(r); r.check() != nil {
				return fmt.Errorf("recipient %s: %w", r.Slug, r.check())
			}
			saved, err := s.saveRecipient(tx, r, 0, by, as)
			if err != nil {
				return fmt.Errorf("recipient %s: %w", r.Slug, err)
			}
			if saved.Version != known.Version {
				changed++
			}
		}
		return nil
	})
	return changed, err
}
