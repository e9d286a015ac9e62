package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/breach/persons"
)

// PersonState is how far somebody has been told.
type PersonState string

const (
	PersonWaiting PersonState = "waiting"
	PersonSending PersonState = "sending" // handed to a worker, which has not said what became of it
	PersonSent    PersonState = "sent"    // the mail server has taken the message
	PersonRefused PersonState = "refused" // it never will
	PersonBounced PersonState = "bounced" // it was taken and came back
	PersonUnclear PersonState = "unclear" // a worker died while it was being handed over; nobody can say whether it was taken

	PersonDeferred  PersonState = "deferred"  // the mail server asks to try again later
	PersonUnreached PersonState = "unreached" // it has asked so too often: no more is tried
)

// PersonStates are all states, in the order in which they are shown.
func PersonStates() []PersonState {
	return []PersonState{PersonWaiting, PersonSending, PersonDeferred, PersonSent, PersonRefused, PersonBounced, PersonUnreached, PersonUnclear}
}

type breachPersonRow struct {
	ID        models.ID `gorm:"primaryKey"`
	BreachID  models.ID
	No        int64 `gorm:"->"`
	Index     []byte
	Message   []byte
	Sealed    []byte
	State     PersonState
	Code      string
	Tries     int
	ChangedAt time.Time
	NextAt    *time.Time
}

func (breachPersonRow) TableName() string { return "breach_persons" }

func personPlace(id models.ID) string { return "breach_persons/" + id.String() }

// MessageOf is the left half of the Message-ID of a mail with a key, as activities/mail derives it.
func MessageOf(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:16]
}

// BreachPersonList takes in a list of persons.
type BreachPersonList struct {
	s        *Store
	breachID models.ID
	key      sealer
	rows     []breachPersonRow
	Added    int64 // that were not on the breach's list yet
}

type sealer interface {
	Seal(place string, plain []byte) []byte
}

// BreachPersonList begins taking in persons whom a breach concerns. It fails with not_found or letter_approved.
func (s *Store) BreachPersonList(ctx context.Context, breachID models.ID) (*BreachPersonList, error) {
	var row breachRow
	if err := s.read(ctx).Where("id = ?", breachID).Take(&row).Error; err != nil {
		return nil, missing(err, "breach")
	}
	if err := letterOpen(s.read(ctx), breachID); err != nil {
		return nil, unavailable(err)
	}
	key, err := s.vault.Unwrap(row.ID, row.WrappedKey)
	return &BreachPersonList{s: s, breachID: breachID, key: key}, err
}

// Add takes in one person; one who is on the list already is left as is.
func (l *BreachPersonList) Add(ctx context.Context, p persons.Person) error {
	id := newID()
	plain, err := json.Marshal([2]string{p.Email.Reveal(), p.Name.Reveal()})
	if err != nil {
		return err
	}
	l.rows = append(l.rows, breachPersonRow{
		ID: id, BreachID: l.breachID, Index: l.s.vault.Index(l.breachID, "breach person", p.Index()), Message: MessageOf(id.String()),
		Sealed: l.key.Seal(personPlace(id), plain),
	})
	if len(l.rows) < batchOfRows {
		return nil
	}
	return l.flush(ctx)
}

func (l *BreachPersonList) flush(ctx context.Context) error {
	var ids []models.ID
	var index, message, sealed [][]byte
	for _, r := range l.rows {
		ids, index, message, sealed = append(ids, r.ID), append(index, r.Index), append(message, r.Message), append(sealed, r.Sealed)
	}
	l.rows = l.rows[:0]
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	tag, err := l.s.pool.Exec(ctx, `
INSERT INTO breach_persons (id, breach_id, index, message, sealed, changed_at)
SELECT id, $1, index, message, sealed, $6 FROM unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[]) AS n(id, index, message, sealed)
ON CONFLICT DO NOTHING`, l.breachID, texts, index, message, sealed, l.s.now())
	l.Added += tag.RowsAffected()
	return unavailable(err)
}

// Close writes what is left, and notes in the ledger how many were added.
func (l *BreachPersonList) Close(ctx context.Context, by models.Actor) error {
	if len(l.rows) > 0 {
		if err := l.flush(ctx); err != nil {
			return err
		}
	}
	return l.s.tx(ctx, func(tx *gorm.DB) error {
		return l.s.recordFor(tx, models.ID{}, models.ID{}, by, "breach.persons_listed", map[string]any{"breach_id": l.breachID, "added": l.Added})
	})
}

