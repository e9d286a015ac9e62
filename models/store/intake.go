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

// Submission is a request as it comes in, already validated in form by the caller.
type Submission struct {
	Controller  request.Controller
	Right       models.Right
	Subject     request.Subject
	Agent       *request.Agent // who asks for the person; nil when they ask themselves
	Channel     request.Channel
	Language    string // BCP 47
	Vouched     bool   // the identity is vouched for (a customer, or staff who saw the letter): no mail is needed
	Actor       models.Actor
	Idempotency *Idempotency // nil when the caller sent no key
}

// Idempotency makes a repeated call give the first call's answer.
type Idempotency struct {
	Scope       string // "public" or the access key's identifier
	Key         string
	Fingerprint [32]byte // SHA-256 of what was sent
}

// Submitted is the answer to a submission.
type Submitted struct {
	RequestID   models.ID
	Reference   string
	StatusToken string // this submission's own
	Repeated    bool   // an open request of the same person for the same right was joined; never show it to the public
	Replayed    bool   // the same Idempotency key was seen before: nothing was written
}

// idempotencyKept is how long the answer to an Idempotency key is kept.
const idempotencyKept = 72 * time.Hour

// triesOfSubmit bounds the race between finding that an open request exists and joining it before it closes.
const triesOfSubmit = 5

// submissionsADay bounds the further submissions of a request that nobody has verified: each is looked at whenever one of them needs its mail,
// and the person gets a few mails a day at most.
const submissionsADay = 20

// statusPurpose is the purpose of status tokens.
const statusPurpose = "status"

type submissionRow struct {
	ID              models.ID `gorm:"primaryKey"`
	RequestID       models.ID
	ControllerID    models.ID
	SubmittedAt     time.Time
	Channel         request.Channel
	Language        string
	ActorRole       models.Role
	ActorID         models.ID
	StatusTokenHash []byte
	PageTokenHash   []byte // set when the link in the mail was used, or from the start
	SubjectSealed   []byte
	VerifiedAt      *time.Time
	ResendDue       bool
	Indexed         bool // the request is found by what it holds
}

func (submissionRow) TableName() string { return "submissions" }

// intake is one submission on its way into the tables.
type intake struct {
	Submission
	id    models.ID // of the submission
	index []byte
	token string
	at    time.Time

	openDSR *OpenDSROrder // nil unless it came so
	drp     *drpRow       // likewise
	// drpCallback is where the agent wants to be told, and drpLapses until when the person may confirm.
	drpCallback models.Personal
	drpLapses   time.Time
	pageHash    []byte // of the page's token where the first status token must never open the page; nil otherwise
}

// Submit takes a submission in: request, ledger entry and start order in one transaction or, when the same person has an open request for
// the same right, only a further submission to that one. It fails with email_missing, idempotency_key_reused or too_many_submissions.
func (s *Store) Submit(ctx context.Context, sub Submission) (Submitted, error) {
	in, err := s.intakeOf(sub)
	if err != nil {
		return Submitted{}, err
	}
	return s.submit(ctx, in)
}

func (s *Store) intakeOf(sub Submission) (intake, error) {
	index, err := s.subjectIndex(sub.Controller.ID, sub.Subject)
	in := intake{Submission: sub, id: newID(), index: index, at: s.now()}
	in.token = s.vault.Token(statusPurpose, in.id)
	return in, err
}

// submit opens a request or joins one, whichever it takes.
func (s *Store) submit(ctx context.Context, in intake) (Submitted, error) {
	for try := 1; ; try++ {
		out, done, err := s.open(ctx, in)
		if violates(err) { // the Idempotency key was seen (or, one chance in 2^50, the reference is taken)
			err = nil
		}
		if err == nil && !done {
			out, done, err = s.join(ctx, in)
		}
		// A unique violation when joining is a race for the Idempotency key: the next try sees the winner.
		if err == nil && done || err != nil && !violates(err) {
			return out, unavailable(err)
		}
		if try == triesOfSubmit {
			return Submitted{}, models.Errorf(models.Unavailable, "intake_busy", "Too many submissions at once; try again.").Because(err)
		}
	}
}

