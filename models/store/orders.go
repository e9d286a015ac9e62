package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"habeas/models"
)

// Kinds of orders.
const (
	OrderStart         = "start"          // start the request's workflow
	OrderUpdate        = "update"         // deliver the Update called Name to it
	OrderStartDeferral = "start_deferral" // start the workflow that finishes a deferral
	OrderScan          = "scan"           // search all systems for the person
	OrderBreachTest    = "breach_test"    // send the message to the persons to the DPO
	OrderBreachMail    = "breach_mail"    // send it to the persons
	OrderStartLifting  = "start_lifting"  // start the workflow that lifts a restriction
	// OrderProcessorCalled has the workflow ask a processor at once that has called back, about a delegation or a notice.
	OrderProcessorCalled = "processor_called"
	// OrderRemind brings the next message of a notice, or to the controller that has not instructed, forward.
	OrderRemind = "remind"
)

// Order is something that the dispatcher must tell Temporal: a row of the transactional outbox. Its ID is the Update's ID, so that
// Temporal drops a second delivery.
type Order struct {
	ID            models.ID
	RequestID     models.ID
	BreachID      models.ID // instead of a request
	ChangeID      models.ID // of subprocessors, instead of a request
	ContractEndID models.ID // instead of a request
	Kind          string
	Name          string    // of the Update: a request.DecisionKind
	DecisionID    models.ID // zero for a resend that a repeated submission asks for
	NoticeID      models.ID
	DeferralID    models.ID
	DelegationID  models.ID
	Attempts      int // claims so far, this one included
}

type orderRow struct {
	Seq           int64     `gorm:"->"`
	ID            models.ID `gorm:"primaryKey"`
	RequestID     models.ID
	BreachID      models.ID
	ChangeID      models.ID
	ContractEndID models.ID
	About         models.ID `gorm:"->"`
	Kind          string
	Name          string
	DecisionID    models.ID
	NoticeID      models.ID
	DeferralID    models.ID
	DelegationID  models.ID
	CreatedAt     time.Time `gorm:"autoCreateTime:false"`
	AvailableAt   time.Time
	Attempts      int
	LastCode      string
}

func (orderRow) TableName() string { return "orders" }

// enqueue writes an order in the transaction of what made it necessary.
func (s *Store) enqueue(tx *gorm.DB, o Order) error {
	now := s.now()
	return tx.Create(&orderRow{
		ID: newID(), RequestID: o.RequestID, BreachID: o.BreachID, ChangeID: o.ChangeID, ContractEndID: o.ContractEndID, Kind: o.Kind, Name: o.Name, DecisionID: o.DecisionID, NoticeID: o.NoticeID,
		DeferralID: o.DeferralID, DelegationID: o.DelegationID, CreatedAt: now, AvailableAt: now,
	}).Error
}

// claimSQL takes the oldest waiting order of each request, breach, change of subprocessors and end of a contract: orders of one are delivered in the order in which they were made, and
// a later one waits while an earlier one is leased or delayed.
const claimSQL = `
UPDATE orders SET available_at = @until, attempts = attempts + 1
WHERE id IN (
    SELECT o.id FROM orders o
    WHERE o.available_at <= @now
      AND NOT EXISTS (SELECT FROM orders earlier WHERE earlier.about = o.about AND earlier.seq < o.seq)
    ORDER BY o.seq
    LIMIT @limit
    FOR UPDATE SKIP LOCKED)
  AND available_at <= @now
RETURNING *`

// ClaimOrders leases up to limit orders to the caller, oldest first. An order that is neither finished nor delayed before the lease ends
// is handed out again.
func (s *Store) ClaimOrders(ctx context.Context, limit int, lease time.Duration) ([]Order, error) {
	var rows []orderRow
	now := s.now()
	err := s.tx(ctx, func(tx *gorm.DB) error {
		rows = nil
		return tx.Raw(claimSQL, map[string]any{"now": now, "until": now.Add(lease), "limit": limit}).Scan(&rows).Error
	})
	out := make([]Order, len(rows))
	for i, r := range rows {
		out[i] = Order{
			ID: r.ID, RequestID: r.RequestID, BreachID: r.BreachID, ChangeID: r.ChangeID, ContractEndID: r.ContractEndID, Kind: r.Kind, Name: r.Name, DecisionID: r.DecisionID, NoticeID: r.NoticeID,
			DeferralID: r.DeferralID, DelegationID: r.DelegationID, Attempts: r.Attempts,
		}
	}
	return out, err
}

// FinishOrder removes an order that was delivered; one that is gone already is fine.
func (s *Store) FinishOrder(ctx context.Context, id models.ID) error {
	return unavailable(s.read(ctx).Where("id = ?", id).Delete(&orderRow{}).Error)
}

// DelayOrder keeps an order from being claimed until an instant; code is the stable code of what went wrong.
func (s *Store) DelayOrder(ctx context.Context, id models.ID, until time.Time, code string) error {
	return unavailable(s.read(ctx).Model(&orderRow{}).Where("id = ?", id).
		Updates(map[string]any{"available_at": until, "last_code": code}).Error)
}

// OrdersWaiting counts the orders that are not yet delivered and says when the oldest was made; zero when there is none.
func (s *Store) OrdersWaiting(ctx context.Context) (waiting int64, oldest time.Time, err error) {
	var row struct {
		Waiting int64
		Oldest  *time.Time
	}
	err = s.read(ctx).Model(&orderRow{}).Select("count(*) AS waiting, min(created_at) AS oldest").Scan(&row).Error
	return row.Waiting, instant(row.Oldest), unavailable(err)
}
