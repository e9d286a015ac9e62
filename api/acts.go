package api

import "habeas/api/account"

// subject is a part of what can be done, as the page of the permissions shows it.
type subject struct {
	name   string
	public bool // anybody may
	acts   []act
}

// act is one thing that can be done, by routes that the same roles may call. The page says it in the words "act." and its key.
type act struct {
	key    string
	routes []string
}

// subjects are all routes by what they are for.
var subjects = []subject{
	{name: "requests", acts: []act{
		{"requests.list", []string{"GET /staff", "POST /staff/search", "POST /staff/views", "POST /staff/views/:id/remove", "GET /v1/requests", "POST /v1/requests/search"}},
		{"requests.read", []string{
			"GET /staff/requests/:id", "GET /staff/requests/:id/groups/:no", "GET /staff/requests/:id/receipts/:receipt", "GET /staff/requests/:id/evidence.zip",
			"GET /v1/requests/:id", "GET /v1/requests/:id/plan", "GET /v1/requests/:id/ledger", "GET /v1/requests/:id/notices", "GET /v1/requests/:id/deferrals",
			"GET /v1/requests/:id/tasks", "GET /v1/requests/:id/receipts", "GET /v1/requests/:id/receipts/:receipt_id", "GET /v1/requests/:id/corrections",
			"GET /v1/requests/:id/evidence", "GET /v1/requests/:id/agents", "GET /v1/requests/:id/parts",
			"GET /v1/requests/:id/groups/:no/rows",
		}},
		{"requests.file", []string{"GET /staff/requests/new", "POST /staff/requests"}},
		{"requests.decide", []string{
			"POST /staff/requests/:id/decisions", "POST /staff/requests/:id/groups/:no/decision", "POST /staff/bulk", "POST /staff/bulk/decisions", "POST /v1/requests/:id/decisions",
			"POST /v1/requests/:id/groups/:no/decision",
		}},
		{"requests.narrow", []string{"POST /staff/requests/:id/narrow", "GET /staff/requests/:id/narrow"}},
		{"requests.complaints", []string{"POST /staff/requests/:id/complaints/:complaint"}},
		{"requests.identity", []string{
			"POST /staff/requests/:id/identity", "POST /staff/requests/:id/groups/:no/values", "GET /v1/requests/:id/person", "GET /v1/requests/:id/groups/:no/values",
		}},
		{"requests.correct", []string{
			"POST /staff/requests/:id/groups/:no/corrections", "POST /staff/requests/:id/groups/:no/corrections/drop", "POST /v1/requests/:id/corrections",
		}},
		{"requests.scan", []string{"POST /staff/requests/:id/scan", "POST /v1/requests/:id/scans"}},
		{"requests.scans", []string{"GET /v1/requests/:id/scans"}},
		{"requests.remind", []string{"POST /staff/reminders", "POST /staff/reminders/send"}},
		{"requests.proof", []string{"POST /staff/requests/:id/agents/:submission/proof", "GET /v1/requests/:id/agents/:submission_id/proof"}},
		{"requests.agents", []string{"POST /staff/requests/:id/agents/:submission", "POST /v1/requests/:id/agents/:submission_id/decision"}},
		{"requests.holds", []string{"GET /staff/holds", "GET /v1/deferrals", "GET /v1/holds"}},
		{"requests.suppressions", []string{"POST /v1/suppressions/check"}},
		{"requests.opendsr", []string{
			"POST /opendsr/v2/requests", "GET /opendsr/v2/requests/:id", "DELETE /opendsr/v2/requests/:id", "GET /opendsr/v2/requests/:id/results", "GET /opendsr/v2/status/:id",
			"POST /opendsr/v1/opengdpr_requests", "GET /opendsr/v1/opengdpr_requests/:id", "DELETE /opendsr/v1/opengdpr_requests/:id",
			"GET /opendsr/v1/opengdpr_requests/:id/results", "GET /opendsr/v1/status/:id",
		}},
	}},
	{name: "instructions", acts: []act{
		{"instructions.read", []string{"GET /staff/instructions", "GET /v1/instructions"}},
		{"instructions.give", []string{"POST /staff/instructions", "POST /staff/instructions/:id/end", "POST /v1/instructions", "POST /v1/instructions/:id/end"}},
	}},
	{name: "tasks", acts: []act{
		{"tasks.read", []string{"GET /staff/tasks", "GET /staff/tasks/:id", "GET /v1/tasks", "GET /v1/tasks/:id"}},
		{"tasks.do", []string{
			"POST /staff/tasks/:id/decisions", "POST /staff/tasks/:id/files", "POST /staff/tasks/:id/files/:file/remove", "POST /staff/tasks/:id/files/:file/fetch",
			"POST /v1/tasks/:id/files", "GET /v1/tasks/:id/files/:file_id", "POST /v1/tasks/:id/files/:file_id/remove",
		}},
	}},
	{name: "figures", acts: []act{
		{"figures.read", []string{
			"GET /staff/dashboard", "GET /staff/reports", "GET /staff/reports/report.pdf", "GET /staff/reports/report.csv", "GET /v1/dashboard", "GET /v1/reports/:period",
			"GET /v1/reports/:period/csv",
		}},
	}},
	{name: "breaches", acts: []act{
		{"breaches.read", []string{"GET /staff/breaches", "GET /staff/breaches/:id", "GET /v1/breaches", "GET /v1/breaches/:id"}},
		{"breaches.report", []string{"POST /staff/breaches", "GET /staff/breaches/new"}},
		{"breaches.report_program", []string{"POST /v1/breaches"}},
		{"breaches.note", []string{"POST /staff/breaches/:id/events"}},
		{"breaches.note_program", []string{"POST /v1/breaches/:id/events"}},
		{"breaches.register", []string{
			"GET /staff/breaches/register.json", "GET /staff/breaches/register.csv", "GET /staff/breaches/register.pdf", "GET /staff/breaches/:id/notification",
			"GET /staff/breaches/:id/letter", "GET /v1/breaches/:id/letter",
		}},
		{"breaches.write", []string{"POST /staff/breaches/:id/letter", "POST /staff/breaches/:id/letter/test"}},
		{"breaches.persons", []string{"POST /staff/breaches/:id/persons"}},
		{"breaches.approve", []string{"POST /staff/breaches/:id/letter/approve"}},
		{"breaches.settle", []string{"POST /staff/breaches/:id/letter/settle"}},
		{"breaches.retry", []string{"POST /staff/breaches/:id/letter/retry"}},
	}},
	{name: "recipients", acts: []act{
		{"recipients.read", []string{
			"GET /staff/recipients", "GET /staff/recipients/:id", "GET /staff/recipients/register.csv", "GET /staff/recipients/register.json", "GET /v1/recipients",
			"GET /v1/recipients/:slug",
		}},
		{"recipients.change", []string{"POST /staff/recipients", "GET /staff/recipients/new", "POST /staff/recipients/:id", "GET /staff/recipients/:id/edit"}},
		{"changes.read", []string{"GET /staff/changes", "GET /staff/changes/:id", "GET /v1/subprocessor-changes", "GET /v1/subprocessor-changes/:id"}},
		{"changes.announce", []string{"POST /staff/changes", "GET /staff/changes/new", "POST /staff/changes/:id/events"}},
		{"changes.object", []string{"POST /staff/changes/:id/object", "POST /v1/subprocessor-changes/:id/objection"}},
	}},
	{name: "trust", acts: []act{
		{"trust.read", []string{"GET /staff/trust"}},
		{"trust.preview", []string{"GET /staff/trust/preview", "GET /staff/trust/items/:item", "GET /staff/trust/files/:file"}},
		{"trust.write", []string{
			"GET /staff/trust/new", "POST /staff/trust/items", "GET /staff/trust/items/:item/edit", "POST /staff/trust/items/:item", "POST /staff/trust/items/:item/remove",
			"POST /staff/trust/publish",
		}},
	}},
	{name: "contracts", acts: []act{
		{"contracts.read", []string{
			"GET /staff/contracts", "GET /staff/contracts/:id", "GET /staff/contracts/:id/certificate.pdf", "GET /v1/contract-ends", "GET /v1/contract-ends/:id",
			"GET /v1/contract-ends/:id/certificate",
		}},
		{"contracts.form", []string{"GET /staff/contracts/new"}},
		{"contracts.end", []string{"POST /staff/contracts", "POST /staff/contracts/:id/events"}},
		{"contracts.end_program", []string{"POST /v1/contract-ends", "POST /v1/contract-ends/:id/events"}},
	}},
	{name: "programs", acts: []act{
		{"webhooks.read", []string{"GET /staff/webhooks", "GET /staff/webhooks/:id", "GET /v1/webhooks", "GET /v1/webhooks/:id", "GET /v1/webhooks/:id/messages"}},
		{"webhooks.add", []string{"POST /staff/webhooks", "POST /staff/webhooks/:id/rotate", "POST /v1/webhooks", "POST /v1/webhooks/:id/rotate"}},
		{"webhooks.switch", []string{
			"POST /staff/webhooks/:id/switch", "POST /staff/webhooks/:id/test", "POST /staff/webhooks/:id/messages/:message/replay", "POST /v1/webhooks/:id/switch",
			"POST /v1/webhooks/:id/test", "POST /v1/webhooks/:id/messages/:message_id/replay",
		}},
		{"keys.read", []string{"GET /staff/keys", "GET /v1/keys", "POST /staff/keys/:id/revoke", "POST /v1/keys/:id/revoke"}},
		{"keys.make", []string{"POST /staff/keys", "POST /staff/keys/:id/rotate", "POST /v1/keys"}},
		{"keys.rotate", []string{"POST /v1/keys/:id/rotate"}},
	}},
	{name: "members", acts: []act{
		{"members.read", []string{"GET /staff/members"}},
		{"members.change", []string{
			"POST /staff/members", "POST /staff/members/:id/role", "POST /staff/members/:id/link", "POST /staff/members/:id/factors", "POST /staff/members/:id/deactivate",
		}},
		{"members.permissions", []string{"GET /staff/permissions"}},
	}},
	{name: "account", acts: []act{
		{"account.read", []string{
			"GET /staff/account", "GET /staff/account/factor", "POST /staff/account/password", "POST /staff/account/continue", "GET /staff/confirm", "POST /staff/confirm",
		}},
		{"account.factors", []string{
			"POST /staff/account/factor/begin", "POST /staff/account/factor/confirm", "POST /staff/account/factor/remove", "POST /staff/account/recovery",
			"POST /staff/account/passkeys/options", "POST /staff/account/passkeys", "POST /staff/account/passkeys/:id/remove",
		}},
		{"account.sessions", []string{"POST /staff/account/sessions/end", "POST /staff/account/sessions/:id/end"}},
	}},
	{name: "installation", acts: []act{
		{"installation.map", []string{"GET /staff/map", "GET /staff/operations"}},
		{"installation.ledger", []string{"GET /staff/ledger", "POST /staff/ledger/verify", "GET /v1/ledger/verification", "POST /v1/ledger/verification"}},
		{"installation.rules", []string{"GET /staff/rules", "POST /staff/rules"}},
	}},
	{name: "public", public: true, acts: []act{
		{"public.ask", []string{
			"GET /", "GET /requests/new", "GET /c/:slug", "GET /brand/:slug/:file", "POST /requests", "POST /requests/agent", "GET /requests/sent/:token", "POST /v1/requests",
			"POST /v1/agent-requests", "GET /authorities",
		}},
		{"public.follow", []string{
			"GET /verify/:token", "POST /verify/:token", "POST /verify/:token/object", "GET /status/:token", "GET /status/:token/recipients", "POST /status/:token/verify",
			"POST /status/:token/resend", "POST /status/:token/withdraw", "POST /status/:token/answer", "POST /status/:token/complain", "GET /package/:token", "POST /package/:token/code",
			"POST /package/:token/download", "GET /v1/status/:token", "POST /v1/status/:token/verify", "POST /v1/status/:token/resend", "POST /v1/status/:token/withdraw",
			"POST /v1/status/:token/answer", "GET /drp/results/:id",
		}},
		{"public.answer", []string{"GET /notices/:token", "POST /notices/:token", "GET /breaches/:token", "POST /breaches/:token", "GET /changes/:token", "POST /changes/:token"}},
		{"public.report", []string{"GET /report", "POST /report", "POST /v1/breach-reports/:recipient"}},
		{"public.trust", []string{
			"GET /trust", "GET /trust/files/:file", "POST /trust/subscribe", "GET /trust/subscribed", "GET /trust/subscribe/:token", "POST /trust/subscribe/:token",
			"GET /trust/unsubscribe/:token", "POST /trust/unsubscribe/:token",
		}},
		{"public.certificate", []string{"GET /certificates/:token", "GET /certificates/:token/certificate.pdf", "GET /certificates/:token/receipts/:receipt"}},
		{"public.sign_in", []string{
			"GET /staff/login", "POST /staff/login", "POST /staff/logout", "GET /staff/login/factor", "POST /staff/login/factor", "POST /staff/login/passkey/options",
			"POST /staff/login/passkey", "GET /staff/login/sso", "GET /staff/login/sso/callback", "GET /staff/forgot", "POST /staff/forgot", "GET /staff/link/:token",
			"POST /staff/link/:token", "GET /.well-known/change-password",
		}},
		{"public.programs", []string{
			"POST /oauth/token", "GET /.well-known/oauth-authorization-server", "POST /opendsr/v2/callbacks", "GET /opendsr/v2/discovery", "GET /opendsr/v2/certificate.pem",
			"GET /opendsr/v1/discovery", "GET /opendsr/v1/certificate.pem", "POST /drp/v1/agent/:agent", "GET /drp/v1/agent/:agent", "POST /drp/v1/data-rights-request",
			"POST /drp/v1/data-rights-request/", "GET /drp/v1/data-rights-request/:id", "DELETE /drp/v1/data-rights-request/:id", "GET /drp/verify/:id",
		}},
		{"public.about", []string{
			"GET /reference", "GET /reference/schemas", "GET /reference/schemas/:name", "GET /reference/problems", "GET /problems/:code", "GET /openapi.yaml", "GET /.well-known/habeas-keys.json",
			"GET /.well-known/security.txt", "GET /livez", "GET /readyz", "GET /static/:file",
		}},
	}},
}

// permissions are the subjects with who may, as the table of routes says and enforces it.
func permissions() (out []account.Subject) {
	for _, s := range subjects {
		shown := account.Subject{Name: s.name, Public: s.public}
		for _, one := range s.acts {
			rule := table[one.routes[0]]
			shown.Acts = append(shown.Acts, account.Permission{Act: one.key, Routes: one.routes, Roles: rule.roles, Asks: rule.asks})
		}
		out = append(out, shown)
	}
	return out
}
