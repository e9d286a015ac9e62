package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/ledger"
)

type entryRow struct {
	ID           models.ID `gorm:"primaryKey"`
	At           time.Time
	ControllerID models.ID
	RequestID    models.ID
	Kind         string
	Body         []byte
}

func (entryRow) TableName() string { return "ledger_entries" }

type pendingRow struct {
	EntryID models.ID `gorm:"primaryKey"`
}

func (pendingRow) TableName() string { return "ledger_pending" }

// newEntry makes an entry and its stored form. Identifiers of entries follow time, so that entries of one instant keep their order.
func (s *Store) newEntry(controllerID, requestID models.ID, actor models.Actor, kind string, data map[string]any) (entryRow, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return entryRow{}, err
	}
	e := ledger.Entry{
		ID: models.ID(id), At: s.now(), ControllerID: controllerID, RequestID: requestID, Kind: kind, Actor: actor, Data: data,
	}
	body, err := e.Body()
	if err != nil {
		return entryRow{}, err
	}
	return entryRow{ID: e.ID, At: e.At, ControllerID: controllerID, RequestID: requestID, Kind: kind, Body: body}, nil
}

// record writes a ledger entry about a request in the transaction of what it records. data must hold nothing personal.
func (s *Store) record(tx *gorm.DB, r requestRow, actor models.Actor, kind string, data map[string]any) error {
	return s.recordFor(tx, r.ControllerID, r.ID, actor, kind, data)
}

// recordFor is record for what concerns a controller or Habeas itself rather than a request; the IDs may be zero.
func (s *Store) recordFor(tx *gorm.DB, controllerID, requestID models.ID, actor models.Actor, kind string, data map[string]any) error {
	row, err := s.newEntry(controllerID, requestID, actor, kind, data)
	if err != nil {
		return err
	}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	return tx.Create(&pendingRow{EntryID: row.ID}).Error
}

// Append writes a ledger entry about a request on behalf of Habeas itself. data must hold nothing personal: identifiers, enums, counts, dates
// and digests. It fails with not_found.
func (s *Store) Append(ctx context.Context, requestID models.ID, kind string, data map[string]any) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := findRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		return s.record(tx, r, models.System(), kind, data)
	})
}

// Ledger is the entries about one request, oldest first.
func (s *Store) Ledger(ctx context.Context, scope models.Scope, requestID models.ID) ([]ledger.Entry, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	return entriesOf(tx, requestID)
}

func entriesOf(tx *gorm.DB, requestID models.ID) ([]ledger.Entry, error) {
	var rows []entryRow
	if err := tx.Where("request_id = ?", requestID).Order("at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]ledger.Entry, len(rows))
	for i, row := range rows {
		e, err := ledger.ParseBody(row.Body)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}
