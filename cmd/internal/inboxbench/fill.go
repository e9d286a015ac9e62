package inboxbench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// How the requests are spread.
const (
	customers = 20
	real      = 60 // requests that are opened on their own page, so that their data must be real
	groups    = 25 // of a plan
)

// fill makes requests whose data is real, and around them very many that only have the rows that lists and look-ups meet.
func (b *bench) fill(ctx context.Context) error {
	b.say("filling the database with %d open requests and as many that are closed", b.Open)
	put := func(slug string, operator bool) (request.Controller, error) {
		return b.store.PutController(ctx, request.Controller{
			Slug: slug, Name: "Company " + slug, Operator: operator, Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", Subdivision: "HH",
		})
	}
	operator, err := put("operator", true)
	if err != nil {
		return err
	}
	var customer request.Controller
	for i := range customers {
		if customer, err = put(fmt.Sprintf("customer-%d", i+1), false); err != nil {
			return err
		}
	}
	if err := b.keys(ctx, customer); err != nil {
		return err
	}
	for i := range real {
		one, err := b.open(ctx, operator, i)
		if err != nil {
			return err
		}
		b.opened = append(b.opened, one)
	}
	return b.statements(ctx)
}

// open is a request in review with a plan, a clock and decisions, made by the store's own methods.
func (b *bench) open(ctx context.Context, operator request.Controller, i int) (opened, error) {
	email, number := fmt.Sprintf("person-%d@bench.example", i), fmt.Sprintf("CN-%d", 4711+i)
	dpo := models.Actor{Role: models.RoleDPO}
	sub, err := b.store.Submit(ctx, store.Submission{
		Controller: operator, Right: models.Erasure, Channel: request.ChannelStaff, Language: "en", Vouched: true, Actor: dpo,
		Subject: request.Subject{Name: "Sam Sample", Email: models.Personal(email), Identities: []request.Identity{{Kind: "email", Value: models.Personal(email)}}, Claimed: []request.Identity{{Kind: "customer_number", Value: models.Personal(number)}}},
	})
	if err != nil {
		return opened{}, err
	}
	id := sub.RequestID
	for _, state := range []models.State{models.Locating, models.InReview} {
		err = errors.Join(err, b.store.Advance(ctx, id, state, ""))
	}
	due := calendar.DateOf(time.Now()).AddDays(i%60 - 5)
	err = errors.Join(err, b.store.RecordClock(ctx, id, request.Clock{
		Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", StartOn: due.AddDays(-30), UnrolledDueOn: due, DueOn: due, DueBefore: due.EndIn(time.UTC),
		RuleSet: "bench", InputsDigest: "bench", Steps: []string{"Received.", "One month later."},
	}, "received"))
	p := plan.Plan{RequestID: id, Right: models.Erasure, RuleSet: "bench"}
	for no := range groups {
		p.Groups = append(p.Groups, plan.Group{
			No: no + 1, System: "erp", Dataset: "shipments", Collection: fmt.Sprintf("table_%d", no), Rows: 100, Proposed: models.TreatRetain, Reason: plan.ReasonHeld,
			Rule: "EU_UCC_51", Citation: "Reg. 952/2013 Art. 51(1)", Explanation: "Kept for three years from the end of the year of acceptance.",
			HoldThrough: due.AddDays(900), ErasableOn: due.AddDays(901),
		})
	}
	_, planned := b.store.SavePlan(ctx, p)
	_, asked := b.store.Decide(ctx, models.ScopeOperator(), request.Decision{RequestID: id, Kind: request.Extend, Actor: dpo, Reason: "Several systems."})
	return opened{id, sub.Reference, email, number}, errors.Join(err, planned, asked)
}

