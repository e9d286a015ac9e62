package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/subprocessor"
	"habeas/models/webhook"
)

// deliveryLife is how long a message is tried.
const deliveryLife = 72 * time.Hour

// tellSQL writes an event to each endpoint that asked for its kind, once.
const tellSQL = `
INSERT INTO webhook_deliveries (id, controller_id, endpoint_id, key, event, body, state, created_at, next_at, give_up_at)
SELECT gen_random_uuid(), e.controller_id, e.id, @key, @event, @body, 'waiting', @now, @now, @until
FROM webhook_endpoints e
WHERE e.controller_id IN @controllers AND e.active AND e.events @> to_jsonb(CAST(@event AS text))
ON CONFLICT (lane, key) DO NOTHING`

// tellWebhooks writes an event to the controller's endpoints in the transaction of what it tells.
func (s *Store) tellWebhooks(tx *gorm.DB, controller models.ID, kind webhook.Kind, about string, data any) error {
	return s.tellAll(tx, []models.ID{controller}, kind, about, data)
}

// tellAll is tellWebhooks for several controllers.
func (s *Store) tellAll(tx *gorm.DB, controllers []models.ID, kind webhook.Kind, about string, data any) error {
	now := s.now()
	body, err := webhook.Body(kind, now, data)
	if err != nil {
		return err
	}
	return tx.Exec(tellSQL, map[string]any{
		"key": string(kind) + "/" + about, "event": string(kind), "body": body, "now": now, "until": now.Add(deliveryLife), "controllers": controllers,
	}).Error
}

// tellRequest tells of a request as it is after the change.
func (s *Store) tellRequest(tx *gorm.DB, r requestRow, kind webhook.Kind, more string) error {
	return s.tellWebhooks(tx, r.ControllerID, kind, r.ID.String()+more, requestData(r))
}

func requestData(r requestRow) webhook.Request {
	return webhook.Request{
		ID: r.ID, Reference: r.Reference, Right: r.RightCode, State: r.State, Outcome: r.Outcome, Channel: string(r.Channel),
		ReceivedAt: r.ReceivedAt.UTC(), DueBefore: instant(r.DueBefore),
	}
}

// tellChange tells the customers concerned of what is announced, decided, withdrawn or in force of a change of subprocessors.
func (s *Store) tellChange(tx *gorm.DB, row changeRow, record subprocessor.Record, e subprocessor.Event) error {
	switch e.Kind {
	case subprocessor.Announced, subprocessor.Decided, subprocessor.Withdrawn, subprocessor.InForce:
	case subprocessor.Drafted, subprocessor.Told, subprocessor.Unreached, subprocessor.Objected, subprocessor.Answered:
		return nil
	}
	if len(record.Customers) == 0 { // withdrawn before it was announced
		return nil
	}
	to := make([]models.ID, len(record.Customers))
	for i, c := range record.Customers {
		to[i] = c.ID
	}
	p := record.Proposal
	data := webhook.Change{
		ID: row.ID, Reference: row.Reference, Sort: p.Sort, State: record.State, Name: cmp.Or(p.LegalName, p.Name, p.Slug), EffectiveOn: record.EffectiveOn,
	}
	return s.tellAll(tx, to, webhook.SubprocessorChange, fmt.Sprintf("%s/%d", row.ID, e.No), data)
}

// NoteDueSoon tells the controller's webhooks that the legal date of a request comes near, once for each number of reminder. It fails with
// not_found.
func (s *Store) NoteDueSoon(ctx context.Context, requestID models.ID, count int) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil || r.State == models.Closed {
			return err
		}
		return s.tellRequest(tx, r, webhook.RequestDueSoon, fmt.Sprintf("/%d", count))
	})
}
