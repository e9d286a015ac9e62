package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/contractend"
	"habeas/models/member"
)

type contractEndRow struct {
	ID           models.ID `gorm:"primaryKey"`
	Reference    string
	ControllerID models.ID
	State        contractend.State
	OrderedAt    time.Time
	ClosedAt     *time.Time
	ReturnsID    models.ID
	ErasesID     models.ID
	Events       int
	WrappedKey   []byte
	UpdatedAt    time.Time `gorm:"autoUpdateTime:false"`
}

func (contractEndRow) TableName() string { return "contract_ends" }

type contractEndEventRow struct {
	ContractEndID models.ID `gorm:"primaryKey"`
	No            int       `gorm:"primaryKey"`
	Kind          contractend.Kind
	ActorRole     models.Role
	ActorID       models.ID
	At            time.Time
	Facts         contractend.Facts `gorm:"serializer:json"`
	ReasonSealed  []byte
}

func (contractEndEventRow) TableName() string { return "contract_end_events" }

// ContractEnd is the end of a customer's contract with its public name.
type ContractEnd struct {
	contractend.Record
	Reference string
	Slug      string // the customer's
	Customer  string // its name
}

// ContractEndNoted is the name of the Update that tells the workflow of a contract's end that the record has grown.
const ContractEndNoted = "noted"

func contractEndPlace(no int) string { return "contract_end_events.reason/" + strconv.Itoa(no) }

// OrderContractEnd opens the record of the end of a customer's contract, inside the scope. It fails with not_found, with no_customer for the operator
// itself, with no_contact when the data is to be returned and nobody is known to send it to, with contract_end_open while another order of the customer
// is under way, and with what contractend.Note fails with.
func (s *Store) OrderContractEnd(ctx context.Context, scope models.Scope, controller models.ID, e contractend.Event) (ContractEnd, error) {
	if !scope.Allows(controller) {
		return ContractEnd{}, notFound("controller")
	}
	c, err := s.ControllerByID(ctx, scope, controller)
	switch {
	case err != nil:
		return ContractEnd{}, err
	case c.Operator:
		return ContractEnd{}, models.Errorf(models.Invalid, "no_customer", "Only a customer's contract can end.").At("/customer")
	case e.Facts.Return && c.ContactEmail == "":
		return ContractEnd{}, models.Errorf(models.Invalid, "no_contact", "The customer has no mail address to which its data could be returned.").At("/return")
	}
	var out ContractEnd
	id := newID()
	wrapped, _, err := s.vault.NewKey(id)
	if err != nil {
		return out, err
	}
	e.Kind = contractend.Ordered
	err = s.tx(ctx, func(tx *gorm.DB) error {
		row := contractEndRow{ID: id, Reference: newReference(), ControllerID: controller, OrderedAt: s.now(), WrappedKey: wrapped, UpdatedAt: s.now()}
		record, err := s.contractEndOf(tx, row)
		if err != nil {
			return err
		}
		noted, err := record.Note(e, s.now())
		if err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if out, err = s.keepContractEnd(tx, row, record, noted); err != nil {
			return err
		}
		return s.enqueue(tx, Order{ContractEndID: id, Kind: OrderStart})
	})
	if violates(err) {
		return out, models.Errorf(models.Conflict, "contract_end_open", "The end of this customer's contract is under way already.").Because(err)
	}
	return out, err
}

// NoteContractEnd adds an event to the record of a contract's end inside the scope, and orders its delivery to the workflow, in one transaction. seen is
// the number of the last event that whoever decides has looked at; when others have come since it fails with contract_end_changed. 0 does not ask. It
// also fails with not_found and with what contractend.Note and MayApproveEnd fail with.
func (s *Store) NoteContractEnd(ctx context.Context, scope models.Scope, id models.ID, seen int, e contractend.Event) (ContractEnd, error) {
	var out ContractEnd
	err := s.withContractEnd(ctx, scope, id, func(tx *gorm.DB, row contractEndRow, record contractend.Record) error {
		if seen > 0 && seen != record.Latest() {
			return models.Errorf(models.Conflict, "contract_end_changed", "Something was added since you looked; look again and decide then.")
		}
		noted, err := record.Note(e, s.now())
		if err == nil && e.Kind == contractend.Approved {
			err = approvesEnd(tx, record, e.Actor.ID)
		}
		if err != nil {
			return err
		}
		if out, err = s.keepContractEnd(tx, row, record, noted); err != nil || e.Actor.Role == models.RoleSystem {
			return err
		}
		return s.enqueue(tx, Order{ContractEndID: id, Kind: OrderUpdate, Name: ContractEndNoted})
	})
	return out, err
}

