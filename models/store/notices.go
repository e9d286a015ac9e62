package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// NoticeState is how far a notice has got.
type NoticeState string

const (
	NoticeQueued       NoticeState = "queued"
	NoticeSent         NoticeState = "sent"
	NoticeDeclined     NoticeState = "declined" // the recipient refuses with a reason: the DPO waives it, or records that it has given in
	NoticeAcknowledged NoticeState = "acknowledged"
	NoticeWaived       NoticeState = "waived"
)

// NoticeAnswer is what a recipient says it did.
type NoticeAnswer string

const (
	AnswerErased   NoticeAnswer = "erased"
	AnswerNotHeld  NoticeAnswer = "not_held"
	AnswerRetained NoticeAnswer = "retained_by_law"
	AnswerDeclined NoticeAnswer = "declined" // it refuses; a reason belongs to it
	AnswerDone     NoticeAnswer = "done"     // restricted, corrected, or no longer used: what the notice asks for besides erasure
)

// NoticeAnswers are what a recipient may answer to a notice of a right.
func NoticeAnswers(right models.Right) []NoticeAnswer {
	if right.Erases() {
		return []NoticeAnswer{AnswerErased, AnswerNotHeld, AnswerRetained, AnswerDeclined}
	}
	return []NoticeAnswer{AnswerDone, AnswerNotHeld, AnswerDeclined}
}

// ParseNoticeAnswer reads an answer; it fails with unknown_answer.
func ParseNoticeAnswer(s string) (NoticeAnswer, error) {
	switch a := NoticeAnswer(s); a {
	case AnswerErased, AnswerNotHeld, AnswerRetained, AnswerDone, AnswerDeclined:
		return a, nil
	}
	return "", unknownAnswer()
}

func unknownAnswer() error {
	return models.Errorf(models.Invalid, "unknown_answer", "The answer must be one of erased, not_held, retained_by_law; or done, not_held where nothing is to be erased; or declined.").At("/answer")
}

// NoticeRef names a notice and its recipient.
type NoticeRef struct {
	ID          models.ID
	RecipientID models.ID
	Recipient   string // slug
}

// Notice is one message to one recipient, tracked until it is answered or waived. It holds no personal data but Note.
type Notice struct {
	ID            models.ID
	RequestID     models.ID
	DeferralID    models.ID // zero for the request itself
	RecipientID   models.ID
	Recipient     string // its name
	Channel       RecipientChannel
	State         NoticeState
	Categories    []string // of the data that concern the recipient
	Fields        []string // that were corrected, by name
	Attempts      int
	QueuedAt      time.Time
	SentAt        time.Time // the last time; zero before
	ClosedAt      time.Time // answered or waived
	Answer        NoticeAnswer
	Note          models.Personal // the recipient's; empty once the request's key is destroyed
	ReminderAfter time.Duration
}

// Closed reports whether nothing more is expected of the recipient.
func (n Notice) Closed() bool { return n.State == NoticeAcknowledged || n.State == NoticeWaived }

// NoticeMessage is what has to be sent.
type NoticeMessage struct {
	Notice
	Address    models.Personal
	Secret     models.Personal // of a webhook
	Token      string          // of the link to answer; the same each time
	Written    int             // the latest attempt whose message was written, sent or not
	Identities []request.Identity
	Right      models.Right
	Reference  string // of the request
	Controller string // its name
	Language   string
}

// NoticeView is what the holder of a notice's link sees before answering.
type NoticeView struct {
	Recipient  string
	Controller string
	Reference  string
	Right      models.Right
	State      NoticeState
	Answer     NoticeAnswer
	Categories []string
	Fields     []string
	Identities []request.Identity // whom it is about; only while an answer is awaited
	ClosedAt   time.Time
}

type noticeRow struct {
	ID               models.ID `gorm:"primaryKey"`
	RequestID        models.ID
	ControllerID     models.ID
	DeferralID       models.ID
	RecipientID      models.ID
	State            NoticeState
	TokenHash        []byte
	Categories       []string `gorm:"serializer:json"`
	Fields           []string `gorm:"serializer:json"`
	IdentitiesSealed []byte
	Attempts         int
	QueuedAt         time.Time
	SentAt           *time.Time
	ClosedAt         *time.Time
	Answer           NoticeAnswer
	NoteSealed       []byte
	ProofSealed      []byte
}

