package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
)

// Scan is what a search of one whole system for a person's identities found: counts, and no personal data.
type Scan struct {
	System    string    `json:"-"`
	Code      string    `json:"code,omitempty"` // why there was no search, as unsupported; empty when there was
	Hits      []ScanHit `json:"hits,omitempty"`
	Skipped   []string  `json:"skipped,omitempty"`   // tables that the account may not read
	TooShort  []string  `json:"too_short,omitempty"` // kinds of identities that are too short to be searched for
	ScannedAt time.Time `json:"-"`
}

// ScanHit is a column in which an identity stands.
type ScanHit struct {
	Table     string `json:"table"`
	Column    string `json:"column"`
	Rows      int64  `json:"rows"`      // at least
	Described bool   `json:"described"` // by the data map
}

type scanRow struct {
	RequestID    models.ID `gorm:"primaryKey"`
	System       string    `gorm:"primaryKey"`
	ControllerID models.ID
	Body         Scan `gorm:"serializer:json"`
	ScannedAt    time.Time
}

func (scanRow) TableName() string { return "scans" }

// OrderScan orders a search of all systems for the person of a request. It fails with not_found, not_verified or key_destroyed.
func (s *Store) OrderScan(ctx context.Context, scope models.Scope, requestID models.ID, by models.Actor) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, scope, requestID)
		if err != nil {
			return err
		}
		if r.VerifiedAt == nil {
			return models.Errorf(models.Conflict, "not_verified", "Nobody has shown yet who they are; nothing is searched for them.")
		}
		if _, err := s.vault.Unwrap(r.ID, r.WrappedKey); err != nil {
			return err
		}
		if err := s.record(tx, r, by, "scan.ordered", nil); err != nil {
			return err
		}
		return s.enqueue(tx, Order{RequestID: r.ID, Kind: OrderScan})
	})
}

// SaveScan keeps a scan as the latest of its system for a request, and records in the ledger how much it found. It fails with not_found.
func (s *Store) SaveScan(ctx context.Context, requestID models.ID, scan Scan) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := findRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		row := scanRow{RequestID: r.ID, System: scan.System, ControllerID: r.ControllerID, Body: scan, ScannedAt: s.now()}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		// No counts: a customer reads the ledger of its requests, and a whole system also holds what other customers keep of the person.
		return s.record(tx, r, models.System(), "system.scanned", map[string]any{"system": scan.System, "code": scan.Code})
	})
}

// Scans are the latest scans for a request inside the scope, by system. It fails with not_found.
func (s *Store) Scans(ctx context.Context, scope models.Scope, requestID models.ID) ([]Scan, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	var rows []scanRow
	if err := tx.Where("request_id = ?", requestID).Order("system").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Scan, len(rows))
	for i, row := range rows {
		out[i] = row.Body
		out[i].System, out[i].ScannedAt = row.System, row.ScannedAt.UTC()
	}
	return out, nil
}
