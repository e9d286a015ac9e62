package store

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
	"habeas/models/webhook"
)

// openSQL writes everything that a new request needs as one statement, hence one round trip and one commit. When the person has an open
// request already, the first insert does nothing and so do the others. An Idempotency key that was seen before violates its
// primary key, which undoes the whole statement.
const openSQL = `
WITH opened AS (
    INSERT INTO requests (id, reference, controller_id, right_code, state, channel, language, received_at, verified_at, subject_index,
        submission_id, wrapped_key, clock, updated_at)
    VALUES (@request, @reference, @controller, @right, @state, @channel, @language, @at, @verified, @index, @submission, @key, @clock, @at)
    ON CONFLICT (controller_id, right_code, subject_index) WHERE closed_at IS NULL DO NOTHING
    RETURNING id
), submitted AS (
    INSERT INTO submissions (id, request_id, controller_id, submitted_at, channel, language, actor_role, actor_id, status_token_hash,
        page_token_hash, subject_sealed, verified_at, indexed)
    SELECT @submission, id, @controller, @at, @channel, @language, @role, @actor, @token, @page, @subject, @verified, true FROM opened
), findable AS (
    INSERT INTO request_identities (request_id, identity_index, controller_id)
    SELECT opened.id, u.identity, @controller FROM opened, unnest(@identities::bytea[]) u (identity)
), recorded AS (
    INSERT INTO ledger_entries (id, at, controller_id, request_id, kind, body)
    SELECT @entry, @entry_at, @controller, id, @kind, @body FROM opened
), pending AS (
    INSERT INTO ledger_pending (entry_id) SELECT @entry FROM opened
), ordered AS (
    INSERT INTO orders (id, request_id, kind, created_at, available_at) SELECT @order, id, @start, @at, @at FROM opened
), remembered AS (
    INSERT INTO idempotency_keys (scope, key_hash, fingerprint, submission_id, repeated, created_at)
    SELECT @scope, @idempotency, @fingerprint, @submission, false, @at FROM opened WHERE @idempotency::bytea IS NOT NULL
), sent AS (
    INSERT INTO opendsr_requests (controller_id, subject_request_id, request_id, submitted_at, received_at, expect_by, fingerprint, status)
    SELECT @controller, @opendsr, id, @opendsr_submitted, @at, @opendsr_expect, @opendsr_body, 'pending' FROM opened WHERE @opendsr::uuid IS NOT NULL
), called AS (
    INSERT INTO opendsr_callbacks (id, request_id, no, url_sealed)
    SELECT gen_random_uuid(), opened.id, u.no, u.url FROM opened, unnest(@callbacks::bytea[]) WITH ORDINALITY u (url, no)
), carried AS (
    INSERT INTO drp_requests (id, controller_id, agent_id, business_id, agent_request_id, submission_id, denied, received_at, digest, callback_sealed, told)
    SELECT @drp, @controller, @drp_agent, @drp_business, @drp_agent_request, @submission, '', @at, @drp_digest, @drp_callback, @drp_told
    FROM opened WHERE @drp::uuid IS NOT NULL
), expected AS (
    INSERT INTO webhook_deliveries (id, controller_id, drp_id, key, event, state, created_at, next_at, give_up_at)
    SELECT gen_random_uuid(), @controller, @drp, @drp_lapse, @drp_lapse, 'waiting', @at, @drp_lapses, @drp_until
    FROM opened WHERE @drp_callback::bytea IS NOT NULL
), represented AS (
    INSERT INTO agents (submission_id, request_id, controller_id, basis, state, name_sealed, email_sealed, media, size, proof_sealed, created_at)
    SELECT @submission, id, @controller, @agent_basis, @agent_state, @agent_name, @agent_email, @agent_media, @agent_size, @agent_proof, @at
    FROM opened WHERE @agent_proof::bytea IS NOT NULL
), told AS (
    INSERT INTO webhook_deliveries (id, controller_id, endpoint_id, key, event, body, state, created_at, next_at, give_up_at)
    SELECT gen_random_uuid(), e.controller_id, e.id, @told_key, @told_event, @told_body, 'waiting', @at, @at, @told_until
    FROM opened, webhook_endpoints e
    WHERE e.controller_id = @controller AND e.active AND e.events @> to_jsonb(@told_event::text)
)
SELECT count(*) FROM opened`

// open writes a new request. done is false when the person has an open request for this right already.
func (s *Store) open(ctx context.Context, in intake) (out Submitted, done bool, err error) {
	args, out, err := s.openArgs(in)
	if err != nil {
		return Submitted{}, false, err
	}
	var opened int
	if err := s.pool.QueryRow(ctx, openSQL, args).Scan(&opened); err != nil {
		return Submitted{}, false, err
	}
	return out, opened == 1, nil
}