func (noticeRow) TableName() string { return "notices" }

const noticeToken = "notice" // purpose of a notice's token

// The places of what is sealed of a notice.
func identitiesPlace(id models.ID) string  { return "notices.identities/" + id.String() }
func notePlace(id models.ID) string        { return "notices.note/" + id.String() }
func noticeProofPlace(id models.ID) string { return "notices.proof/" + id.String() }

// queueNotice writes one notice, unless the recipient has one.
func (s *Store) queueNotice(tx *gorm.DB, r requestRow, key *vault.Key, identities []request.Identity, to Addressee, deferralID models.ID) error {
	id := newID()
	sealed, err := sealIdentities(key, id, identities)
	if err != nil {
		return err
	}
	row := noticeRow{
		ID: id, RequestID: r.ID, ControllerID: r.ControllerID, DeferralID: deferralID, RecipientID: to.ID, State: NoticeQueued,
		TokenHash: vault.HashToken(s.vault.Token(noticeToken, id)), Categories: to.Told, Fields: to.Fields, IdentitiesSealed: sealed, QueuedAt: s.now(),
	}
	if row.Fields == nil {
		row.Fields = []string{}
	}
	result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if result.Error != nil || result.RowsAffected == 0 {
		return result.Error
	}
	data := map[string]any{"notice_id": id, "recipient": to.Slug, "channel": to.Channel, "categories": to.Told}
	if len(to.Fields) > 0 {
		data["fields"] = to.Fields
	}
	if !deferralID.IsZero() {
		data["deferral_id"] = deferralID
	}
	return s.record(tx, r, models.System(), "notice.queued", data)
}

func sealIdentities(key *vault.Key, notice models.ID, identities []request.Identity) ([]byte, error) {
	plain, err := json.Marshal(identityForms(identities))
	if err != nil {
		return nil, err
	}
	return key.Seal(identitiesPlace(notice), plain), nil
}

func openIdentities(key *vault.Key, notice models.ID, sealed []byte) ([]request.Identity, error) {
	plain, err := key.Open(identitiesPlace(notice), sealed)
	if err != nil {
		return nil, err
	}
	var forms []identityForm
	if err := json.Unmarshal(plain, &forms); err != nil {
		return nil, err
	}
	return identitiesFrom(forms), nil
}

// Notice is one notice inside the scope; it fails with not_found.
func (s *Store) Notice(ctx context.Context, scope models.Scope, id models.ID) (Notice, error) {
	tx := s.read(ctx)
	var row noticeRow
	if err := scoped(tx, scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return Notice{}, missing(err, "notice")
	}
	list, err := s.notices(tx, []noticeRow{row})
	if err != nil {
		return Notice{}, err
	}
	return list[0], nil
}

// Notices are the notices of a request and its deferrals, in the order in which they were queued. It fails with not_found.
func (s *Store) Notices(ctx context.Context, scope models.Scope, requestID models.ID) ([]Notice, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	var rows []noticeRow
	if err := tx.Where("request_id = ?", requestID).Order("queued_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	return s.notices(tx, rows)
}

// notices completes rows with their recipients and opens the notes.
func (s *Store) notices(tx *gorm.DB, rows []noticeRow) ([]Notice, error) {
	out := make([]Notice, len(rows))
	for i, row := range rows {
		var p recipientRow
		if err := tx.Where("id = ?", row.RecipientID).Take(&p).Error; err != nil {
			return nil, missing(err, "recipient")
		}
		n := Notice{
			ID: row.ID, RequestID: row.RequestID, DeferralID: row.DeferralID, RecipientID: row.RecipientID, Recipient: p.Name,
			Channel: p.Channel, State: row.State, Categories: row.Categories, Fields: row.Fields, Attempts: row.Attempts, QueuedAt: row.QueuedAt.UTC(),
			SentAt: instant(row.SentAt), ClosedAt: instant(row.ClosedAt), Answer: row.Answer, ReminderAfter: p.ReminderAfter,
		}
		if row.NoteSealed != nil {
			key, err := s.keyOf(tx, row.RequestID)
			if err == nil {
				n.Note, err = openText(key, notePlace(row.ID), row.NoteSealed)
			}
			if err != nil && models.CodeOf(err) != "key_destroyed" {
				return nil, err
			}
		}
		out[i] = n
	}
	return out, nil
}

// NoticeToSend is all that a notice's message needs. It fails with not_found or key_destroyed; see Closed before sending.
func (s *Store) NoticeToSend(ctx context.Context, id models.ID) (NoticeMessage, error) {
	tx := s.read(ctx)
	var row noticeRow
	if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
		return NoticeMessage{}, missing(err, "notice")
	}
	r, err := findRequest(tx, models.ScopeOperator(), row.RequestID)
	if err != nil {
		return NoticeMessage{}, err
	}
	list, err := s.notices(tx, []noticeRow{row})
	if err != nil {
		return NoticeMessage{}, err
	}
	var p recipientRow
	if err := tx.Where("id = ?", row.RecipientID).Take(&p).Error; err != nil {
		return NoticeMessage{}, missing(err, "recipient")
	}
	recipient, err := s.recipient(p)
	if err != nil {
		return NoticeMessage{}, err
	}
	c, err := controllerByID(tx, r.ControllerID)
	if err != nil {
		return NoticeMessage{}, err
	}
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return NoticeMessage{}, err
	}
	identities, err := openIdentities(key, row.ID, row.IdentitiesSealed)
	if err != nil {
		return NoticeMessage{}, err
	}
	var written int
	latest := tx.Model(&noticeMessageRow{}).Select("coalesce(max(attempt), 0)").Where("notice_id = ?", id).Scan(&written)
	return NoticeMessage{
		Notice: list[0], Written: written, Address: recipient.Address, Secret: recipient.Secret, Token: s.vault.Token(noticeToken, id), Identities: identities,
		Right: r.RightCode, Reference: r.Reference, Controller: c.Name, Language: r.Language,
	}, unavailable(latest.Error)
}

