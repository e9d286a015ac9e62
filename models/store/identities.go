package store

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/request"
)

type requestIdentityRow struct {
	RequestID     models.ID `gorm:"primaryKey"`
	IdentityIndex []byte    `gorm:"primaryKey"`
	ControllerID  models.ID
}

func (requestIdentityRow) TableName() string { return "request_identities" }

// findPurpose separates the indexes that requests are found by from those that join submissions and suppress identities.
const findPurpose = "find"

// written are the signs that one person writes into a number and another leaves out.
var written = strings.NewReplacer("(0)", "", " ", "", "\u00a0", "", "\t", "", "-", "", ".", "", "/", "", "(", "", ")", "")

// folded makes spellings of one identity equal, of whatever kind it is: an address as at intake, a number also without what groups its digits.
func folded(p models.Personal) string {
	text := normalised(p)
	if strings.Contains(text, "@") {
		return text
	}
	number := written.Replace(text)
	if rest, international := strings.CutPrefix(number, "00"); international {
		number = "+" + rest
	}
	if number == "" {
		return text
	}
	return number
}

func (s *Store) findIndex(controller models.ID, identity models.Personal) []byte {
	return s.vault.Index(controller, findPurpose, folded(identity))
}

// findIndexes are what a submission is found by: proven or claimed, the person's or of who asks for them. agent is empty when they ask themselves.
func (s *Store) findIndexes(controller models.ID, subject request.Subject, agent models.Personal) (out [][]byte) {
	values := []models.Personal{subject.Email, agent}
	for _, list := range [][]request.Identity{subject.Identities, subject.Claimed} {
		for _, i := range list {
			values = append(values, i.Value)
		}
	}
	for _, v := range values {
		if normalised(v) != "" {
			out = append(out, s.findIndex(controller, v))
		}
	}
	slices.SortFunc(out, bytes.Compare)
	return slices.CompactFunc(out, bytes.Equal)
}

// findable lets a locked request be found by what a submission holds.
func (s *Store) findable(tx *gorm.DB, r requestRow, subject request.Subject, agent models.Personal) error {
	var rows []requestIdentityRow
	for _, index := range s.findIndexes(r.ControllerID, subject, agent) {
		rows = append(rows, requestIdentityRow{RequestID: r.ID, IdentityIndex: index, ControllerID: r.ControllerID})
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// found narrows a query of requests to those that a text finds: an identity, or what others call the request by.
func (s *Store) found(ctx context.Context, query *gorm.DB, scope models.Scope, text models.Personal) (*gorm.DB, error) {
	controllers, err := s.controllersOf(ctx, scope)
	if err != nil {
		return nil, err
	}
	indexes := make([][]byte, len(controllers))
	for i, id := range controllers {
		indexes[i] = s.findIndex(id, text)
	}
	called := strings.TrimSpace(text.Reveal())
	ids := `SELECT request_id FROM request_identities WHERE identity_index IN ?
UNION SELECT s.request_id FROM drp_requests d JOIN submissions s ON s.id = d.submission_id WHERE d.agent_request_id = ? AND d.agent_request_id <> ''`
	args := []any{indexes, called}
	if id, err := models.ParseID(called); err == nil {
		ids += `
UNION SELECT id FROM requests WHERE id = ?
UNION SELECT request_id FROM opendsr_requests WHERE subject_request_id = ?
UNION SELECT request_id FROM notices WHERE id = ?
UNION SELECT s.request_id FROM drp_requests d JOIN submissions s ON s.id = d.submission_id WHERE d.id = ?`
		args = append(args, id, id, id, id)
	}
	return query.Where("id IN ("+ids+")", args...), nil
}

// controllersOf are the controllers of a scope: one identity has another index with each of them.
func (s *Store) controllersOf(ctx context.Context, scope models.Scope) (ids []models.ID, err error) {
	if id, limited := scope.Controller(); limited {
		return []models.ID{id}, nil
	}
	err = s.read(ctx).Model(&controllerRow{}).Pluck("id", &ids).Error
	return ids, unavailable(err)
}

// indexBatch is how many requests are indexed in one transaction.
const indexBatch = 100

// IndexIdentities lets requests from before be found by the identities that they hold, a batch at a time, and returns how many requests it looked at:
// none when nothing is left. It may be stopped and called again at any time, also by several processes at once.
func (s *Store) IndexIdentities(ctx context.Context) (requests int, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		var rows []requestRow
		// Those that somebody is working on are left for the next batch.
		err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate, Options: clause.LockingOptionsSkipLocked}).
			Where("EXISTS (SELECT FROM submissions s WHERE s.request_id = requests.id AND NOT s.indexed)").Order("id").Limit(indexBatch).Find(&rows).Error
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := s.indexRequest(tx, r); err != nil {
				return err
			}
		}
		requests = len(rows)
		return nil
	})
	return requests, err
}

// indexRequest indexes what the submissions of a locked request hold; nothing is left to index when its key is destroyed.
func (s *Store) indexRequest(tx *gorm.DB, r requestRow) error {
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil && models.CodeOf(err) != "key_destroyed" {
		return err
	}
	var subs []submissionRow
	if key != nil {
		if err := tx.Where("request_id = ? AND NOT indexed", r.ID).Find(&subs).Error; err != nil {
			return err
		}
	}
	for _, sub := range subs {
		subject, err := openSubject(key, sub.ID, sub.SubjectSealed)
		if err != nil {
			return err
		}
		agent, acts, err := agentOf(tx, sub.ID)
		if err != nil {
			return err
		}
		var address models.Personal
		if acts {
			if address, err = openText(key, agentPlace("email", sub.ID), agent.EmailSealed); err != nil {
				return err
			}
		}
		if err := s.findable(tx, r, subject, address); err != nil {
			return err
		}
	}
	return tx.Model(&submissionRow{}).Where("request_id = ? AND NOT indexed", r.ID).Update("indexed", true).Error
}
