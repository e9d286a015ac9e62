package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
)

// Addressee is a recipient that is told of something, with what concerns it.
type Addressee struct {
	Recipient
	Told   []string // data categories
	Fields []string // that were corrected, by name
	Kinds  []string // of identities by which it knows the person; nil: all that are proven
}

// CreateNotices queues one notice for each addressee, with no other identity of the person than those by which it knows them, for a request or, if
// deferralID is given, for a deferral of it. Called again, it returns the same notices, by the recipients' slugs. It fails with not_found or
// key_destroyed.
func (s *Store) CreateNotices(ctx context.Context, requestID, deferralID models.ID, to []Addressee) ([]NoticeRef, error) {
	var out []NoticeRef
	err := s.tx(ctx, func(tx *gorm.DB) error {
		out = nil
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return err
		}
		subject, err := s.subject(tx, r)
		if err != nil {
			return err
		}
		for _, a := range to {
			known := slices.DeleteFunc(slices.Clone(subject.Identities), func(i request.Identity) bool {
				return a.Kinds != nil && !slices.Contains(a.Kinds, i.Kind)
			})
			if err := s.queueNotice(tx, r, key, known, a, deferralID); err != nil {
				return err
			}
		}
		var deferral any
		if !deferralID.IsZero() {
			deferral = deferralID
		}
		return tx.Table("notices n").Joins("JOIN recipients p ON p.id = n.recipient_id").
			Where("n.request_id = ? AND n.deferral_id IS NOT DISTINCT FROM CAST(? AS uuid)", requestID, deferral).
			Select("n.id, n.recipient_id, p.slug AS recipient").Order("p.slug").Scan(&out).Error
	})
	return out, err
}
