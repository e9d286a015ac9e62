package store

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/store/vault"
	"habeas/models/subprocessor"
)

type changeRow struct {
	ID          models.ID `gorm:"primaryKey"`
	Reference   string
	Kind        subprocessor.Sort
	Slug        string
	State       subprocessor.State
	DraftedAt   time.Time
	AnnouncedAt *time.Time
	EffectiveOn *time.Time
	ClosedAt    *time.Time
	Events      int
	WrappedKey  []byte
	UpdatedAt   time.Time `gorm:"autoUpdateTime:false"`
}

func (changeRow) TableName() string { return "subprocessor_changes" }

type changingRow struct {
	Slug     string `gorm:"primaryKey"`
	ChangeID models.ID
}

func (changingRow) TableName() string { return "subprocessors_changing" }

type changeEventRow struct {
	ChangeID    models.ID `gorm:"primaryKey"`
	No          int       `gorm:"primaryKey"`
	Kind        subprocessor.Kind
	ActorRole   models.Role
	ActorID     models.ID
	At          time.Time
	Facts       subprocessor.Facts `gorm:"serializer:json"`
	WordsSealed []byte
}

func (changeEventRow) TableName() string { return "subprocessor_change_events" }

// Change is a change of subprocessors with its public name.
type Change struct {
	subprocessor.Record
	Reference string
}

// ChangeNoted is the name of the Update that tells a change's workflow that the record has grown.
const ChangeNoted = "noted"

type changeWords struct{ Reason, Address string }

func changeWordsPlace(no int) string { return "subprocessor_change_events.words/" + strconv.Itoa(no) }

func sealChangeWords(key *vault.Key, no int, w subprocessor.Words) ([]byte, error) {
	if w == (subprocessor.Words{}) {
		return nil, nil
	}
	plain, err := json.Marshal(changeWords{w.Reason.Reveal(), w.Address.Reveal()})
	if err != nil {
		return nil, err
	}
	return key.Seal(changeWordsPlace(no), plain), nil
}

func openChangeWords(key *vault.Key, no int, sealed []byte) (subprocessor.Words, error) {
	if sealed == nil {
		return subprocessor.Words{}, nil
	}
	plain, err := key.Open(changeWordsPlace(no), sealed)
	if err != nil {
		return subprocessor.Words{}, err
	}
	var f changeWords
	err = json.Unmarshal(plain, &f)
	return subprocessor.Words{Reason: models.Personal(f.Reason), Address: models.Personal(f.Address)}, err
}