// MarkNoticeSent records that the message was handed over for the attempt-th time (from 1). An attempt that is recorded already, or one
// of a notice that was answered meanwhile, changes no state. It fails with not_found.
func (s *Store) MarkNoticeSent(ctx context.Context, id models.ID, attempt int) error {
	return s.noteAttempt(ctx, id, attempt, "notice.sent")
}

// MarkNoticeUncertain records that the attempt-th message was written and that nobody can say whether it went: whoever sent it stopped before it
// was recorded, and the notice was closed or declined meanwhile. Otherwise it is like MarkNoticeSent.
func (s *Store) MarkNoticeUncertain(ctx context.Context, id models.ID, attempt int) error {
	return s.noteAttempt(ctx, id, attempt, "notice.uncertain")
}

// MarkNoticeEscalated records that the DPO was told instead of the recipient. Otherwise it is like MarkNoticeSent.
func (s *Store) MarkNoticeEscalated(ctx context.Context, id models.ID, attempt int) error {
	return s.noteAttempt(ctx, id, attempt, "notice.escalated")
}

func (s *Store) noteAttempt(ctx context.Context, id models.ID, attempt int, kind string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, row, err := lockNotice(tx, "id = ?", id)
		if err != nil || attempt <= row.Attempts {
			return err
		}
		columns := map[string]any{"attempts": attempt}
		if kind == "notice.sent" {
			columns["sent_at"] = s.now()
			if row.State == NoticeQueued {
				columns["state"] = NoticeSent
			}
		}
		if err := tx.Model(&noticeRow{}).Where("id = ?", id).Updates(columns).Error; err != nil {
			return err
		}
		data := map[string]any{"notice_id": id, "attempt": attempt}
		var written []noticeMessageRow
		if err := tx.Select("digest").Where("notice_id = ? AND attempt = ?", id, attempt).Find(&written).Error; err != nil {
			return err
		}
		for _, w := range written {
			data["digest"] = hex.EncodeToString(w.Digest)
		}
		return s.record(tx, r, models.System(), kind, data)
	})
}

// lockNotice finds a notice and locks its request, as everything that decides about a request does; the notice is read under that lock.
func lockNotice(tx *gorm.DB, condition string, value any) (requestRow, noticeRow, error) {
	var row noticeRow
	if err := tx.Select("id", "request_id").Where(condition, value).Take(&row).Error; err != nil {
		return requestRow{}, row, missing(err, "notice")
	}
	r, err := lockRequest(tx, models.ScopeOperator(), row.RequestID)
	if err != nil {
		return r, row, err
	}
	id := row.ID
	row = noticeRow{}
	err = tx.Where("id = ?", id).Take(&row).Error
	return r, row, missing(err, "notice")
}