// MayApproveEnd checks that somebody who may approve ends of contracts is another person than who ordered this one, and signed in with an account: what
// cannot be taken back takes a person who has just shown who they are, which a key cannot. It fails with same_person or needs_person.
func (s *Store) MayApproveEnd(ctx context.Context, record contractend.Record, by models.ID) error {
	return approvesEnd(s.read(ctx), record, by)
}

func approvesEnd(tx *gorm.DB, record contractend.Record, by models.ID) error {
	_, isKey, err := keyRow(tx, by)
	switch {
	case err != nil:
		return err
	case isKey:
		return models.Errorf(models.Forbidden, "needs_person", "The end of a contract is approved by somebody who signs in with an account; an access key cannot.")
	}
	return apart(tx, record.OrderedBy.ID, by)
}

// withContractEnd runs fn under the lock of a contract's end.
func (s *Store) withContractEnd(ctx context.Context, scope models.Scope, id models.ID, fn func(*gorm.DB, contractEndRow, contractend.Record) error) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row contractEndRow
		locked := scoped(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), scope)
		if err := locked.Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "contract end")
		}
		record, err := s.contractEndOf(tx, row)
		if err != nil {
			return err
		}
		return fn(tx, row, record)
	})
}

// keepContractEnd writes an accepted event with its ledger entry, and what follows from it.
func (s *Store) keepContractEnd(tx *gorm.DB, row contractEndRow, record contractend.Record, e contractend.Event) (ContractEnd, error) {
	if e.Kind == contractend.Ended {
		if err := s.closeAccess(tx, row.ControllerID, &e.Facts); err != nil {
			return ContractEnd{}, err
		}
	}
	key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
	if err != nil {
		return ContractEnd{}, err
	}
	kept := contractEndEventRow{
		ContractEndID: row.ID, No: e.No, Kind: e.Kind, ActorRole: e.Actor.Role, ActorID: e.Actor.ID, At: e.At, Facts: e.Facts,
		ReasonSealed: sealText(key, contractEndPlace(e.No), e.Reason),
	}
	if err := tx.Create(&kept).Error; err != nil {
		return ContractEnd{}, err
	}
	record = contractend.Fold(record.ID, record.Controller, record.Zone, append(slices.Clone(record.Events), e))
	columns := map[string]any{
		"state": record.State, "closed_at": orNull(record.ClosedAt), "returns_id": record.Returns, "erases_id": record.Erases, "events": record.Latest(), "updated_at": s.now(),
	}
	if err := tx.Model(&contractEndRow{}).Where("id = ?", row.ID).Updates(columns).Error; err != nil {
		return ContractEnd{}, err
	}
	data := map[string]any{"contract_end_id": row.ID, "no": e.No}
	if !e.Facts.RequestID.IsZero() {
		data["opened_request_id"] = e.Facts.RequestID
	}
	if kept.ReasonSealed != nil {
		data["reason_digest"] = digestOf(kept.ReasonSealed)
	}
	if err := s.recordFor(tx, row.ControllerID, models.ID{}, e.Actor, "contract_end."+string(e.Kind), data); err != nil {
		return ContractEnd{}, err
	}
	return s.namedContractEnd(tx, row, record)
}

