package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"gorm.io/gorm"

	"habeas/models"
)

// DestroyKey erases what Habeas itself holds about a request: its key, without which nothing sealed can be read, in backups either, and the
// keyed indexes of its subject. Repeating it changes nothing. It fails with not_found, request_open, deferral_pending, restriction_in_force or complaint_open.
func (s *Store) DestroyKey(ctx context.Context, requestID models.ID) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil || r.ShreddedAt != nil {
			return err
		}
		if r.State != models.Closed {
			return models.Errorf(models.Conflict, "request_open", "The request is still open and needs its data.")
		}
		var pending int64
		err = tx.Model(&deferralRow{}).Where("request_id = ? AND state <> ?", r.ID, DeferralDone).Count(&pending).Error
		if err != nil {
			return err
		}
		if pending > 0 {
			return models.Errorf(models.Conflict, "deferral_pending", "A deferral still needs to know whose data to erase.")
		}
		err = tx.Model(&restrictionRow{}).Where("request_id = ? AND state <> ?", r.ID, RestrictionLifted).Count(&pending).Error
		if err != nil {
			return err
		}
		if pending > 0 {
			return models.Errorf(models.Conflict, "restriction_in_force", "A restriction is in force; the key is needed to lift it.")
		}
		err = tx.Model(&complaintRow{}).Where("request_id = ? AND told_at IS NULL", r.ID).Count(&pending).Error
		if err != nil {
			return err
		}
		if pending > 0 {
			return models.Errorf(models.Conflict, "complaint_open", "A complaint waits for its answer.")
		}
		if err := forgetValues(tx, r.ID); err != nil {
			return err
		}
		err = s.update(tx, r.ID, map[string]any{"wrapped_key": nil, "shredded_at": s.now(), "subject_index": nil})
		if err != nil {
			return err
		}
		if err := tx.Where("request_id = ?", r.ID).Delete(&requestIdentityRow{}).Error; err != nil {
			return err
		}
		if err := tx.Model(&verificationRow{}).Where("request_id = ?", r.ID).Update("address_index", nil).Error; err != nil {
			return err
		}
		if err := tx.Where("request_id = ?", r.ID).Delete(&requestFileRow{}).Error; err != nil { // nobody can read them any more
			return err
		}
		err = tx.Model(&agentRow{}).Where("request_id = ?", r.ID).Updates(map[string]any{
			"name_sealed": nil, "email_sealed": nil, "proof_sealed": nil, "reason_sealed": nil,
		}).Error
		if err != nil {
			return err
		}
		// The fingerprint and the addresses of an OpenDSR request are keyed or sealed with the key, and gone with it.
		return s.record(tx, r, models.System(), "key.destroyed", nil)
	})
}

// Shreddable lists requests whose key can be destroyed: closed before an instant, oldest first. Requests with a deferral that is unfinished, or
// was finished after the instant, are left out: whose data it is to be erased, and who is to be told of it, stands in what the key seals. So are those with a complaint that waits, or was answered after it.
func (s *Store) Shreddable(ctx context.Context, closedBefore time.Time, limit int) ([]models.ID, error) {
	var ids []models.ID
	err := s.read(ctx).Model(&requestRow{}).Where("closed_at < ? AND wrapped_key IS NOT NULL", closedBefore).
		Where("NOT EXISTS (SELECT FROM deferrals d WHERE d.request_id = requests.id AND (d.state <> 'done' OR d.finished_at >= ?))", closedBefore).
		Where("NOT EXISTS (SELECT FROM restrictions x WHERE x.request_id = requests.id AND (x.state <> 'lifted' OR x.lifted_at >= ?))", closedBefore).
		Where("NOT EXISTS (SELECT FROM complaints c WHERE c.request_id = requests.id AND (c.told_at IS NULL OR c.told_at >= ?))", closedBefore).
		Order("closed_at, id").Limit(limit).Pluck("id", &ids).Error
	return ids, unavailable(err)
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