func (s *Store) openArgs(in intake) (pgx.NamedArgs, Submitted, error) {
	out := Submitted{RequestID: newID(), Reference: newReference(), StatusToken: in.token}
	wrapped, key, err := s.vault.NewKey(out.RequestID)
	if err != nil {
		return nil, out, err
	}
	sealed, err := sealSubject(key, in.id, in.Subject)
	if err != nil {
		return nil, out, err
	}
	c := in.Controller
	clock, err := json.Marshal(request.Clock{Regime: c.Regime, Timezone: c.Timezone, Country: c.Country, Subdivision: c.Subdivision})
	if err != nil {
		return nil, out, err
	}
	data := statementFacts(map[string]any{
		"right": in.Right, "channel": in.Channel, "vouched": in.Vouched, "regime": c.Regime, "reference": out.Reference,
	}, in.Subject.Statement)
	data = agentFacts(data, in.Agent)
	if in.openDSR != nil { // the controller's instruction, Art. 28(3)(a)
		data["subject_request_id"] = in.openDSR.ID
	}
	if in.drp != nil {
		data["agent"] = in.drp.AgentID
	}
	entry, err := s.newEntry(c.ID, out.RequestID, in.Actor, "request.received", data)
	if err != nil {
		return nil, out, err
	}
	told, err := webhook.Body(webhook.RequestCreated, in.at, requestData(requestRow{
		ID: out.RequestID, Reference: out.Reference, RightCode: in.Right, State: models.Received, Channel: in.Channel, ReceivedAt: in.at,
	}))
	if err != nil {
		return nil, out, err
	}
	args := pgx.NamedArgs{
		"request": out.RequestID, "reference": out.Reference, "controller": c.ID, "right": in.Right, "state": models.Received,
		"channel": in.Channel, "language": in.Language, "at": in.at, "verified": nil, "index": in.index, "submission": in.id, "key": wrapped,
		"clock": clock, "role": in.Actor.Role, "actor": in.Actor.ID, "token": vault.HashToken(in.token), "subject": sealed,
		"identities": s.findIndexes(c.ID, in.Subject, in.agentEmail()),
		"entry":      entry.ID, "entry_at": entry.At, "kind": entry.Kind, "body": entry.Body, "order": newID(), "start": OrderStart,
		"scope": "", "idempotency": nil, "fingerprint": nil,
		"agent_basis": "", "agent_state": "", "agent_name": nil, "agent_email": nil, "agent_media": "", "agent_size": 0, "agent_proof": nil,
		"opendsr": nil, "opendsr_submitted": nil, "opendsr_expect": nil, "opendsr_body": nil, "callbacks": [][]byte{},
		"page": in.pageHash, "drp": nil, "drp_agent": nil, "drp_business": nil, "drp_agent_request": nil, "drp_digest": nil,
		"drp_callback": nil, "drp_told": "", "drp_lapse": drpLapse, "drp_lapses": in.drpLapses, "drp_until": in.drpLapses.Add(deliveryLife),
		"told_key": string(webhook.RequestCreated) + "/" + out.RequestID.String(), "told_event": string(webhook.RequestCreated), "told_body": told,
		"told_until": in.at.Add(deliveryLife),
	}
	if o := in.openDSR; o != nil {
		args["opendsr"], args["opendsr_submitted"], args["opendsr_expect"] = o.ID, o.Submitted, o.ExpectBy
		args["opendsr_body"] = key.Digest(openDSRBodyPlace, o.Body)
		callbacks := make([][]byte, len(o.Callbacks))
		for i, u := range o.Callbacks {
			callbacks[i] = sealText(key, callbackPlace(i+1), u)
		}
		args["callbacks"] = callbacks
	}
	if in.drp != nil {
		d := in.sealedDRP(key)
		args["drp_callback"], args["drp_told"] = d.CallbackSealed, d.Told
		args["drp"], args["drp_agent"], args["drp_business"], args["drp_agent_request"], args["drp_digest"] = d.ID, d.AgentID, d.BusinessID, d.AgentRequestID, d.Digest
	}
	if a := in.agentRow(out.RequestID, key); a != nil {
		args["agent_basis"], args["agent_state"], args["agent_name"], args["agent_email"] = a.Basis, a.State, a.NameSealed, a.EmailSealed
		args["agent_media"], args["agent_size"], args["agent_proof"] = a.Media, a.Size, a.ProofSealed
	}
	if in.Vouched {
		args["verified"] = in.at
	}
	if in.Idempotency != nil {
		args["scope"], args["idempotency"] = in.Idempotency.Scope, keyHash(in.Idempotency)
		args["fingerprint"] = in.Idempotency.Fingerprint[:]
	}
	return args, out, nil
}
