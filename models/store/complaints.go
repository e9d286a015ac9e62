package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// maxComplaints bounds how often a person complains about one request.
const maxComplaints = 20

type complaintRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	TextSealed   []byte
	AnswerSealed []byte
	MadeAt       time.Time
	AnsweredAt   *time.Time
	HeardAt      *time.Time
	ToldAt       *time.Time
	NextAt       time.Time
	Attempts     int
}

func (complaintRow) TableName() string { return "complaints" }

func complaintPlace(part string, id models.ID) string {
	return "complaints." + part + "/" + id.String()
}

// Complaint is what a person wrote to the data protection officer about their request. Its texts are empty once the request's key is destroyed.
type Complaint struct {
	ID         models.ID
	Text       models.Personal
	Answer     models.Personal // empty until it is answered
	At         time.Time
	AnsweredAt time.Time // zero until then
}

// OpenComplaint is a complaint that waits for an answer.
type OpenComplaint struct {
	At      time.Time
	Request request.Request
}

// Complain takes in what a person writes to the data protection officer on the page of their request, open or closed. One waits for its answer
// before the next. It fails with not_found, not_verified, key_destroyed, complaint_open or too_many_complaints.
func (s *Store) Complain(ctx context.Context, statusToken string, text models.Personal) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		sub, r, err := lockSubmission(tx, statusToken)
		if err != nil {
			return err
		}
		if !sub.opens(statusToken) {
			return models.Errorf(models.Forbidden, "not_verified", "Open the link in the mail first.")
		}
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return err
		}
		var rows []complaintRow
		if err := tx.Where("request_id = ?", r.ID).Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			if row.AnsweredAt == nil {
				return models.Errorf(models.Conflict, "complaint_open", "The data protection officer has not answered yet.")
			}
		}
		if len(rows) >= maxComplaints {
			return models.Errorf(models.TooMany, "too_many_complaints", "Please write to the data protection officer directly.")
		}
		row := complaintRow{ID: newID(), RequestID: r.ID, ControllerID: r.ControllerID, MadeAt: s.now(), NextAt: s.now()}
		row.TextSealed = sealText(key, complaintPlace("text", row.ID), text)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.record(tx, r, models.Actor{Role: models.RoleSubject}, "complaint.received", map[string]any{"complaint_id": row.ID})
	})
}

// Complaints are those about a request inside the scope, oldest first. It fails with not_found.
func (s *Store) Complaints(ctx context.Context, scope models.Scope, requestID models.ID) ([]Complaint, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	key, err := s.keyOf(tx, requestID)
	if err != nil && models.CodeOf(err) != "key_destroyed" {
		return nil, err
	}
	return complaintsOf(tx, key, requestID)
}

// complaintsOf opens the complaints about a request, oldest first; without a key what is left of them.
func complaintsOf(tx *gorm.DB, key *vault.Key, requestID models.ID) ([]Complaint, error) {
	var rows []complaintRow
	if err := tx.Where("request_id = ?", requestID).Order("made_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Complaint, len(rows))
	for i, row := range rows {
		out[i] = Complaint{ID: row.ID, At: row.MadeAt.UTC(), AnsweredAt: instant(row.AnsweredAt)}
		if key == nil {
			continue
		}
		var err error
		if out[i].Text, err = openText(key, complaintPlace("text", row.ID), row.TextSealed); err != nil {
			return nil, err
		}
		if out[i].Answer, err = openText(key, complaintPlace("answer", row.ID), row.AnswerSealed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// OpenComplaints are the complaints inside the scope that wait for an answer, oldest first.
func (s *Store) OpenComplaints(ctx context.Context, scope models.Scope) ([]OpenComplaint, error) {
	tx := s.read(ctx)
	var rows []complaintRow
	if err := scoped(tx, scope).Where("answered_at IS NULL").Order("made_at, id").Limit(100).Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]OpenComplaint, len(rows))
	for i, row := range rows {
		r, err := findRequest(tx, scope, row.RequestID)
		if err != nil {
			return nil, err
		}
		out[i] = OpenComplaint{At: row.MadeAt.UTC(), Request: r.request()}
	}
	return out, nil
}

// AnswerComplaint keeps the data protection officer's answer, which the person is then told. It fails with not_found, decision_forbidden,
// reason_missing, complaint_answered or key_destroyed.
func (s *Store) AnswerComplaint(ctx context.Context, scope models.Scope, requestID, complaintID models.ID, by models.Actor, text models.Personal) error {
	switch {
	case by.Role != models.RoleDPO:
		return models.Errorf(models.Forbidden, "decision_forbidden", "Your role may not take this decision.")
	case strings.TrimSpace(text.Reveal()) == "":
		return models.Errorf(models.Invalid, "reason_missing", "Write an answer.").At("/answer")
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, scope, requestID)
		if err != nil {
			return err
		}
		var row complaintRow
		if err := tx.Where("id = ? AND request_id = ?", complaintID, r.ID).Take(&row).Error; err != nil {
			return missing(err, "complaint")
		}
		if row.AnsweredAt != nil {
			return models.Errorf(models.Conflict, "complaint_answered", "This complaint has been answered already.")
		}
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return err
		}
		err = tx.Model(&complaintRow{}).Where("id = ?", row.ID).Updates(map[string]any{
			"answer_sealed": sealText(key, complaintPlace("answer", row.ID), text), "answered_at": s.now(), "next_at": s.now(), "attempts": 0,
		}).Error
		if err != nil {
			return err
		}
		return s.record(tx, r, by, "complaint.answered", map[string]any{"complaint_id": row.ID})
	})
}