// closeAccess ends the accounts of a customer's people, revokes its access keys and switches its webhooks off, and counts them.
func (s *Store) closeAccess(tx *gorm.DB, controller models.ID, f *contractend.Facts) error {
	var people []memberRow
	if err := tx.Where("controller_id = ? AND state <> ?", controller, member.Deactivated).Order("id").Find(&people).Error; err != nil {
		return err
	}
	f.Members = len(people)
	for _, row := range people {
		if err := s.deactivate(tx, row, models.System()); err != nil {
			return err
		}
	}
	var keys, hooks []models.ID
	if err := tx.Model(&accessKeyRow{}).Where("controller_id = ? AND revoked_at IS NULL", controller).Order("id").Pluck("id", &keys).Error; err != nil {
		return err
	}
	if err := tx.Model(&endpointRow{}).Where("controller_id = ? AND active", controller).Order("id").Pluck("id", &hooks).Error; err != nil {
		return err
	}
	f.Keys, f.Webhooks = len(keys), len(hooks)
	for _, id := range keys {
		if err := tx.Model(&accessKeyRow{}).Where("id = ?", id).Update("revoked_at", s.now()).Error; err != nil {
			return err
		}
		if err := s.recordFor(tx, controller, models.ID{}, models.System(), "key.revoked", map[string]any{"key_id": id}); err != nil {
			return err
		}
	}
	for _, id := range hooks {
		if err := tx.Model(&endpointRow{}).Where("id = ?", id).Updates(map[string]any{"active": false, "updated_at": s.now()}).Error; err != nil {
			return err
		}
		if err := s.recordFor(tx, controller, models.ID{}, models.System(), "webhook.disabled", map[string]any{"endpoint_id": id}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) contractEndOf(tx *gorm.DB, row contractEndRow) (contractend.Record, error) {
	c, err := controllerByID(tx, row.ControllerID)
	if err != nil {
		return contractend.Record{}, err
	}
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return contractend.Record{}, err
	}
	key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
	if err != nil {
		return contractend.Record{}, err
	}
	var rows []contractEndEventRow
	if err := tx.Where("contract_end_id = ?", row.ID).Order("no").Find(&rows).Error; err != nil {
		return contractend.Record{}, unavailable(err)
	}
	events := make([]contractend.Event, len(rows))
	for i, r := range rows {
		reason, err := openText(key, contractEndPlace(r.No), r.ReasonSealed)
		if err != nil {
			return contractend.Record{}, err
		}
		events[i] = contractend.Event{No: r.No, Kind: r.Kind, Actor: models.Actor{Role: r.ActorRole, ID: r.ActorID}, At: r.At.UTC(), Facts: r.Facts, Reason: reason}
	}
	return contractend.Fold(row.ID, row.ControllerID, zone, events), nil
}

func (s *Store) namedContractEnd(tx *gorm.DB, row contractEndRow, record contractend.Record) (ContractEnd, error) {
	c, err := controllerByID(tx, row.ControllerID)
	return ContractEnd{Record: record, Reference: row.Reference, Slug: c.Slug, Customer: c.Name}, err
}

// ContractEnd is one end of a contract inside the scope; it fails with not_found.
func (s *Store) ContractEnd(ctx context.Context, scope models.Scope, id models.ID) (ContractEnd, error) {
	return s.oneContractEnd(ctx, scope, "id = ?", id)
}

// ContractEndOf is the end of a contract for which a request was opened; it fails with not_found.
func (s *Store) ContractEndOf(ctx context.Context, scope models.Scope, request models.ID) (ContractEnd, error) {
	return s.oneContractEnd(ctx, scope, "returns_id = ? OR erases_id = ?", request, request)
}

func (s *Store) oneContractEnd(ctx context.Context, scope models.Scope, condition string, args ...any) (ContractEnd, error) {
	var row contractEndRow
	if err := scoped(s.read(ctx), scope).Where(condition, args...).Take(&row).Error; err != nil {
		return ContractEnd{}, missing(err, "contract end")
	}
	record, err := s.contractEndOf(s.read(ctx), row)
	if err != nil {
		return ContractEnd{}, err
	}
	return s.namedContractEnd(s.read(ctx), row, record)
}

// ContractEnds are the ends of contracts inside the scope, those under way first, then the latest; limit bounds them.
func (s *Store) ContractEnds(ctx context.Context, scope models.Scope, limit int) ([]ContractEnd, error) {
	var rows []contractEndRow
	if err := scoped(s.read(ctx), scope).Order("closed_at IS NOT NULL, ordered_at DESC, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]ContractEnd, len(rows))
	for i, row := range rows {
		record, err := s.contractEndOf(s.read(ctx), row)
		if err == nil {
			out[i], err = s.namedContractEnd(s.read(ctx), row, record)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
