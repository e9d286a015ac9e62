package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/store/vault"
	"habeas/models/webhook"
)

type breachRow struct {
	ID         models.ID `gorm:"primaryKey"`
	Reference  string
	Drill      bool
	Source     register.Source
	State      register.State
	ReportedAt time.Time
	AwareAt    *time.Time
	DueAt      *time.Time
	ClosedAt   *time.Time
	Events     int
	WrappedKey []byte
	UpdatedAt  time.Time `gorm:"autoUpdateTime:false"`
}

func (breachRow) TableName() string { return "breaches" }

type breachEventRow struct {
	BreachID    models.ID `gorm:"primaryKey"`
	No          int       `gorm:"primaryKey"`
	Kind        register.Kind
	ActorRole   models.Role
	ActorID     models.ID
	At          time.Time
	Facts       register.Facts `gorm:"serializer:json"`
	WordsSealed []byte
}

func (breachEventRow) TableName() string { return "breach_events" }

type breachCustomerRow struct {
	ID           models.ID `gorm:"primaryKey"`
	BreachID     models.ID
	ControllerID models.ID
	TokenHash    []byte
}

func (breachCustomerRow) TableName() string { return "breach_customers" }

// wordsForm is register.Words as it is sealed: models.Personal does not write itself.
type wordsForm struct {
	What, Reason, Consequences, Measures, Contact, Delay, Reference, By string
}

func wordsPlace(no int) string { return "breach_events.words/" + strconv.Itoa(no) }

func sealWords(key *vault.Key, no int, w register.Words) ([]byte, error) {
	if w == (register.Words{}) {
		return nil, nil
	}
	plain, err := json.Marshal(wordsForm{
		w.What.Reveal(), w.Reason.Reveal(), w.Consequences.Reveal(), w.Measures.Reveal(), w.Contact.Reveal(), w.Delay.Reveal(), w.Reference.Reveal(), w.By.Reveal(),
	})
	if err != nil {
		return nil, err
	}
	return key.Seal(wordsPlace(no), plain), nil
}

func openWords(key *vault.Key, no int, sealed []byte) (register.Words, error) {
	if sealed == nil {
		return register.Words{}, nil
	}
	plain, err := key.Open(wordsPlace(no), sealed)
	if err != nil {
		return register.Words{}, err
	}
	var f wordsForm
	err = json.Unmarshal(plain, &f)
	return register.Words{
		What: models.Personal(f.What), Reason: models.Personal(f.Reason), Consequences: models.Personal(f.Consequences), Measures: models.Personal(f.Measures),
		Contact: models.Personal(f.Contact), Delay: models.Personal(f.Delay), Reference: models.Personal(f.Reference), By: models.Personal(f.By),
	}, err
}

// Breach is a breach with its public name.
type Breach struct {
	register.Record
	Reference string
}

// ReportBreach opens the record of a suspicion and orders its workflow to start, in one transaction. It fails with what register.Note fails with.
func (s *Store) ReportBreach(ctx context.Context, e register.Event) (Breach, error) {
	return s.ReportBreachOnce(ctx, e, nil)
}

// ReportBreachOnce is ReportBreach for a caller who may call again with the same key, which gives the breach of the first call. It also fails with
// idempotency_key_reused.
func (s *Store) ReportBreachOnce(ctx context.Context, e register.Event, key *Idempotency) (Breach, error) {
	var out Breach
	id := newID()
	wrapped, _, err := s.vault.NewKey(id)
	if err != nil {
		return out, err
	}
	e.Kind = register.Reported
	err = s.tx(ctx, func(tx *gorm.DB) error {
		first, err := s.breachOfKey(tx, key, id)
		if err != nil || first != id {
			out = Breach{Record: register.Record{ID: first}}
			return err
		}
		row := breachRow{ID: id, Reference: newReference(), WrappedKey: wrapped, UpdatedAt: s.now(), ReportedAt: s.now()}
		out = Breach{Reference: row.Reference}
		if out.Record, err = s.emptyRecord(tx, id); err != nil {
			return err
		}
		noted, err := out.Note(e, s.now())
		if err != nil {
			return err
		}
		row.Drill, row.Source, row.State = noted.Facts.Drill, noted.Facts.Source, register.Suspected
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if out.Record, err = s.keepEvent(tx, row, out.Record, noted); err != nil {
			return err
		}
		return s.enqueue(tx, Order{BreachID: id, Kind: OrderStart})
	})
	if err == nil && out.ID != id {
		return s.Breach(ctx, models.ScopeOperator(), out.ID)
	}
	return out, err
}

