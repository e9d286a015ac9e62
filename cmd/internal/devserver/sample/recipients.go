package sample

import (
	"time"

	"habeas/models"
	"habeas/models/recipient"
)

// Behaviour is how a recipient of the sample company answers a notice.
type Behaviour string

const (
	AtOnce        Behaviour = "at_once"        // follows the link of the first notice
	Late          Behaviour = "late"           // follows it after a while
	AfterReminder Behaviour = "after_reminder" // follows it only when the reminder comes
	ByWebhook     Behaviour = "by_webhook"     // receives a signed webhook and answers by the link in it
)

// Recipient is somebody to whom Nordkai discloses data.
type Recipient struct {
	Slug       string // as the data map names it
	Name       string
	Channel    string          // "mail" or "webhook"
	Address    models.Personal // mail address, or the webhook's URL
	Secret     string          // of the webhook, whsec_…; empty for mail
	Categories []string        // data categories
	Identities []string        // kinds by which it knows a person, where its categories do not say
	Country    string          // ISO 3166
	Safeguard  string          // of a transfer to a third country; empty: none is needed
	Purpose    string
	// ReminderAfter is short, so that a demo sees the reminder.
	ReminderAfter time.Duration
	Behaviour     Behaviour
	Answer        string // erased, not_held or retained_by_law
	Note          string // of the answer
}

// Facts are what the register holds of the recipient beside how it is told.
func (r Recipient) Facts() recipient.Facts {
	return recipient.Facts{Identities: r.Identities, Purposes: []string{r.Purpose}, Translations: translations[r.Slug]}
}

// webhookSecret is known to everybody: the recipient exists in demos and tests only.
const webhookSecret = "whsec_bm9yZGthaS1mcmVpZ2h0LXNhbXBsZS1zZWNyZXQ=" //nolint:gosec // a code, or a secret of the sample that everybody knows

// Recipients are the company's five recipients; webhookURL is where Simulators.WebhookURL listens.
func (c *Company) Recipients(webhookURL string) []Recipient {
	const reminder = 10 * time.Second
	return []Recipient{
		{
			Slug: "baltic-haulage", Name: "Baltic Haulage OÜ", Channel: "mail", Address: "privacy@baltic-haulage.example", Country: "EE",
			Categories: []string{"user.name", "user.contact"}, Purpose: "Road transport", ReminderAfter: reminder, Behaviour: AtOnce, Answer: "erased",
		},
		{
			Slug: "meridian-customs", Name: "Meridian Customs Brokers BV", Channel: "mail", Address: "gdpr@meridian-customs.example", Country: "BE",
			Categories: []string{"user.name", "user.behavior.purchase_history"}, Identities: []string{"email"}, Purpose: "Customs clearance", ReminderAfter: reminder, Behaviour: AtOnce,
			Answer: "retained_by_law", Note: "Customs records are kept for three years, Art. 51 UCC; everything else is erased.",
		},
		{
			Slug: "harbour-telemetry", Name: "Harbour Telemetry Ltd", Channel: "webhook", Address: models.Personal(webhookURL), Secret: webhookSecret,
			Country: "GB", Categories: []string{"user.location"}, Identities: []string{"email"}, Purpose: "Position of containers and deliveries",
			Safeguard: "Adequacy decision of the European Commission for the United Kingdom, Art. 45 GDPR", ReminderAfter: reminder, Behaviour: ByWebhook, Answer: "erased",
		},
		{
			Slug: "mailwind", Name: "Mailwind Campaigns GmbH", Channel: "mail", Address: "datenschutz@mailwind.example", Country: "DE",
			Categories: []string{"user.behavior"}, Identities: []string{"email"}, Purpose: "Sending the newsletter", ReminderAfter: reminder, Behaviour: Late, Answer: "erased",
		},
		{
			Slug: "pacific-gate", Name: "Pacific Gate Logistics Inc.", Channel: "mail", Address: "privacy@pacific-gate.example", Country: "US",
			Categories: []string{"user.name", "user.contact"}, Purpose: "Agent at ports overseas",
			Safeguard: "Standard contractual clauses, Art. 46(2)(c) GDPR", ReminderAfter: reminder, Behaviour: AfterReminder, Answer: "erased",
		},
	}
}
