package store

import (
	"bytes"
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// Limits of verification.
const (
	verificationTTL   = 24 * time.Hour
	codeAttempts      = 5 // wrong codes per verification
	mailsPerAddress   = 5 // verification mails per address and day
	addressWindow     = 24 * time.Hour
	verificationTaken = "verification" // purpose of tokens and codes
)

type verificationRow struct {
	ID           models.ID `gorm:"primaryKey"`
	SubmissionID models.ID
	RequestID    models.ID
	ControllerID models.ID
	AddressIndex []byte
	TokenHash    []byte
	CodeHash     []byte
	IssuedAt     time.Time
	ExpiresAt    time.Time
	SentAt       *time.Time
	UsedAt       *time.Time
	SupersededAt *time.Time
	Attempts     int
}

func (verificationRow) TableName() string { return "verifications" }

// VerificationState says what a link is worth.
type VerificationState string

const (
	VerificationLive       VerificationState = "live"
	VerificationUsed       VerificationState = "used"
	VerificationExpired    VerificationState = "expired"
	VerificationSuperseded VerificationState = "superseded" // a later mail replaced it
)

func (v verificationRow) state(now time.Time) VerificationState {
	switch {
	case v.UsedAt != nil:
		return VerificationUsed
	case v.SupersededAt != nil:
		return VerificationSuperseded
	case !now.Before(v.ExpiresAt):
		return VerificationExpired
	}
	return VerificationLive
}

// Issued is one verification that must be mailed.
type Issued struct {
	ID         models.ID // key of the mail; VerificationSent takes it
	Token      string    // for /verify/<token>
	Code       string    // eight digits, "1234-5678"
	To         models.Personal
	Language   string
	Controller string // its name
	Reference  string
	Right      models.Right
	ExpiresAt  time.Time
	Agent      models.ID // the submission, when somebody made it for the person; the code is of no use then
}

// IssueVerifications gives the verifications of a request that are to be mailed: a new one for each unverified submission that has none
// alive or for which a resend is due (an older one is superseded then), and those issued before whose mail has not been handed over
// (see VerificationSent), with the same token and code. An address that had its mails for the day gets none, silently.
func (s *Store) IssueVerifications(ctx context.Context, requestID models.ID) ([]Issued, error) {
	var out []Issued
	err := s.tx(ctx, func(tx *gorm.DB) error {
		out = nil
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil || r.State == models.Closed {
			return err
		}
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return err
		}
		c, err := controllerByID(tx, r.ControllerID)
		if err != nil {
			return err
		}
		var subs []submissionRow
		err = tx.Where("request_id = ? AND verified_at IS NULL", r.ID).
			Where("NOT EXISTS (SELECT FROM agents a WHERE a.submission_id = submissions.id AND a.state = ?)", request.AgentObjected).Order("submitted_at, id").Find(&subs).Error
		if err != nil {
			return err
		}
		for _, sub := range subs {
			subject, err := openSubject(key, sub.ID, sub.SubjectSealed)
			if err != nil {
				return err
			}
			v, ok, err := s.issue(tx, r, sub, subject.Email)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			issued := s.issued(r, sub, v, c.Name, subject.Email)
			if _, acts, err := agentOf(tx, sub.ID); err != nil {
				return err
			} else if acts {
				issued.Agent = sub.ID
			}
			out = append(out, issued)
		}
		return nil
	})
	return out, err
}

func (s *Store) issued(r requestRow, sub submissionRow, v verificationRow, controller string, to models.Personal) Issued {
	code := s.vault.Code(verificationTaken, v.ID)
	return Issued{
		ID: v.ID, Token: s.vault.Token(verificationTaken, v.ID), Code: code[:4] + "-" + code[4:], To: to, Language: sub.Language,
		Controller: controller, Reference: r.Reference, Right: r.RightCode, ExpiresAt: v.ExpiresAt.UTC(),
	}
}

// issue finds or makes the verification of one submission that is to be mailed; ok is false when there is nothing to mail.
func (s *Store) issue(tx *gorm.DB, r requestRow, sub submissionRow, email models.Personal) (v verificationRow, ok bool, err error) {
	last, err := latestVerification(tx, sub.ID)
	if err != nil || email == "" {
		return verificationRow{}, false, err
	}
	if len(last) == 1 && !sub.ResendDue && last[0].state(s.now()) == VerificationLive && last[0].Attempts < codeAttempts {
		return last[0], last[0].SentAt == nil, nil
	}
	v = s.newVerification(r, sub, email)
	allowed, err := mailAllowed(tx, v)
	if err != nil || !allowed {
		return verificationRow{}, false, err
	}
	err = tx.Model(&verificationRow{}).Where("submission_id = ? AND used_at IS NULL AND superseded_at IS NULL", sub.ID).
		Update("superseded_at", v.IssuedAt).Error
	if err != nil {
		return verificationRow{}, false, err
	}
	if err := tx.Create(&v).Error; err != nil {
		return verificationRow{}, false, err
	}
	if err := tx.Model(&submissionRow{}).Where("id = ?", sub.ID).Update("resend_due", false).Error; err != nil {
		return verificationRow{}, false, err
	}
	return v, true, s.record(tx, r, models.System(), "verification.issued", map[string]any{"verification_id": v.ID})
}