// NoteBreach adds an event to a breach and orders its delivery to the workflow, in one transaction. seen is the number of the last event that
// whoever decides has looked at; when others have come since it fails with breach_changed. 0 does not ask. It also fails with not_found and
// with what register.Note fails with.
func (s *Store) NoteBreach(ctx context.Context, id models.ID, seen int, e register.Event) (out Breach, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		out, err = s.noteBreach(tx, id, seen, e)
		return err
	})
	return out, err
}

func (s *Store) noteBreach(tx *gorm.DB, id models.ID, seen int, e register.Event) (Breach, error) {
	row, err := lockBreach(tx, id)
	if err != nil {
		return Breach{}, err
	}
	record, err := s.recordOf(tx, row)
	if err != nil {
		return Breach{}, err
	}
	if seen > 0 && seen != record.Latest() {
		return Breach{}, models.Errorf(models.Conflict, "breach_changed", "Something was added to the breach since you looked; look again and decide then.")
	}
	if e.Kind == register.Retried { // undone with the transaction when the event is refused
		if err := register.Allowed(e.Kind, e.Actor.Role, record.State); err != nil {
			return Breach{}, err
		}
		if e.Facts.Count, err = s.retryUnreached(tx, id, e.Facts.Cause); err != nil {
			return Breach{}, err
		}
	}
	noted, err := record.Note(e, s.now())
	if err != nil {
		return Breach{}, err
	}
	if record, err = s.keepEvent(tx, row, record, noted); err != nil {
		return Breach{}, err
	}
	if noted.Kind == register.Told && !record.Drill {
		data := webhook.Breach{ID: id, Reference: row.Reference, Update: noted.Facts.Update}
		if err := s.tellWebhooks(tx, noted.Facts.Customer, webhook.BreachTold, id.String()+"/"+strconv.Itoa(noted.Facts.Update), data); err != nil {
			return Breach{}, err
		}
	}
	return Breach{Record: record, Reference: row.Reference}, s.enqueue(tx, Order{BreachID: id, Kind: OrderUpdate, Name: BreachNoted})
}

// BreachNoted is the name of the Update that tells a breach's workflow that the record has grown.
const BreachNoted = "noted"

// keepEvent writes an accepted event with its ledger entry, and the copies that lists need.
func (s *Store) keepEvent(tx *gorm.DB, row breachRow, record register.Record, e register.Event) (register.Record, error) {
	key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
	if err != nil {
		return record, err
	}
	sealed, err := sealWords(key, e.No, e.Words)
	if err != nil {
		return record, err
	}
	kept := breachEventRow{
		BreachID: row.ID, No: e.No, Kind: e.Kind, ActorRole: e.Actor.Role, ActorID: e.Actor.ID, At: e.At, Facts: e.Facts, WordsSealed: sealed,
	}
	if err := tx.Create(&kept).Error; err != nil {
		return record, err
	}
	for _, c := range e.Facts.Customers {
		id := newID()
		link := breachCustomerRow{ID: id, BreachID: row.ID, ControllerID: c.ID, TokenHash: vault.HashToken(s.vault.Token(breachToken, id))}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&link).Error; err != nil {
			return record, err
		}
	}
	record = register.Fold(record.ID, record.Zone, record.EU, append(record.Events, e))
	if err := s.copyRecord(tx, record); err != nil {
		return record, err
	}
	data := map[string]any{"breach_id": row.ID, "no": e.No, "drill": record.Drill}
	if sealed != nil {
		data["words_digest"] = digestOf(sealed) // of the sealed form: the words themselves could be guessed from a short plain digest
	}
	return record, s.recordFor(tx, models.ID{}, models.ID{}, e.Actor, "breach."+string(e.Kind), data)
}