// BreachPerson is one person to be written to.
type BreachPerson struct {
	ID          models.ID
	ClaimedAt   time.Time // when it was handed to a worker; only that worker may say what became of it
	Tries       int       // how often the message was tried before and not taken
	Message     []byte
	Email, Name models.Personal
}

// Outcome is what became of the person's message, as the worker that has claimed it says.
func (p BreachPerson) Outcome(state PersonState, code string) PersonOutcome {
	return PersonOutcome{ID: p.ID, ClaimedAt: p.ClaimedAt, State: state, Code: code, Tries: p.Tries}
}

// Deferred is the outcome that the message was tried in vain and is to be tried again, not before an instant.
func (p BreachPerson) Deferred(code string, next time.Time) PersonOutcome {
	return PersonOutcome{ID: p.ID, ClaimedAt: p.ClaimedAt, State: PersonDeferred, Code: code, Tries: p.Tries + 1, NextAt: next}
}

// ClaimBreachPersons hands at most limit persons to a worker who wait, or were put off until now: those whom it was tried with least often first, in
// the order of the list, so that somebody who is put off again and again holds up nobody.
func (s *Store) ClaimBreachPersons(ctx context.Context, breachID models.ID, limit int) ([]BreachPerson, error) {
	return s.breachPersons(ctx, breachID, `
UPDATE breach_persons SET state = 'sending', next_at = NULL, changed_at = ? WHERE id IN (
    SELECT id FROM breach_persons WHERE breach_id = ? AND (state = 'waiting' OR state = 'deferred' AND next_at <= ?)
    ORDER BY tries, no LIMIT ? FOR UPDATE SKIP LOCKED)
RETURNING *`, s.now(), breachID, s.now(), limit)
}

// StuckBreachPersons are those that were handed to a worker before an instant and of whom it has said nothing since.
func (s *Store) StuckBreachPersons(ctx context.Context, breachID models.ID, before time.Time, limit int) ([]BreachPerson, error) {
	return s.breachPersons(ctx, breachID, `
SELECT * FROM breach_persons WHERE breach_id = ? AND state = 'sending' AND changed_at <= ? ORDER BY no LIMIT ?`, breachID, before, limit)
}

func (s *Store) breachPersons(ctx context.Context, breachID models.ID, sql string, args ...any) ([]BreachPerson, error) {
	var b breachRow
	if err := s.read(ctx).Where("id = ?", breachID).Take(&b).Error; err != nil {
		return nil, missing(err, "breach")
	}
	key, err := s.vault.Unwrap(b.ID, b.WrappedKey)
	if err != nil {
		return nil, err
	}
	var rows []breachPersonRow
	if err := s.read(ctx).Raw(sql, args...).Scan(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]BreachPerson, len(rows))
	for i, r := range rows {
		plain, err := key.Open(personPlace(r.ID), r.Sealed)
		if err != nil {
			return nil, err
		}
		var text [2]string
		if err := json.Unmarshal(plain, &text); err != nil {
			return nil, err
		}
		out[i] = BreachPerson{
			ID: r.ID, ClaimedAt: r.ChangedAt.UTC(), Tries: r.Tries, Message: r.Message, Email: models.Personal(text[0]), Name: models.Personal(text[1]),
		}
	}
	return out, nil
}

// PersonOutcome is what became of one person's message.
type PersonOutcome struct {
	ID        models.ID
	ClaimedAt time.Time
	State     PersonState
	Code      string
	Tries     int
	NextAt    time.Time // of a person put off
}

// MarkBreachPersons notes what became of messages. Only those that are still in the hands of whoever claimed them then change: a worker that was
// believed dead cannot undo what was settled meanwhile.
func (s *Store) MarkBreachPersons(ctx context.Context, breachID models.ID, outcomes []PersonOutcome) error {
	var ids, states, codes []string
	var claims []time.Time
	var tries []int
	var next []*time.Time
	for _, o := range outcomes {
		ids, states, codes, claims = append(ids, o.ID.String()), append(states, string(o.State)), append(codes, o.Code), append(claims, o.ClaimedAt)
		tries, next = append(tries, o.Tries), append(next, nullable(o.NextAt))
	}
	_, err := s.pool.Exec(ctx, `
UPDATE breach_persons p SET state = n.state, code = n.code, tries = n.tries, next_at = n.next_at, changed_at = $5
FROM unnest($2::uuid[], $3::text[], $4::text[], $6::timestamptz[], $7::integer[], $8::timestamptz[]) AS n(id, state, code, claimed, tries, next_at)
WHERE p.id = n.id AND p.breach_id = $1 AND p.state = 'sending' AND p.changed_at = n.claimed`,
		breachID, ids, states, codes, s.now(), claims, tries, next)
	return unavailable(err)
}