// latestVerification is the one that no later one has replaced; none when the submission has none yet.
func latestVerification(tx *gorm.DB, submissionID models.ID) (last []verificationRow, err error) {
	err = tx.Where("submission_id = ?", submissionID).Order("superseded_at IS NULL DESC, issued_at DESC, id").Limit(1).Find(&last).Error
	return last, err
}

func (s *Store) newVerification(r requestRow, sub submissionRow, email models.Personal) verificationRow {
	id, now := newID(), s.now()
	return verificationRow{
		ID: id, SubmissionID: sub.ID, RequestID: r.ID, ControllerID: r.ControllerID,
		AddressIndex: s.vault.Index(models.ID{}, "address", normalised(email)), // over all controllers: it is one mailbox
		TokenHash:    vault.HashToken(s.vault.Token(verificationTaken, id)),
		CodeHash:     s.vault.HashCode(id, s.vault.Code(verificationTaken, id)),
		IssuedAt:     now, ExpiresAt: now.Add(verificationTTL),
	}
}

// mailAllowed counts the day's mails to the address, so that nobody's mailbox is flooded by strangers.
func mailAllowed(tx *gorm.DB, v verificationRow) (bool, error) {
	var n int64
	err := tx.Model(&verificationRow{}).Where("address_index = ? AND issued_at > ?", v.AddressIndex, v.IssuedAt.Add(-addressWindow)).
		Count(&n).Error
	return n < mailsPerAddress, err
}

// VerificationSent records that the mail of a verification was handed over, after which IssueVerifications gives it no more.
func (s *Store) VerificationSent(ctx context.Context, id models.ID) error {
	return unavailable(s.read(ctx).Model(&verificationRow{}).Where("id = ? AND sent_at IS NULL", id).Update("sent_at", s.now()).Error)
}

// VerificationView is what the page behind a link shows before the button is pressed.
type VerificationView struct {
	State       VerificationState
	Reference   string
	Right       models.Right
	Controller  string // its name
	Language    string
	StatusToken string // whoever holds the link may see the status page; empty while that is the page of somebody who acts for the person
	Agent       *Agent // who asks for the person; nil when they ask themselves
}

// PeekVerification looks at a link without using it; it fails with not_found.
func (s *Store) PeekVerification(ctx context.Context, token string) (VerificationView, error) {
	tx := s.read(ctx)
	v, err := verificationByToken(tx, token)
	if err != nil {
		return VerificationView{}, err
	}
	r, err := findRequest(tx, models.ScopeOperator(), v.RequestID)
	if err != nil {
		return VerificationView{}, err
	}
	c, err := controllerByID(tx, r.ControllerID)
	if err != nil {
		return VerificationView{}, err
	}
	var sub submissionRow
	if err := tx.Where("id = ?", v.SubmissionID).Take(&sub).Error; err != nil {
		return VerificationView{}, missing(err, "submission")
	}
	view := VerificationView{
		State: v.state(s.now()), Reference: r.Reference, Right: r.RightCode, Controller: c.Name, Language: sub.Language,
		StatusToken: s.pageToken(sub),
	}
	return view, s.addAgent(tx, &view, r, sub)
}

const pagePurpose = "page" // of tokens

// pageToken is the token of the page on which the owner of a submission's mailbox follows the request.
func (s *Store) pageToken(sub submissionRow) string {
	if sub.PageTokenHash != nil {
		return s.vault.Token(pagePurpose, sub.ID)
	}
	return s.vault.Token(statusPurpose, sub.ID)
}

// opens reports whether a status token shows what only the verified person may see.
func (sub submissionRow) opens(statusToken string) bool {
	if sub.VerifiedAt == nil {
		return false
	}
	return sub.PageTokenHash == nil || bytes.Equal(sub.PageTokenHash, vault.HashToken(statusToken))
}

func verificationByToken(tx *gorm.DB, token string) (verificationRow, error) {
	var v verificationRow
	err := tx.Where("token_hash = ?", vault.HashToken(token)).Take(&v).Error
	return v, missing(err, "link")
}

// lockVerification finds what a link is for and locks its request, as lockNotice does; what it is for is read under that lock.
func lockVerification(tx *gorm.DB, token string) (requestRow, verificationRow, error) {
	v, err := verificationByToken(tx, token)
	if err != nil {
		return requestRow{}, v, err
	}
	r, err := lockRequest(tx, models.ScopeOperator(), v.RequestID)
	if err != nil {
		return r, v, err
	}
	v, err = verificationByToken(tx, token)
	return r, v, err
}