// subjectIndex is the keyed index that makes two submissions the same person's: over the e-mail address or, where a request by letter has
// none, over the first identity.
func (s *Store) subjectIndex(controller models.ID, subject request.Subject) ([]byte, error) {
	if subject.Email != "" {
		return s.emailIndex(controller, subject.Email), nil
	}
	if len(subject.Identities) == 0 {
		return nil, models.Errorf(models.Invalid, "email_missing", "Give the e-mail address or another identity of the person.").At("/email")
	}
	first := subject.Identities[0]
	return s.vault.Index(controller, first.Kind, normalised(first.Value)), nil
}

func (s *Store) emailIndex(controller models.ID, email models.Personal) []byte {
	return s.vault.Index(controller, "email", normalised(email))
}

// normalised makes spellings of one address equal.
func normalised(p models.Personal) string { return strings.ToLower(strings.TrimSpace(p.Reveal())) }

// join adds a submission to the person's open request, or gives the first answer again for an Idempotency key that was seen. done is false
// when that request was closed in between.
func (s *Store) join(ctx context.Context, in intake) (out Submitted, done bool, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		if out, done, err = s.replay(tx, in); done || err != nil {
			return err
		}
		var ids []models.ID
		err := tx.Model(&requestRow{}).Where("controller_id = ? AND right_code = ? AND subject_index = ? AND closed_at IS NULL",
			in.Controller.ID, in.Right, in.index).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return err
		}
		r, err := lockRequest(tx, models.ScopeOperator(), ids[0])
		if err != nil || r.State == models.Closed {
			return err
		}
		out, done = Submitted{RequestID: r.ID, Reference: r.Reference, StatusToken: in.token, Repeated: true}, true
		return s.joinRequest(tx, r, in)
	})
	return out, done, err
}

// joinRequest writes a further submission to a locked open request.
func (s *Store) joinRequest(tx *gorm.DB, r requestRow, in intake) error {
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return err
	}
	row, err := in.row(r.ID, key)
	if err != nil {
		return err
	}
	if err := in.mayJoin(tx, r); err != nil {
		return err
	}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	if err := s.findable(tx, r, in.Subject, in.agentEmail()); err != nil {
		return err
	}
	if agent := in.agentRow(r.ID, key); agent != nil {
		if err := tx.Create(agent).Error; err != nil {
			return err
		}
	}
	if in.Idempotency != nil {
		if err := tx.Create(in.idempotencyRow(true)).Error; err != nil {
			return err
		}
	}
	data := agentFacts(statementFacts(map[string]any{"channel": in.Channel, "vouched": in.Vouched}, in.Subject.Statement), in.Agent)
	if in.drp != nil {
		carried := in.sealedDRP(key)
		if err := tx.Create(carried).Error; err != nil {
			return err
		}
		if err := expectDRP(tx, carried, in.drpLapses); err != nil {
			return err
		}
		data["agent"] = in.drp.AgentID
	}
	if err := s.record(tx, r, in.Actor, "request.repeated", data); err != nil {
		return err
	}
	if in.Vouched {
		return s.verified(tx, r, row, in.Actor)
	}
	return s.enqueue(tx, Order{RequestID: r.ID, Kind: OrderUpdate, Name: string(request.Resend)})
}

// mayJoin refuses a stranger who keeps submitting somebody's address. Only what nobody has verified counts, so that the refusal says nothing about
// an earlier request.
func (in intake) mayJoin(tx *gorm.DB, r requestRow) error {
	if in.Vouched {
		return nil
	}
	var n int64
	err := tx.Model(&submissionRow{}).Where("request_id = ? AND verified_at IS NULL AND submitted_at > ?", r.ID, in.at.Add(-addressWindow)).
		Count(&n).Error
	if err == nil && n >= submissionsADay {
		return models.Errorf(models.TooMany, "too_many_submissions", "This request was sent too often today. Use the link in one of the mails, or try again tomorrow.")
	}
	return err
}

func (in intake) row(requestID models.ID, key *vault.Key) (submissionRow, error) {
	sealed, err := sealSubject(key, in.id, in.Subject)
	row := submissionRow{
		ID: in.id, RequestID: requestID, ControllerID: in.Controller.ID, SubmittedAt: in.at, Channel: in.Channel, Language: in.Language,
		ActorRole: in.Actor.Role, ActorID: in.Actor.ID, StatusTokenHash: vault.HashToken(in.token), PageTokenHash: in.pageHash,
		SubjectSealed: sealed, Indexed: true,
	}
	if in.Vouched {
		row.VerifiedAt = &in.at
	}
	return row, err
}