// DraftChange opens the record of a change. It fails with what subprocessor.Note fails with, with change_open while another change of the same
// subprocessor is under way, and with unknown_recipient or already_registered when the register does not fit the proposal.
func (s *Store) DraftChange(ctx context.Context, e subprocessor.Event) (Change, error) {
	var out Change
	id := newID()
	wrapped, _, err := s.vault.NewKey(id)
	if err != nil {
		return out, err
	}
	e.Kind = subprocessor.Drafted
	err = s.tx(ctx, func(tx *gorm.DB) error {
		zone, err := s.operatorZone(tx)
		if err != nil {
			return err
		}
		record := subprocessor.Fold(id, zone, nil)
		noted, err := record.Note(e, s.now())
		if err != nil {
			return err
		}
		p := noted.Facts.Proposal
		row := changeRow{
			ID: id, Reference: newReference(), Kind: p.Sort, Slug: p.Slug, State: subprocessor.Draft, DraftedAt: s.now(), WrappedKey: wrapped, UpdatedAt: s.now(),
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		out = Change{Reference: row.Reference}
		out.Record, err = s.keepChange(tx, row, record, noted)
		return err
	})
	return out, changeOpen(err)
}

// changeOpen: the only unique name that a change can meet is a subprocessor whose change is under way.
func changeOpen(err error) error {
	if violates(err) {
		return models.Errorf(models.Conflict, "change_open", "Another change of this subprocessor is under way; finish or withdraw it first.").Because(err)
	}
	return err
}

func (s *Store) operatorZone(tx *gorm.DB) (*time.Location, error) {
	var operator controllerRow
	if err := tx.Where("operator").Take(&operator).Error; err != nil {
		return nil, missing(err, "operator")
	}
	return time.LoadLocation(operator.Timezone)
}

// NoteChange adds an event to a change and orders its delivery to the workflow, in one transaction. An announcement names the customers concerned by
// itself, and when the change takes effect the register follows. seen is the number of the last event that whoever decides has looked at; when
// others have come since it fails with change_changed. 0 does not ask. It also fails with not_found and with what DraftChange fails with.
func (s *Store) NoteChange(ctx context.Context, id models.ID, seen int, e subprocessor.Event) (Change, error) {
	var out Change
	err := s.tx(ctx, func(tx *gorm.DB) error {
		var row changeRow
		err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", id).Take(&row).Error
		if err != nil {
			return missing(err, "change")
		}
		record, err := s.changeOf(tx, row)
		if err != nil {
			return err
		}
		if seen > 0 && seen != record.Latest() {
			return models.Errorf(models.Conflict, "change_changed", "Something was added to the change since you looked; look again and decide then.")
		}
		if e.Kind == subprocessor.Announced {
			if e.Facts.Customers, err = s.concernedBy(tx, record.Proposal); err != nil {
				return err
			}
		}
		noted, err := record.Note(e, s.now())
		if err != nil {
			return err
		}
		if record, err = s.keepChange(tx, row, record, noted); err != nil {
			return err
		}
		out = Change{Record: record, Reference: row.Reference}
		return s.orderChange(tx, id, noted)
	})
	return out, changeOpen(err)
}

// orderChange tells the workflow what it did not note itself.
func (s *Store) orderChange(tx *gorm.DB, id models.ID, e subprocessor.Event) error {
	switch {
	case e.Actor.Role == models.RoleSystem, e.Kind == subprocessor.Drafted:
		return nil
	case e.Kind == subprocessor.Announced:
		return s.enqueue(tx, Order{ChangeID: id, Kind: OrderStart})
	}
	return s.enqueue(tx, Order{ChangeID: id, Kind: OrderUpdate, Name: ChangeNoted})
}

// keepChange writes an accepted event with its ledger entry, and what follows from it.
func (s *Store) keepChange(tx *gorm.DB, row changeRow, record subprocessor.Record, e subprocessor.Event) (subprocessor.Record, error) {
	key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
	if err != nil {
		return record, err
	}
	sealed, err := sealChangeWords(key, e.No, e.Words)
	if err != nil {
		return record, err
	}
	kept := changeEventRow{ChangeID: row.ID, No: e.No, Kind: e.Kind, ActorRole: e.Actor.Role, ActorID: e.Actor.ID, At: e.At, Facts: e.Facts, WordsSealed: sealed}
	if err := tx.Create(&kept).Error; err != nil {
		return record, err
	}
	record = subprocessor.Fold(record.ID, record.Zone, append(slices.Clone(record.Events), e))
	if err := s.followChange(tx, record, e); err != nil {
		return record, err
	}
	if err := s.tellChange(tx, row, record, e); err != nil {
		return record, err
	}
	columns := map[string]any{
		"state": record.State, "kind": record.Proposal.Sort, "slug": record.Proposal.Slug, "announced_at": orNull(record.AnnouncedAt), "closed_at": orNull(record.ClosedAt),
		"events": record.Latest(), "updated_at": s.now(),
	}
	if !record.EffectiveOn.IsZero() {
		columns["effective_on"] = record.EffectiveOn.String()
	}
	if err := tx.Model(&changeRow{}).Where("id = ?", row.ID).Updates(columns).Error; err != nil {
		return record, err
	}
	data := map[string]any{"change_id": row.ID, "no": e.No, "told": len(e.Facts.Told), "concerned": len(e.Facts.Customers)}
	if !e.Facts.Customer.IsZero() {
		data["customer_id"] = e.Facts.Customer
	}
	if sealed != nil {
		data["words_digest"] = digestOf(sealed)
	}
	return record, s.recordFor(tx, models.ID{}, models.ID{}, e.Actor, "subprocessor_change."+string(e.Kind), data)
}

// followChange does what an event means outside of the record.
func (s *Store) followChange(tx *gorm.DB, record subprocessor.Record, e subprocessor.Event) error {
	switch e.Kind {
	case subprocessor.Drafted:
		return s.claim(tx, record)
	case subprocessor.Announced:
		if err := s.linkCustomers(tx, record); err != nil {
			return err
		}
		if err := s.tellSubscribers(tx, record.ID, e.Actor); err != nil || !record.Early() {
			return err
		}
		if err := s.carryOut(tx, record); err != nil {
			return err
		}
	case subprocessor.InForce:
		if err := s.bringAbout(tx, record); err != nil {
			return err
		}
	case subprocessor.Withdrawn:
	case subprocessor.Told, subprocessor.Unreached, subprocessor.Objected, subprocessor.Answered, subprocessor.Decided:
		return nil
	}
	return tx.Where("change_id = ?", record.ID).Delete(&changingRow{}).Error
}

// bringAbout does what a decided change means for the register on its day.
func (s *Store) bringAbout(tx *gorm.DB, record subprocessor.Record) error {
	if record.Early() {
		return s.spare(tx, record)
	}
	return s.carryOut(tx, record)
}

// claim keeps other changes of the same subprocessors out until this one is over.
func (s *Store) claim(tx *gorm.DB, record subprocessor.Record) error {
	p := record.Proposal
	if err := s.fits(tx, p); err != nil {
		return err
	}
	if err := tx.Where("change_id = ?", record.ID).Delete(&changingRow{}).Error; err != nil {
		return err
	}
	rows := []changingRow{{Slug: p.Slug, ChangeID: record.ID}}
	if p.Old != "" {
		rows = append(rows, changingRow{Slug: p.Old, ChangeID: record.ID})
	}
	return tx.Create(&rows).Error
}

func (s *Store) linkCustomers(tx *gorm.DB, record subprocessor.Record) error {
	rows := make([]changeCustomerRow, len(record.Customers))
	for i, c := range record.Customers {
		id := newID()
		rows[i] = changeCustomerRow{ID: id, ChangeID: record.ID, ControllerID: c.ID, TokenHash: vault.HashToken(s.vault.Token(changeToken, id))}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.CreateInBatches(&rows, sealBatch).Error
}

func (s *Store) changeOf(tx *gorm.DB, row changeRow) (subprocessor.Record, error) {
	zone, err := s.operatorZone(tx)
	if err != nil {
		return subprocessor.Record{}, err
	}
	key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
	if err != nil {
		return subprocessor.Record{}, err
	}
	var rows []changeEventRow
	if err := tx.Where("change_id = ?", row.ID).Order("no").Find(&rows).Error; err != nil {
		return subprocessor.Record{}, unavailable(err)
	}
	events := make([]subprocessor.Event, len(rows))
	for i, r := range rows {
		words, err := openChangeWords(key, r.No, r.WordsSealed)
		if err != nil {
			return subprocessor.Record{}, err
		}
		events[i] = subprocessor.Event{No: r.No, Kind: r.Kind, Actor: models.Actor{Role: r.ActorRole, ID: r.ActorID}, At: r.At.UTC(), Facts: r.Facts, Words: words}
	}
	return subprocessor.Fold(row.ID, zone, events), nil
}

// Change is one change. A customer sees those that were announced and concern its data, and of them its own part only; it fails with not_found.
func (s *Store) Change(ctx context.Context, scope models.Scope, id models.ID) (Change, error) {
	var row changeRow
	if err := changesFor(s.read(ctx), scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return Change{}, missing(err, "change")
	}
	return s.change(s.read(ctx), scope, row)
}

func (s *Store) change(tx *gorm.DB, scope models.Scope, row changeRow) (Change, error) {
	record, err := s.changeOf(tx, row)
	if id, limited := scope.Controller(); limited {
		record = record.Only(id)
	}
	return Change{Record: record, Reference: row.Reference}, err
}

// changesFor limits a query of changes to those that a customer was to be told of.
func changesFor(tx *gorm.DB, scope models.Scope) *gorm.DB {
	id, limited := scope.Controller()
	if !limited {
		return tx
	}
	return tx.Where("id IN (SELECT change_id FROM subprocessor_change_customers WHERE controller_id = ?)", id)
}

// Changes are the changes in the scope, those under way first, then the latest; limit bounds them.
func (s *Store) Changes(ctx context.Context, scope models.Scope, limit int) ([]Change, error) {
	return s.ChangesAfter(ctx, scope, models.ID{}, limit)
}

// changeOrder is the order of a list of changes.
const changeOrder = "closed_at IS NOT NULL, -extract(epoch FROM drafted_at), id"

// ChangesAfter are at most limit changes of the list, from the one on that follows the named one; zero is the first page.
func (s *Store) ChangesAfter(ctx context.Context, scope models.Scope, after models.ID, limit int) ([]Change, error) {
	q := changesFor(s.read(ctx), scope)
	if !after.IsZero() {
		q = q.Where("("+changeOrder+") > (SELECT "+changeOrder+" FROM subprocessor_changes WHERE id = ?)", after)
	}
	var rows []changeRow
	err := q.Order(changeOrder).Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]Change, len(rows))
	for i, row := range rows {
		if out[i], err = s.change(s.read(ctx), scope, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}
