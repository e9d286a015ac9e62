package templates

import "time"

// WebhooksView lists webhooks, with the form of a new one for those who may.
type WebhooksView struct {
	Rows        []WebhookRow
	MayChange   bool
	Controllers []Option // of the form; empty for a customer, which has its own only
	Kinds       []Option
	URL         string // as it was typed, when the form is sent back
	Errors      Errors
	Failure     string
}

// WebhookRow is one webhook of the list.
type WebhookRow struct {
	Path, Controller, URL string
	Kinds                 []string
	Active                bool
}

// WebhookView is one webhook with its latest messages. Secret is set once, when it was made.
type WebhookView struct {
	WebhookRow
	Secret       string
	RotatedUntil time.Time
	CreatedAt    time.Time
	MayChange    bool
	Messages     []WebhookMessage
	Flash        string
	Failure      string
}

// WebhookMessage is one message to a webhook.
type WebhookMessage struct {
	ID, Kind, State string
	Attempts        int
	CreatedAt       time.Time
	NextAt          time.Time
	DeliveredAt     time.Time
	Code            string
	Status          int
}

// The pages of webhooks.
var (
	Webhooks = &Page[WebhooksView]{"staff/webhooks", []WebhooksView{
		{},
		{
			MayChange: true, URL: "http://x", Kinds: []Option{{Value: "request.created", Selected: true}, {Value: "request.closed", Selected: true}, {Value: "breach.told"}},
			Controllers: []Option{{Value: "acme", Label: "Acme Forwarding"}}, Errors: Errors{{Field: "url", Key: "error.bad_url"}},
			Rows: []WebhookRow{
				{Path: "/staff/webhooks/sample", Controller: "Acme Forwarding", URL: "https://hooks.acme.example/habeas/privacy-requests", Kinds: []string{"request.created", "request.closed"}, Active: true},
				{Path: "/staff/webhooks/sample", Controller: "Nordic Parcels", URL: "https://nordic.example/h", Kinds: []string{"breach.told"}},
			},
		},
	}}
	Webhook = &Page[WebhookView]{"staff/webhook", []WebhookView{
		{WebhookRow: webhookExample, MayChange: true, CreatedAt: exampleTime, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789a="}, //nolint:gosec // an example that opens nothing
		{
			WebhookRow: webhookExample, MayChange: true, CreatedAt: exampleTime, RotatedUntil: exampleTime.Add(24 * time.Hour), Flash: "webhook.tested",
			Failure: "The webhook is off; turn it on first.",
			Messages: []WebhookMessage{
				{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13", Kind: "webhook.test", State: "waiting", CreatedAt: exampleTime, NextAt: exampleTime},
				{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a12", Kind: "request.created", State: "delivered", Attempts: 1, CreatedAt: exampleTime, DeliveredAt: exampleTime, Status: 200},
				{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a11", Kind: "request.due_soon", State: "waiting", Attempts: 4, CreatedAt: exampleTime, NextAt: exampleTime.Add(time.Minute), Code: "webhook_unavailable", Status: 503},
				{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13", Kind: "request.closed", State: "waiting", CreatedAt: exampleTime, NextAt: exampleTime},
				{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a10", Kind: "request.closed", State: "failed", Attempts: 21, CreatedAt: exampleTime, Code: "webhook_forbidden"},
			},
		},
	}}
)

var webhookExample = WebhookRow{
	Path: "/staff/webhooks/sample", Controller: "Acme Forwarding", URL: "https://hooks.acme.example/habeas/privacy-requests",
	Kinds: []string{"request.created", "request.closed"}, Active: true,
}
