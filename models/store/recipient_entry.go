package store

import (
	"time"

	"habeas/models"
	"habeas/models/recipient"
)

// Entry is the recipient as a file of the register has it: with its address and contacts, and without its secret.
func (r Recipient) Entry() recipient.Entry {
	return recipient.Entry{
		Slug: r.Slug, Name: r.Name, Channel: string(r.Channel), Address: r.Address.Reveal(), Categories: r.Categories, Country: r.Country,
		Safeguard: r.Safeguard, Reminder: r.ReminderAfter.String(), Facts: r.Facts, Contacts: r.Contacts.Reveal(),
	}.WithVetting(r.Vetting)
}

// RecipientOf is the recipient of a file's entry; it fails with bad_recipient.
func RecipientOf(e recipient.Entry) (Recipient, error) {
	after, err := time.ParseDuration(e.Reminder)
	if err != nil {
		return Recipient{}, models.Errorf(models.Invalid, "bad_recipient", "The time after which it is reminded is a duration like 72h.").At("/reminder_after")
	}
	return Recipient{
		Slug: e.Slug, Name: e.Name, Channel: RecipientChannel(e.Channel), Address: models.Personal(e.Address), Secret: models.Personal(e.Secret),
		Categories: e.Categories, Country: e.Country, Safeguard: e.Safeguard, ReminderAfter: after, Facts: e.Facts, Contacts: models.Personal(e.Contacts),
		Vetting: e.Vetted(),
	}, nil
}
