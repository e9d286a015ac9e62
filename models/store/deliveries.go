package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/webhook"
)

// DeliveryState is how far a message has got.
type DeliveryState string

// The states of a message. One whose answer had a status of 2xx is delivered, whatever the answer's body says.
const (
	DeliveryWaiting   DeliveryState = "waiting"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed" // given up after three days
)

// Delivery is one message to a webhook, as it is shown.
type Delivery struct {
	ID          models.ID
	EndpointID  models.ID
	Event       webhook.Kind
	State       DeliveryState
	Attempts    int
	CreatedAt   time.Time
	NextAt      time.Time // of the next attempt, while it waits
	DeliveredAt time.Time
	Code        string // of the last failure
	Status      int    // of the last answer; 0: there was none
}

type deliveryRow struct {
	Seq          int64     `gorm:"->"`
	ID           models.ID `gorm:"primaryKey"`
	ControllerID models.ID
	EndpointID   models.ID
	CallbackID   models.ID
	DRPID        models.ID `gorm:"column:drp_id"`
	Lane         models.ID `gorm:"->"`
	Key          string
	Event        string
	Body         []byte
	State        DeliveryState
	Attempts     int
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	NextAt       time.Time
	Leased       bool
	GiveUpAt     time.Time
	DeliveredAt  *time.Time
	LastCode     string
	LastStatus   int
}

func (deliveryRow) TableName() string { return "webhook_deliveries" }

// Outgoing is a message that is to be sent now. A webhook's has Body and Secrets, an OpenDSR callback's has Callback, and one of the Data Rights
// Protocol has DRP.
type Outgoing struct {
	ID       models.ID
	URL      models.Personal
	Body     []byte
	Secrets  []models.Personal // each signs
	Callback *OpenDSRRequest   // with the status that is to be told
	DRP      *DRPRequest       // as it stands now
	Told     string            // what the agent was told last of it
	Attempts int               // this one included
}

// claimDeliveriesSQL leases at most one message an address, so that one that hangs holds up nobody else. Callbacks about a request are sent in their
// order; webhooks are not, since a message that fails may wait for hours.
const claimDeliveriesSQL = `
UPDATE webhook_deliveries SET next_at = @until, leased = true, attempts = attempts + 1
WHERE id IN (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.id IN (
        SELECT DISTINCT ON (w.lane) w.id FROM webhook_deliveries w LEFT JOIN webhook_endpoints e ON e.id = w.endpoint_id
        WHERE w.state = 'waiting' AND w.next_at <= @now AND (w.endpoint_id IS NULL OR e.active)
          AND NOT EXISTS (SELECT FROM webhook_deliveries o WHERE o.lane = w.lane AND o.state = 'waiting' AND o.leased AND o.next_at > @now)
          AND (w.callback_id IS NULL OR NOT EXISTS (
              SELECT FROM webhook_deliveries o WHERE o.lane = w.lane AND o.state = 'waiting' AND o.seq < w.seq))
        ORDER BY w.lane, w.next_at, w.seq)
      AND d.state = 'waiting' AND d.next_at <= @now
    ORDER BY d.next_at
    LIMIT @limit
    FOR UPDATE OF d SKIP LOCKED)
RETURNING *`

// ClaimDeliveries leases up to limit messages to the caller, and gives up those that are too old. One that is neither noted as delivered nor as
// missed before the lease ends is handed out again.
func (s *Store) ClaimDeliveries(ctx context.Context, limit int, lease time.Duration) ([]Outgoing, error) {
	var out []Outgoing
	err := s.tx(ctx, func(tx *gorm.DB) error {
		out = nil
		now := s.now()
		given := tx.Model(&deliveryRow{}).Where("state = ? AND give_up_at <= ? AND next_at <= ?", DeliveryWaiting, now, now).
			Updates(map[string]any{"state": DeliveryFailed, "leased": false})
		if given.Error != nil {
			return given.Error
		}
		var rows []deliveryRow
		err := tx.Raw(claimDeliveriesSQL, map[string]any{"now": now, "until": now.Add(lease), "limit": limit}).Scan(&rows).Error
		if err != nil {
			return err
		}
		for _, row := range rows {
			o, err := s.outgoing(tx, row)
			if models.CodeOf(err) == "key_destroyed" { // the request is long over, and so is the address
				err = s.missed(tx, row.ID, now, "key_destroyed", 0, true)
				if err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return err
			}
			out = append(out, o)
		}
		return nil
	})
	return out, err
}

// outgoing opens what is needed to send a message.
func (s *Store) outgoing(tx *gorm.DB, row deliveryRow) (Outgoing, error) {
	o := Outgoing{ID: row.ID, Body: row.Body, Attempts: row.Attempts}
	if !row.CallbackID.IsZero() {
		err := s.outgoingCallback(tx, row, &o)
		return o, err
	}
	if !row.DRPID.IsZero() {
		err := s.outgoingDRP(tx, row, &o)
		return o, err
	}
	var e endpointRow
	if err := tx.Where("id = ?", row.EndpointID).Take(&e).Error; err != nil {
		return o, missing(err, "webhook")
	}
	var err error
	if o.URL, err = openText(s.vault.Own(), endpointURLPlace(e.ID), e.URLSealed); err != nil {
		return o, err
	}
	o.Secrets, err = s.secrets(e)
	return o, err
}

// Delivered notes that a message was taken, with the status of the answer.
func (s *Store) Delivered(ctx context.Context, id models.ID, status int) error {
	return unavailable(s.read(ctx).Model(&deliveryRow{}).Where("id = ? AND state = ?", id, DeliveryWaiting).Updates(map[string]any{
		"state": DeliveryDelivered, "leased": false, "delivered_at": s.now(), "last_code": "", "last_status": status,
	}).Error)
}