// VerifyByToken uses a link: it marks the submission verified and, when it is the request's first, decides Verify, in one transaction. It
// fails with not_found, link_used, link_expired or request_closed. It returns the token of a status page for the owner of the mailbox, since whoever
// filed the request, and has its first status token, may be a stranger to it.
func (s *Store) VerifyByToken(ctx context.Context, token string) (pageToken string, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		r, v, err := lockVerification(tx, token)
		if err != nil {
			return err
		}
		pageToken = s.vault.Token(pagePurpose, v.SubmissionID)
		return s.useVerification(tx, r, v, vault.HashToken(pageToken))
	})
	return pageToken, err
}

// VerifyByCode uses the code of the mail on the status page of the submission. It fails with not_found, wrong_code (its message says
// how many attempts are left), too_many_attempts, link_used, link_expired or request_closed.
func (s *Store) VerifyByCode(ctx context.Context, statusToken, code string) error {
	var refused error // a wrong attempt must be counted, so it may not undo the transaction
	err := s.tx(ctx, func(tx *gorm.DB) error {
		refused = nil
		sub, r, err := lockSubmission(tx, statusToken)
		if err != nil {
			return err
		}
		last, err := latestVerification(tx, sub.ID)
		if err != nil {
			return err
		}
		if _, acts, err := agentOf(tx, sub.ID); err != nil || acts { // the page is the agent's, and the person confirms on their own
			refused = wrongCode(0)
			return err
		}
		if len(last) == 0 {
			return wrongCode(codeAttempts)
		}
		refused, err = s.tryCode(tx, r, last[0], code)
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

func (s *Store) tryCode(tx *gorm.DB, r requestRow, v verificationRow, code string) (refused, err error) {
	if v.Attempts >= codeAttempts && v.UsedAt == nil {
		return tooManyAttempts(), nil
	}
	digits := strings.NewReplacer("-", "", " ", "").Replace(code)
	if subtle.ConstantTimeCompare(v.CodeHash, s.vault.HashCode(v.ID, digits)) == 1 {
		return nil, s.useVerification(tx, r, v, nil)
	}
	v.Attempts++
	err = tx.Model(&verificationRow{}).Where("id = ?", v.ID).Update("attempts", v.Attempts).Error
	if v.Attempts >= codeAttempts {
		return tooManyAttempts(), err
	}
	return wrongCode(codeAttempts - v.Attempts), err
}

func wrongCode(left int) error {
	return models.Errorf(models.Invalid, "wrong_code", "The code is not right. Attempts left: %d.", left).At("/code")
}

func tooManyAttempts() error {
	return models.Errorf(models.TooMany, "too_many_attempts", "There were too many wrong codes. Ask for a new mail.").At("/code")
}

func linkUsed() error {
	return models.Errorf(models.Conflict, "link_used", "This link or code has been used already.")
}

// useVerification consumes a verification of a locked request: by the link, with the hash of a new page's token, or by the code on the page that
// the request was filed from.
func (s *Store) useVerification(tx *gorm.DB, r requestRow, v verificationRow, pageHash []byte) error {
	switch v.state(s.now()) {
	case VerificationUsed:
		return linkUsed()
	case VerificationExpired, VerificationSuperseded:
		return models.Errorf(models.Conflict, "link_expired", "This link or code is no longer valid. Ask for a new mail.")
	case VerificationLive:
	}
	if r.State == models.Closed {
		return models.Errorf(models.Conflict, "request_closed", "The request is closed.")
	}
	now := s.now()
	if err := tx.Model(&verificationRow{}).Where("id = ?", v.ID).Update("used_at", now).Error; err != nil {
		return err
	}
	sub, err := lockedSubmission(tx, v.SubmissionID)
	if err != nil {
		return err
	}
	set := map[string]any{"verified_at": now}
	if pageHash != nil {
		set["page_token_hash"] = pageHash
	}
	if err := tx.Model(&submissionRow{}).Where("id = ?", sub.ID).Updates(set).Error; err != nil {
		return err
	}
	data := map[string]any{"verification_id": v.ID, "submission_id": sub.ID}
	if err := s.record(tx, r, models.Actor{Role: models.RoleSubject}, "submission.verified", data); err != nil {
		return err
	}
	if err := s.agreeToAgent(tx, r, sub.ID); err != nil {
		return err
	}
	if err := s.tellDRP(tx, r.ID); err != nil {
		return err
	}
	return s.verified(tx, r, sub, models.Actor{Role: models.RoleSubject})
}

// verified makes a request verified by a verified submission, whose subject counts from now on; a later one changes nothing. A vouching
// actor decides in the subject's place, which is why the role is not asked for here.
func (s *Store) verified(tx *gorm.DB, r requestRow, sub submissionRow, actor models.Actor) error {
	if r.VerifiedAt != nil {
		return nil
	}
	if err := request.OpenIn(request.Verify, r.State); err != nil {
		return err
	}
	if err := s.update(tx, r.ID, map[string]any{"verified_at": s.now(), "submission_id": sub.ID}); err != nil {
		return err
	}
	_, err := s.writeDecision(tx, r, request.Decision{Kind: request.Verify, Actor: actor}, models.ID{})
	return err
}
