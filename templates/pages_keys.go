package templates

import "time"

// KeysView lists access keys, with the form of a new one.
type KeysView struct {
	Rows        []KeyRow
	Soon        int      // how many expire soon
	Roles       []Option // of the form; empty for a customer, which makes keys of its own
	Controllers []Option // likewise
	Scopes      []Option
	Name, Days  string // as they were typed, when the form is sent back
	Secret      string // set once, when a key was made or rotated
	SecretOf    string // the key's name
	FormerUntil time.Time
	Flash       string
	Errors      Errors
	Failure     string
}

// KeyRow is one access key of the list.
type KeyRow struct {
	Path, Name, Role, Controller string
	State                        string // valid, expired or revoked
	Scopes                       []string
	CreatedAt, ExpiresAt         time.Time
	LastUsedAt                   time.Time
	FormerUntil, FormerUsedAt    time.Time // of the secret before the last rotation, while it is valid
	MayRotate, MayRevoke         bool
	Soon                         bool // it expires soon
}

// Keys is the page of access keys.
var Keys = &Page[KeysView]{"staff/keys", []KeysView{
	{Scopes: []Option{{Value: "requests:read"}, {Value: "decisions"}}},
	{
		Roles:       []Option{{Value: "controller", Label: "Controller"}, {Value: "auditor", Label: "Auditor"}},
		Controllers: []Option{{Value: "acme", Label: "Acme Forwarding"}}, Scopes: []Option{{Value: "requests:read", Selected: true}, {Value: "requests:write"}, {Value: "decisions"}, {Value: "webhooks"}},
		Name: "", Days: "x", Errors: Errors{{Field: "name", Key: "error.key_name"}, {Field: "days", Key: "error.key_days"}}, Flash: "keys.revoked",
		Secret: "habeas_controller_0f3b2c549a7e4c0d8d583f6f9c2b7a13_EXAMPLEEXAMPLEEXAMPLEEXAM", SecretOf: "Warehouse sync", FormerUntil: exampleTime, Soon: 1,
		Rows: []KeyRow{
			{
				Path: "/staff/keys/0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13", Name: "Warehouse sync", Role: "controller", Controller: "Acme Forwarding", State: "valid", Scopes: []string{"requests:read", "requests:write", "suppressions"},
				CreatedAt: exampleTime, ExpiresAt: exampleTime, LastUsedAt: exampleTime, FormerUntil: exampleTime, FormerUsedAt: exampleTime, MayRotate: true, MayRevoke: true, Soon: true,
			},
			{Path: "/staff/keys/0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a12", Name: "Ada Brandt", Role: "dpo", State: "valid", CreatedAt: exampleTime, MayRotate: true, MayRevoke: true},
			{Path: "/staff/keys/0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a11", Name: "An old script", Role: "auditor", State: "revoked", CreatedAt: exampleTime, LastUsedAt: exampleTime},
			{Path: "/staff/keys/0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a10", Name: "A trial", Role: "auditor", State: "expired", CreatedAt: exampleTime},
		},
	},
}}