// Missed notes that a message was not taken: it is tried again at next or, when that is after its three days, given up.
func (s *Store) Missed(ctx context.Context, id models.ID, next time.Time, code string, status int) error {
	return s.tx(ctx, func(tx *gorm.DB) error { return s.missed(tx, id, next, code, status, false) })
}

func (s *Store) missed(tx *gorm.DB, id models.ID, next time.Time, code string, status int, final bool) error {
	return tx.Model(&deliveryRow{}).Where("id = ? AND state = ?", id, DeliveryWaiting).Updates(map[string]any{
		"state":  gorm.Expr("CASE WHEN CAST(? AS boolean) OR give_up_at <= ? THEN 'failed' ELSE 'waiting' END", final, next),
		"leased": false, "next_at": next, "last_code": code, "last_status": status,
	}).Error
}

// Deliveries are the latest messages of an endpoint inside the scope, newest first. It fails with not_found.
func (s *Store) Deliveries(ctx context.Context, scope models.Scope, endpoint models.ID, limit int) ([]Delivery, error) {
	return s.DeliveriesAfter(ctx, scope, endpoint, models.ID{}, limit)
}

// DeliveriesAfter are at most limit messages of the list, from the one on that follows the named one; zero is the first page.
func (s *Store) DeliveriesAfter(ctx context.Context, scope models.Scope, endpoint, after models.ID, limit int) ([]Delivery, error) {
	if _, err := s.Endpoint(ctx, scope, endpoint); err != nil {
		return nil, err
	}
	q := s.read(ctx).Omit("body").Where("endpoint_id = ?", endpoint)
	if !after.IsZero() {
		q = q.Where("seq < (SELECT seq FROM webhook_deliveries WHERE id = ?)", after)
	}
	var rows []deliveryRow
	if err := q.Order("seq DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Delivery, len(rows))
	for i, r := range rows {
		out[i] = Delivery{
			ID: r.ID, EndpointID: r.EndpointID, Event: webhook.Kind(r.Event), State: r.State, Attempts: r.Attempts, CreatedAt: r.CreatedAt.UTC(),
			NextAt: r.NextAt.UTC(), DeliveredAt: instant(r.DeliveredAt), Code: r.LastCode, Status: r.LastStatus,
		}
	}
	return out, nil
}

// Replay sends a message again, under its identifier, by which a receiver knows it; it is tried for three days once more. One that waits goes out
// at once. It fails with not_found or endpoint_disabled.
func (s *Store) Replay(ctx context.Context, scope models.Scope, by models.Actor, id models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row deliveryRow
		locked := scoped(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), scope)
		if err := locked.Omit("body").Where("id = ? AND endpoint_id IS NOT NULL", id).Take(&row).Error; err != nil {
			return missing(err, "message")
		}
		var e endpointRow
		if err := tx.Select("active").Where("id = ?", row.EndpointID).Take(&e).Error; err != nil {
			return missing(err, "webhook")
		}
		if !e.Active {
			return endpointDisabled()
		}
		if row.State == DeliveryWaiting && row.Leased && s.now().Before(row.NextAt) {
			return nil // it is on its way
		}
		now := s.now()
		err := tx.Model(&deliveryRow{}).Where("id = ?", id).Updates(map[string]any{
			"state": DeliveryWaiting, "leased": false, "next_at": now, "give_up_at": now.Add(deliveryLife), "delivered_at": nil,
		}).Error
		if err != nil {
			return err
		}
		data := map[string]any{"endpoint_id": row.EndpointID, "message_id": id}
		return s.recordFor(tx, row.ControllerID, models.ID{}, by, "webhook.replayed", data)
	})
}

// TestEndpoint orders a message of kind webhook.test. It fails with not_found or endpoint_disabled.
func (s *Store) TestEndpoint(ctx context.Context, scope models.Scope, id models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var e endpointRow
		if err := scoped(tx, scope).Where("id = ?", id).Take(&e).Error; err != nil {
			return missing(err, "webhook")
		}
		if !e.Active {
			return endpointDisabled()
		}
		message, now := newID(), s.now()
		body, err := webhook.Body(webhook.Test, now, map[string]any{"endpoint_id": id})
		if err != nil {
			return err
		}
		return tx.Create(&deliveryRow{
			ID: message, ControllerID: e.ControllerID, EndpointID: id, Key: string(webhook.Test) + "/" + message.String(), Event: string(webhook.Test),
			Body: body, State: DeliveryWaiting, CreatedAt: now, NextAt: now, GiveUpAt: now.Add(deliveryLife),
		}).Error
	})
}

// deliveriesKept is how long a message that is over is shown and can be sent again, after the end of its three days.
const deliveriesKept = 90 * 24 * time.Hour

// PurgeDeliveries drops up to limit messages that were delivered or given up so long ago that nobody asks for them any more, and says how many. What
// they told stays in the ledger and in the record that they were about.
func (s *Store) PurgeDeliveries(ctx context.Context, limit int) (int64, error) {
	old := s.read(ctx).Model(&deliveryRow{}).Select("id").Where("state <> ? AND give_up_at < ?", DeliveryWaiting, s.now().Add(-deliveriesKept)).
		Order("give_up_at").Limit(limit)
	done := s.read(ctx).Where("id IN (?) AND state <> ?", old, DeliveryWaiting).Delete(&deliveryRow{})
	return done.RowsAffected, unavailable(done.Error)
}

func endpointDisabled() error {
	return models.Errorf(models.Conflict, "endpoint_disabled", "The webhook is off; turn it on first.")
}