// crowd are the requests around them: due from ten days ago to sixty days ahead, most of them in review, few in the rarer states.
const crowd = `
INSERT INTO requests (id, reference, controller_id, right_code, state, outcome, channel, language, received_at, verified_at, closed_at, subject_index,
    submission_id, wrapped_key, clock, due_before, plan_version, updated_at)
SELECT gen_random_uuid(), 'BENCH-' || $3::text || '-' || i, c.ids[1 + i % array_length(c.ids, 1)],
    (ARRAY['erasure', 'access', 'erasure', 'access', 'erasure', 'export', 'rectification', 'objection', 'restriction'])[1 + i % 9],
    CASE WHEN $2 THEN 'closed' WHEN i % 1000 = 0 THEN 'notifying' ELSE (ARRAY['in_review', 'in_review', 'in_review', 'awaiting_instruction', 'locating', 'verifying', 'executing'])[1 + (i / 9) % 7] END,
    CASE WHEN $2 THEN 'fulfilled' ELSE '' END, 'portal', 'en', now() - (i % 86400) * interval '30 seconds', now(), CASE WHEN $2 THEN now() - (i % 300) * interval '1 day' END,
    sha256(convert_to($3::text || i, 'UTF8')), gen_random_uuid(), sha256(convert_to('k' || i, 'UTF8')), t.clock,
    now() + (hashint4(i) % 3024000) * interval '1 second' + interval '25 days' - CASE WHEN $2 THEN interval '200 days' ELSE interval '0' END, 1, now()
FROM generate_series(1, $1::integer) i, (SELECT array_agg(id ORDER BY slug) ids FROM controllers) c, (SELECT clock FROM requests WHERE clock <> '{}' LIMIT 1) t`

// around are the rows of other tables that a request has, copied from one whose data is real.
var around = []string{
	`INSERT INTO submissions (id, request_id, controller_id, submitted_at, channel, language, actor_role, status_token_hash, subject_sealed, verified_at, indexed)
SELECT r.submission_id, r.id, r.controller_id, r.received_at, 'portal', 'en', 'subject', sha256(convert_to(r.id::text, 'UTF8')), t.subject_sealed, now(), true
FROM requests r, (SELECT subject_sealed FROM submissions LIMIT 1) t WHERE r.reference LIKE 'BENCH-%'`,
	`INSERT INTO plans (request_id, version, controller_id, shown_digest, body, made_at)
SELECT r.id, 1, r.controller_id, t.shown_digest, t.body, now() FROM requests r, (SELECT shown_digest, body FROM plans LIMIT 1) t WHERE r.reference LIKE 'BENCH-%'`,
	`INSERT INTO request_identities (request_id, identity_index, controller_id)
SELECT r.id, sha256(convert_to(r.id::text || i, 'UTF8')), r.controller_id FROM requests r, generate_series(1, 3) i WHERE r.reference LIKE 'BENCH-%'`,
	`INSERT INTO deferrals (id, request_id, controller_id, group_no, body, due_on, state, created_at)
SELECT gen_random_uuid(), r.id, r.controller_id, 1, t.body, date '2027-01-01' + (hashint4(substr(r.reference, 14)::integer) % 3000 + 3000), 'pending', now()
FROM requests r, (SELECT body->'groups'->0 AS body FROM plans LIMIT 1) t WHERE r.reference LIKE 'BENCH-closed-%'`,
	`INSERT INTO decisions (id, request_id, controller_id, kind, actor_role, decided_at, state, state_no)
SELECT gen_random_uuid(), r.id, r.controller_id, 'extend', 'dpo', now(), 'in_review', 3 FROM requests r WHERE r.reference LIKE 'BENCH-%'`,
	`INSERT INTO ledger_entries (id, at, controller_id, request_id, kind, body)
SELECT gen_random_uuid(), r.received_at, r.controller_id, r.id, t.kind, t.body FROM requests r, (SELECT kind, body FROM ledger_entries WHERE request_id IS NOT NULL LIMIT 5) t
WHERE r.reference LIKE 'BENCH-%'`,
}

func (b *bench) statements(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, b.server.DSN("habeas"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, crowd, b.Open, false, "open"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, crowd, b.Open, true, "closed"); err != nil {
		return err
	}
	for _, sql := range around {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	for _, index := range b.Without {
		b.say("without %s", index)
		if _, err := conn.Exec(ctx, "DROP INDEX "+pgx.Identifier{index}.Sanitize()); err != nil {
			return err
		}
	}
	b.say("VACUUM ANALYZE")
	_, err = conn.Exec(ctx, "VACUUM (ANALYZE)")
	return err
}