// copyRecord brings the row's copies up to date.
func (s *Store) copyRecord(tx *gorm.DB, r register.Record) error {
	columns := map[string]any{
		"state": r.State, "aware_at": orNull(r.AwareAt), "closed_at": orNull(r.ClosedAt), "events": r.Latest(), "due_at": nil, "updated_at": s.now(),
	}
	for _, c := range r.Clocks(s.now()) {
		if c.Duty == register.DutyAuthority && !c.Done {
			columns["due_at"] = c.DueAt
		}
	}
	if r.State == register.NoBreach {
		columns["closed_at"] = s.now()
	}
	return tx.Model(&breachRow{}).Where("id = ?", r.ID).Updates(columns).Error
}

func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// emptyRecord is a record without events, in the operator's zone.
func (s *Store) emptyRecord(tx *gorm.DB, id models.ID) (register.Record, error) {
	var operator controllerRow
	if err := tx.Where("operator").Take(&operator).Error; err != nil {
		return register.Record{}, missing(err, "operator")
	}
	zone, err := time.LoadLocation(operator.Timezone)
	return register.Fold(id, zone, register.InUnion(operator.Country), nil), err
}

func (s *Store) recordOf(tx *gorm.DB, row breachRow) (register.Record, error) {
	empty, err := s.emptyRecord(tx, row.ID)
	if err != nil {
		return empty, err
	}
	key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
	if err != nil {
		return empty, err
	}
	var rows []breachEventRow
	if err := tx.Where("breach_id = ?", row.ID).Order("no").Find(&rows).Error; err != nil {
		return empty, unavailable(err)
	}
	events := make([]register.Event, len(rows))
	for i, r := range rows {
		words, err := openWords(key, r.No, r.WordsSealed)
		if err != nil {
			return empty, err
		}
		events[i] = register.Event{No: r.No, Kind: r.Kind, Actor: models.Actor{Role: r.ActorRole, ID: r.ActorID}, At: r.At.UTC(), Facts: r.Facts, Words: words}
	}
	return register.Fold(row.ID, empty.Zone, empty.EU, events), nil
}

// Breach is one breach. Customers see those that concern their data and that they were told of; it fails with not_found.
func (s *Store) Breach(ctx context.Context, scope models.Scope, id models.ID) (Breach, error) {
	tx := s.read(ctx)
	var row breachRow
	if err := concerned(tx, scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return Breach{}, missing(err, "breach")
	}
	record, err := s.recordOf(tx, row)
	return Breach{Record: record, Reference: row.Reference}, err
}

// concerned limits a query of breaches to those that concern a customer's data.
func concerned(tx *gorm.DB, scope models.Scope) *gorm.DB {
	id, limited := scope.Controller()
	if !limited {
		return tx
	}
	return tx.Where("id IN (SELECT breach_id FROM breach_customers WHERE controller_id = ?)", id)
}

// Breaches are the breaches in the scope, open ones first, by their legal date and then by their report; limit bounds them.
func (s *Store) Breaches(ctx context.Context, scope models.Scope, limit int) ([]Breach, error) {
	return s.BreachesAfter(ctx, scope, models.ID{}, limit)
}

// breachOrder is the order of a list of breaches.
const breachOrder = "closed_at IS NOT NULL, coalesce(due_at, 'infinity'::timestamptz), -extract(epoch FROM reported_at), id"

// BreachesAfter are at most limit breaches of the list, from the one on that follows the named one; zero is the first page.
func (s *Store) BreachesAfter(ctx context.Context, scope models.Scope, after models.ID, limit int) ([]Breach, error) {
	tx := s.read(ctx)
	var rows []breachRow
	q := concerned(tx, scope)
	if !after.IsZero() {
		q = q.Where("("+breachOrder+") > (SELECT "+breachOrder+" FROM breaches WHERE id = ?)", after)
	}
	if err := q.Order(breachOrder).Limit(limit).Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Breach, len(rows))
	for i, row := range rows {
		record, err := s.recordOf(tx, row)
		if err != nil {
			return nil, err
		}
		out[i] = Breach{Record: record, Reference: row.Reference}
	}
	return out, nil
}
