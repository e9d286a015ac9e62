package store

import (
	"context"
	"crypto/rand"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/drp"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// DRPPair is an agent with a business that it speaks to, as the operator's file names them: a token stands for one pair.
type DRPPair struct{ Agent, Business string }

// DRPOrder is what a request by the Data Rights Protocol has beside a Submission. Digest is that of the signed message, which is taken once.
type DRPOrder struct {
	DRPPair
	AgentRequestID string
	Digest         [32]byte
	Callback       models.Personal // where the agent wants to be told how the request stands; empty: it asks
	LapseAfter     time.Duration   // in which the person confirms it
}

// DRPRequest is how a request that an agent sent stands. State, Outcome and Clock are those of the request it became part of, once the person has
// confirmed what this agent sent; until then there is nothing of them.
type DRPRequest struct {
	ID             models.ID
	ControllerID   models.ID
	AgentRequestID string
	ReceivedAt     time.Time
	Denied         drp.Reason
	Revoked        bool
	Verified       bool
	State          models.State
	Outcome        models.Outcome
	Clock          request.Clock
	ResultsUntil   time.Time // the answer can be fetched until then; zero: there is none
}

type drpTokenRow struct {
	AgentID    string `gorm:"primaryKey"`
	BusinessID string `gorm:"primaryKey"`
	TokenHash  []byte
	IssuedAt   time.Time
}

func (drpTokenRow) TableName() string { return "drp_tokens" }

type drpMessageRow struct {
	AgentID   string `gorm:"primaryKey"`
	Digest    []byte `gorm:"primaryKey"`
	ExpiresAt time.Time
}

func (drpMessageRow) TableName() string { return "drp_messages" }

type drpRow struct {
	ID             models.ID `gorm:"primaryKey"`
	ControllerID   models.ID
	AgentID        string
	BusinessID     string
	AgentRequestID string
	SubmissionID   *models.ID
	Denied         drp.Reason
	ReceivedAt     time.Time
	RevokedAt      *time.Time
	Digest         []byte
	CallbackSealed []byte
	Told           string
}

func (drpRow) TableName() string { return "drp_requests" }

func (s *Store) newDRP(controller models.ID, o DRPOrder) drpRow {
	return drpRow{
		ID: newID(), ControllerID: controller, AgentID: o.Agent, BusinessID: o.Business, AgentRequestID: o.AgentRequestID, ReceivedAt: s.now(),
		Digest: o.Digest[:],
	}
}

func messageReplayed() error {
	return models.Errorf(models.Conflict, "message_replayed", "This message was taken already; sign a new one.")
}

// SetUpDRP gives a pair its token, which replaces the one it had. The digest of the message that asked for it is kept until it expires. It fails with
// message_replayed.
func (s *Store) SetUpDRP(ctx context.Context, p DRPPair, digest [32]byte, expires time.Time) (token string, err error) {
	token, now := rand.Text()+rand.Text(), s.now()
	err = s.tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("agent_id = ? AND expires_at < ?", p.Agent, now).Delete(&drpMessageRow{}).Error; err != nil {
			return err
		}
		seen := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&drpMessageRow{AgentID: p.Agent, Digest: digest[:], ExpiresAt: expires})
		if seen.Error != nil {
			return seen.Error
		}
		if seen.RowsAffected == 0 {
			return messageReplayed()
		}
		row := drpTokenRow{AgentID: p.Agent, BusinessID: p.Business, TokenHash: vault.HashToken(token), IssuedAt: now}
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "agent_id"}, {Name: "business_id"}}, DoUpdates: clause.AssignmentColumns([]string{"token_hash", "issued_at"}),
		}).Create(&row).Error
	})
	return token, err
}

// DRPPairOf is whom a token stands for; it fails with not_found.
func (s *Store) DRPPairOf(ctx context.Context, token string) (DRPPair, error) {
	var row drpTokenRow
	err := s.read(ctx).Where("token_hash = ?", vault.HashToken(token)).Take(&row).Error
	return DRPPair{row.AgentID, row.BusinessID}, missing(err, "token")
}

// SubmitDRP takes a request in as Submit does, with what the agent knows it by, in one transaction. The person's page is not for the agent: the
// link to confirm that the agent has opens nothing else. It fails with message_replayed and what Submit fails with.
func (s *Store) SubmitDRP(ctx context.Context, sub Submission, o DRPOrder) (DRPRequest, error) {
	if err := s.freshDRP(ctx, o); err != nil {
		return DRPRequest{}, err
	}
	in, err := s.intakeOf(sub)
	if err != nil {
		return DRPRequest{}, err
	}
	row := s.newDRP(sub.Controller.ID, o)
	row.SubmissionID = &in.id
	in.drpCallback, in.drpLapses = o.Callback, row.ReceivedAt.Add(o.LapseAfter)
	in.drp, in.pageHash = &row, vault.HashToken(s.vault.Token(pagePurpose, in.id))
	if _, err := s.submit(ctx, in); err != nil {
		if again := s.freshDRP(ctx, o); again != nil { // the same message came twice at once
			return DRPRequest{}, again
		}
		return DRPRequest{}, err
	}
	return s.DRP(ctx, o.DRPPair, row.ID)
}