// SettleUnclear decides what becomes of messages of which nobody can say whether they were taken: they are sent again, or count as sent. It
// returns how many these were.
func (s *Store) SettleUnclear(ctx context.Context, breachID models.ID, again bool, by models.Actor) (int64, error) {
	var n int64
	err := s.tx(ctx, func(tx *gorm.DB) error {
		to := PersonSent
		if again {
			to = PersonWaiting
		}
		result := tx.Model(&breachPersonRow{}).Where("breach_id = ? AND state = ?", breachID, PersonUnclear).
			Updates(map[string]any{"state": to, "changed_at": s.now()})
		if n = result.RowsAffected; result.Error != nil || n == 0 {
			return result.Error
		}
		data := map[string]any{"breach_id": breachID, "persons": n, "again": again}
		if err := s.recordFor(tx, models.ID{}, models.ID{}, by, "breach.unclear_settled", data); err != nil {
			return err
		}
		return s.enqueue(tx, Order{BreachID: breachID, Kind: OrderBreachMail})
	})
	return n, err
}

// retryUnreached lets persons be written to again from the start of whom the mail server would not take a message, all or those with the code of a cause, and
// returns how many these are. It fails with nobody_unreached, so that a second call puts nobody back twice.
func (s *Store) retryUnreached(tx *gorm.DB, breachID models.ID, cause string) (int, error) {
	query := tx.Model(&breachPersonRow{}).Where("breach_id = ? AND state = ?", breachID, PersonUnreached)
	if cause != "" {
		query = query.Where("code = ?", cause)
	}
	result := query.Updates(map[string]any{"state": PersonWaiting, "code": "", "tries": 0, "changed_at": s.now()})
	if result.Error != nil {
		return 0, result.Error
	}
	if result.RowsAffected == 0 {
		return 0, models.Errorf(models.Conflict, "nobody_unreached", "Nobody is left who could not be reached for this cause.")
	}
	if err := tx.Model(&breachLetterRow{}).Where("breach_id = ?", breachID).Update("finished_at", nil).Error; err != nil {
		return 0, err
	}
	return int(result.RowsAffected), s.enqueue(tx, Order{BreachID: breachID, Kind: OrderBreachMail})
}

// UnreachedCauses counts the persons of a breach who could not be reached by the code of the last answer.
func (s *Store) UnreachedCauses(ctx context.Context, breachID models.ID) ([]Count, error) {
	var out []Count
	err := s.read(ctx).Model(&breachPersonRow{}).Select(`'cause' AS "by", code AS key, count(*) AS n`).Where("breach_id = ? AND state = ?", breachID, PersonUnreached).
		Group("code").Order("n DESC, code").Scan(&out).Error
	return out, unavailable(err)
}

// BounceBreachPerson notes that a message came back, by the left half of its Message-ID; false when it is none of a breach.
func (s *Store) BounceBreachPerson(ctx context.Context, message []byte, code string) (bool, error) {
	result := s.read(ctx).Model(&breachPersonRow{}).Where("message = ? AND state IN ?", message, []PersonState{PersonSent, PersonSending, PersonUnclear, PersonBounced}).
		Updates(map[string]any{"state": PersonBounced, "code": code, "changed_at": s.now()})
	return result.RowsAffected > 0, unavailable(result.Error)
}

// NextBreachPerson is when the first of the persons who were put off may be written to again; zero when there is none.
func (s *Store) NextBreachPerson(ctx context.Context, breachID models.ID) (time.Time, error) {
	var next *time.Time
	err := s.read(ctx).Model(&breachPersonRow{}).Select("min(next_at)").Where("breach_id = ? AND state = ?", breachID, PersonDeferred).Scan(&next).Error
	return instant(next), unavailable(err)
}

// CountBreachPersons counts the persons of a breach by state.
func (s *Store) CountBreachPersons(ctx context.Context, breachID models.ID) (map[PersonState]int64, error) {
	counts, err := countBreachPersons(s.read(ctx), breachID)
	return counts, unavailable(err)
}

func countBreachPersons(tx *gorm.DB, breachID models.ID) (map[PersonState]int64, error) {
	var rows []struct {
		State PersonState
		N     int64
	}
	err := tx.Model(&breachPersonRow{}).Select("state, count(*) AS n").Where("breach_id = ?", breachID).Group("state").Scan(&rows).Error
	out := map[PersonState]int64{}
	for _, r := range rows {
		out[r.State] = r.N
	}
	return out, err
}
