package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/webhook"
)

// deliveryLife is how long a message is tried.
const deliveryLife = 72 * time.Hour

// tellSQL writes an event to each endpoint that asked for its kind, once.
const tellSQL = `
INSERT INTO webhook_deliveries (id, controller_id, endpoint_id, key, event, body, state, created_at, next_at, give_up_at)
SELECT gen_random_uuid(), e.controller_id, e.id, @key, @event, @body, 'waiting', @now, @now, @until
FROM webhook_endpoints e
WHERE e.controller_id = @controller AND e.active AND e.events @> to_jsonb(CAST(@event AS text))
ON CONFLICT (lane, key) DO NOTHING`

// tellWebhooks writes an event to the controller's endpoints in the transaction of what it tells.
func (s *Store) tellWebhooks(tx *gorm.DB, controller models.ID, kind webhook.Kind, about string, data any) error {
	now := s.now()
	body, err := webhook.Body(kind, now, data)
	if err != nil {
		return err
	}
	return tx.Exec(tellSQL, map[string]any{
		"key": string(kind) + "/" + about, "event": string(kind), "body": body, "now": now, "until": now.Add(deliveryLife), "controller": controller,
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