// DenyDRP records a request that is denied as it comes in; nothing of the person is kept. It fails with message_replayed.
func (s *Store) DenyDRP(ctx context.Context, controller models.ID, o DRPOrder, why drp.Reason) (DRPRequest, error) {
	row := s.newDRP(controller, o)
	row.Denied = why
	err := s.read(ctx).Create(&row).Error
	if violates(err) {
		return DRPRequest{}, messageReplayed()
	}
	if err != nil {
		return DRPRequest{}, unavailable(err)
	}
	return s.DRP(ctx, o.DRPPair, row.ID)
}

func (s *Store) freshDRP(ctx context.Context, o DRPOrder) error {
	var n int64
	err := s.read(ctx).Model(&drpRow{}).Where("agent_id = ? AND digest = ?", o.Agent, o.Digest[:]).Count(&n).Error
	if err == nil && n > 0 {
		return messageReplayed()
	}
	return unavailable(err)
}

// DRP is how a request stands, for the pair that sent it. It fails with not_found, and with not_your_request for another pair's.
func (s *Store) DRP(ctx context.Context, p DRPPair, id models.ID) (DRPRequest, error) {
	tx := s.read(ctx)
	row, err := drpOf(tx, p, id)
	if err != nil {
		return DRPRequest{}, err
	}
	return s.drpStanding(tx, row)
}

func drpOf(tx *gorm.DB, p DRPPair, id models.ID) (drpRow, error) {
	var row drpRow
	if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
		return row, missing(err, "request")
	}
	if row.AgentID != p.Agent || row.BusinessID != p.Business {
		return row, models.Errorf(models.Forbidden, "not_your_request", "This request was sent by another agent, or to another business.")
	}
	return row, nil
}

func (s *Store) drpStanding(tx *gorm.DB, row drpRow) (DRPRequest, error) {
	out := DRPRequest{
		ID: row.ID, ControllerID: row.ControllerID, AgentRequestID: row.AgentRequestID, ReceivedAt: row.ReceivedAt.UTC(), Denied: row.Denied,
		Revoked: row.RevokedAt != nil,
	}
	if row.SubmissionID == nil {
		return out, nil
	}
	var sub submissionRow
	if err := tx.Where("id = ?", *row.SubmissionID).Take(&sub).Error; err != nil {
		return out, missing(err, "submission")
	}
	if out.Verified = sub.VerifiedAt != nil; !out.Verified {
		return out, nil
	}
	r, err := findRequest(tx, models.ScopeOperator(), sub.RequestID)
	if err != nil {
		return out, err
	}
	out.State, out.Outcome, out.Clock = r.State, r.Outcome, r.Clock
	out.ResultsUntil, err = s.resultsUntil(tx, r.ID)
	return out, err
}

// RevokeDRP takes a request back for the pair that sent it; done again, it changes nothing. What the person has filed by another way as well goes
// on: only the agent's part in it ends. It fails with not_found, not_your_request, or not_pending when it is too late.
func (s *Store) RevokeDRP(ctx context.Context, p DRPPair, id models.ID) (out DRPRequest, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		row, err := drpOf(tx, p, id)
		if err != nil {
			return err
		}
		if row.Denied != "" {
			return notPending()
		}
		if row.RevokedAt == nil {
			if err := s.revokeDRP(tx, row); err != nil {
				return err
			}
			now := s.now()
			row.RevokedAt = &now
			if err := tx.Model(&drpRow{}).Where("id = ?", id).Updates(map[string]any{"revoked_at": now, "told": drp.Progress{Revoked: true}.Mark()}).Error; err != nil {
				return err
			}
		}
		out, err = s.drpStanding(tx, row)
		return err
	})
	return out, err
}

func notPending() error {
	return models.Errorf(models.Conflict, "not_pending", "The request is not pending any more and cannot be cancelled.")
}

// revokeDRP withdraws the request that came of an agent's, unless there are further submissions to it.
func (s *Store) revokeDRP(tx *gorm.DB, row drpRow) error {
	var sub submissionRow
	if err := tx.Where("id = ?", *row.SubmissionID).Take(&sub).Error; err != nil {
		return missing(err, "submission")
	}
	r, err := lockRequest(tx, models.ScopeOperator(), sub.RequestID)
	if err != nil {
		return err
	}
	var others int64
	if err := tx.Model(&submissionRow{}).Where("request_id = ? AND id <> ?", r.ID, sub.ID).Count(&others).Error; err != nil {
		return err
	}
	if others > 0 && (sub.VerifiedAt == nil || r.State != models.Closed) {
		return nil
	}
	_, err = s.decide(tx, r, request.Decision{RequestID: r.ID, Kind: request.Withdraw, Actor: models.Actor{Role: models.RoleSubject}})
	if models.KindOf(err) == models.Conflict {
		return notPending()
	}
	return err
}

// DRPPage is the token of the page on which the person confirms what an agent has sent: it takes the code of the mail and shows nothing. It fails with
// not_found.
func (s *Store) DRPPage(ctx context.Context, id models.ID) (string, error) {
	var row drpRow
	if err := s.read(ctx).Where("id = ? AND submission_id IS NOT NULL", id).Take(&row).Error; err != nil {
		return "", missing(err, "request")
	}
	return s.vault.Token(statusPurpose, *row.SubmissionID), nil
}
