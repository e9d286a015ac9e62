package store

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// PeekNotice shows a notice to the holder of its link and changes nothing; one that is closed can be shown even after the request's key was
// destroyed. It fails with not_found.
func (s *Store) PeekNotice(ctx context.Context, token string) (NoticeView, error) {
	tx := s.read(ctx)
	var row noticeRow
	if err := tx.Where("token_hash = ?", vault.HashToken(token)).Take(&row).Error; err != nil {
		return NoticeView{}, missing(err, "notice")
	}
	r, err := findRequest(tx, models.ScopeOperator(), row.RequestID)
	if err != nil {
		return NoticeView{}, err
	}
	c, err := controllerByID(tx, r.ControllerID)
	if err != nil {
		return NoticeView{}, err
	}
	list, err := s.notices(tx, []noticeRow{row})
	if err != nil {
		return NoticeView{}, err
	}
	n := list[0]
	v := NoticeView{
		Recipient: n.Recipient, Controller: c.Name, Reference: r.Reference, Right: r.RightCode, State: n.State, Answer: n.Answer,
		Categories: n.Categories, Fields: n.Fields, ClosedAt: n.ClosedAt,
	}
	if n.Closed() || n.State == NoticeDeclined {
		return v, nil
	}
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return NoticeView{}, err
	}
	v.Identities, err = openIdentities(key, row.ID, row.IdentitiesSealed)
	return v, err
}

// AcknowledgeNotice records a recipient's answer, once, together with the decision that the workflow waits for. A recipient that declines says why in
// the note; its notice stays open for the DPO. It fails with not_found, unknown_answer, reason_missing, already_acknowledged or decision_not_open.
func (s *Store) AcknowledgeNotice(ctx context.Context, token string, answer NoticeAnswer, note models.Personal) error {
	if _, err := ParseNoticeAnswer(string(answer)); err != nil {
		return err
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, row, err := lockNotice(tx, "token_hash = ?", vault.HashToken(token))
		if err != nil {
			return err
		}
		if row.ClosedAt != nil || row.State == NoticeDeclined {
			return alreadyAcknowledged()
		}
		if !slices.Contains(NoticeAnswers(r.RightCode), answer) {
			return unknownAnswer()
		}
		columns, err := s.answerColumns(r, row.ID, answer, note)
		if err != nil {
			return err
		}
		actor := models.Actor{Role: models.RoleRecipient, ID: row.RecipientID}
		if answer == AnswerDeclined {
			return s.declineNotice(tx, r, row, actor, columns)
		}
		d := request.Decision{RequestID: r.ID, Kind: request.Acknowledge, Actor: actor, NoticeID: row.ID}
		if _, err := s.decide(tx, r, d); err != nil {
			return err
		}
		return s.closeNotice(tx, r, row, actor, NoticeAcknowledged, columns)
	})
}

// answerColumns are an answer with its note, sealed.
func (s *Store) answerColumns(r requestRow, id models.ID, answer NoticeAnswer, note models.Personal) (map[string]any, error) {
	columns := map[string]any{"answer": answer}
	if strings.TrimSpace(note.Reveal()) == "" {
		if answer == AnswerDeclined {
			return nil, models.Errorf(models.Invalid, "reason_missing", "Give the reason in words.").At("/note")
		}
		return columns, nil
	}
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return nil, err
	}
	columns["note_sealed"] = sealText(key, notePlace(id), note)
	return columns, nil
}

// declineNotice keeps a recipient's refusal. It ends nothing: what follows from it is the DPO's to decide.
func (s *Store) declineNotice(tx *gorm.DB, r requestRow, row noticeRow, actor models.Actor, columns map[string]any) error {
	if err := request.Allowed(request.Acknowledge, actor.Role, r.State); err != nil {
		return err
	}
	columns["state"] = NoticeDeclined
	if err := tx.Model(&noticeRow{}).Where("id = ?", row.ID).Updates(columns).Error; err != nil {
		return err
	}
	return s.record(tx, r, actor, "notice.declined", map[string]any{"notice_id": row.ID, "recipient_id": row.RecipientID})
}

// relayNotice closes the notice whose answer has come to staff by another way than its link; decide calls it in its transaction. The reason says how
// it came. It fails with not_found, reason_missing, unknown_answer or already_acknowledged.
func (s *Store) relayNotice(tx *gorm.DB, r requestRow, d request.Decision) error {
	if strings.TrimSpace(d.Reason.Reveal()) == "" {
		return models.Errorf(models.Invalid, "reason_missing", "Give the reason in words.").At("/reason")
	}
	answer := NoticeAnswer(d.Answer)
	if answer == AnswerDeclined || !slices.Contains(NoticeAnswers(r.RightCode), answer) {
		return unknownAnswer()
	}
	var row noticeRow
	if err := tx.Where("id = ? AND request_id = ?", d.NoticeID, r.ID).Take(&row).Error; err != nil {
		return missing(err, "notice")
	}
	columns, err := s.answerColumns(r, row.ID, answer, d.Reason)
	if err != nil {
		return err
	}
	return s.closeNotice(tx, r, row, d.Actor, NoticeAcknowledged, columns)
}

// closeNotice ends a notice; the transaction has locked the request.
func (s *Store) closeNotice(tx *gorm.DB, r requestRow, row noticeRow, actor models.Actor, state NoticeState, columns map[string]any) error {
	columns["state"], columns["closed_at"] = state, s.now()
	result := tx.Model(&noticeRow{}).Where("id = ? AND closed_at IS NULL", row.ID).Updates(columns)
	if result.Error != nil {
		return result.Error
	}
	if result.RowsAffected == 0 {
		return alreadyAcknowledged()
	}
	data := map[string]any{"notice_id": row.ID, "recipient_id": row.RecipientID}
	if answer, ok := columns["answer"]; ok {
		data["answer"] = answer
	}
	return s.record(tx, r, actor, "notice."+string(state), data)
}

// waiveNotice closes the notice that a Waive decision names; decide calls it in its transaction. It fails with not_found when the notice
// is not one of the request, and with already_acknowledged.
func (s *Store) waiveNotice(tx *gorm.DB, r requestRow, d request.Decision) error {
	var row noticeRow
	if err := tx.Where("id = ? AND request_id = ?", d.NoticeID, r.ID).Take(&row).Error; err != nil {
		return missing(err, "notice")
	}
	return s.closeNotice(tx, r, row, d.Actor, NoticeWaived, map[string]any{})
}

func alreadyAcknowledged() error {
	return models.Errorf(models.Conflict, "already_acknowledged", "This notice has been answered or closed already.")
}
