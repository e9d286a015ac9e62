package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
)

// Standing is a customer's instruction for every request of a right that comes to wait for one.
type Standing struct {
	ID           models.ID
	ControllerID models.ID
	Right        models.Right
	Channels     []request.Channel // by which the requests came that follow it; none means any
	Narrowing    request.Narrowing // what it leaves out
	Reason       string            // why; told to each person whose request follows it, and about none of them
	MadeBy       models.ID
	MadeAt       time.Time
	EndedAt      time.Time // zero while it stands
}

type standingRow struct {
	ID           models.ID `gorm:"primaryKey"`
	ControllerID models.ID
	RightCode    models.Right
	Channels     []request.Channel `gorm:"serializer:json"`
	Narrowing    request.Narrowing `gorm:"serializer:json"`
	Reason       string
	MadeBy       models.ID
	MadeAt       time.Time
	EndedBy      models.ID
	EndedAt      *time.Time
}

func (standingRow) TableName() string { return "standing_instructions" }

// maxStandingReason bounds the reason of a standing instruction, as that of a decision is.
const maxStandingReason = 4000

// InstructStanding makes a standing instruction of the customer who is signed in: its right, channels, narrowing and reason are given. It is for
// requests that come to wait from now on; those that wait already are instructed one by one. It fails with decision_forbidden for anybody else, with
// bad_channel, with reason_missing when something is left out without a reason, and with standing_already.
func (s *Store) InstructStanding(ctx context.Context, who models.Principal, in Standing) (models.ID, error) {
	controller, err := instructing(who)
	if err != nil {
		return models.ID{}, err
	}
	row := standingRow{
		ID: newID(), ControllerID: controller, RightCode: in.Right, MadeBy: who.ID, MadeAt: s.now(),
		Channels: append([]request.Channel{}, in.Channels...), Narrowing: in.Narrowing.Sorted(), Reason: strings.TrimSpace(in.Reason),
	}
	if err := row.check(); err != nil {
		return models.ID{}, err
	}
	data := map[string]any{"instruction_id": row.ID, "right": row.RightCode}
	if len(row.Channels) > 0 {
		data["channels"] = row.Channels
	}
	if !row.Narrowing.IsZero() {
		data["narrowing"] = row.Narrowing
	}
	err = s.tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.recordFor(tx, controller, models.ID{}, who.Actor, "instruction.standing", data)
	})
	if violates(err) {
		return models.ID{}, models.Errorf(models.Conflict, "standing_already", "There is a standing instruction for this right already.").At("/right")
	}
	return row.ID, err
}

// check refuses what a standing instruction cannot say.
func (r standingRow) check() error {
	for _, c := range r.Channels {
		if !slices.Contains(request.Channels(), c) {
			return models.Errorf(models.Invalid, "bad_channel", "There is no such way for a request to come.").At("/channels")
		}
	}
	switch {
	case r.Narrowing.IsZero() && r.Reason == "":
		return nil
	case r.Reason == "":
		return models.Errorf(models.Invalid, "reason_missing", "Give the reason in words.").At("/reason")
	case len(r.Reason) > maxStandingReason:
		return models.Errorf(models.Invalid, "reason_too_long", "Give the reason in at most 4000 characters.").At("/reason")
	}
	return nil
}

// instructing is the controller that somebody instructs for.
func instructing(who models.Principal) (models.ID, error) {
	controller, limited := who.Scope.Controller()
	if !limited || request.Allowed(request.Instruct, who.Role, models.AwaitingInstruction) != nil {
		return models.ID{}, models.Errorf(models.Forbidden, "decision_forbidden", "Only the customer itself instructs.")
	}
	return controller, nil
}

// EndStanding ends a standing instruction: requests wait for their own again. It fails with decision_forbidden or not_found; ending it twice is
// not_found too.
func (s *Store) EndStanding(ctx context.Context, who models.Principal, id models.ID) error {
	controller, err := instructing(who)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&standingRow{}).Where("id = ? AND controller_id = ? AND ended_at IS NULL", id, controller).
			Updates(map[string]any{"ended_at": s.now(), "ended_by": who.ID})
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return notFound("standing instruction")
		}
		return s.recordFor(tx, controller, models.ID{}, who.Actor, "instruction.standing.ended", map[string]any{"instruction_id": id})
	})
}

// StandingInstructions are those inside the scope, the standing ones first, then the newest.
func (s *Store) StandingInstructions(ctx context.Context, scope models.Scope) ([]Standing, error) {
	var rows []standingRow
	if err := scoped(s.read(ctx), scope).Order("ended_at IS NOT NULL, made_at DESC, id").Limit(pageLimit).Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Standing, len(rows))
	for i, r := range rows {
		out[i] = r.standing()
	}
	return out, nil
}

// StandingInstruction is one inside the scope; it fails with not_found.
func (s *Store) StandingInstruction(ctx context.Context, scope models.Scope, id models.ID) (Standing, error) {
	var row standingRow
	err := scoped(s.read(ctx), scope).Where("id = ?", id).Take(&row).Error
	return row.standing(), missing(err, "standing instruction")
}

func (r standingRow) standing() Standing {
	return Standing{
		ID: r.ID, ControllerID: r.ControllerID, Right: r.RightCode, Channels: r.Channels, Narrowing: r.Narrowing, Reason: r.Reason, MadeBy: r.MadeBy, MadeAt: r.MadeAt.UTC(), EndedAt: instant(r.EndedAt),
	}
}

// followStanding instructs a request that has just come to wait, when its customer has said so once and for all. The decision is the customer's,
// and the ledger names the instruction that it follows.
func (s *Store) followStanding(tx *gorm.DB, id models.ID) error {
	r, err := findRequest(tx, models.ScopeOperator(), id)
	if err != nil {
		return err
	}
	var rows []standingRow
	err = tx.Where("controller_id = ? AND right_code = ? AND ended_at IS NULL", r.ControllerID, r.RightCode).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 || len(rows[0].Channels) > 0 && !slices.Contains(rows[0].Channels, r.Channel) {
		return err
	}
	d, err := s.decide(tx, r, request.Decision{
		RequestID: id, Kind: request.Instruct, Actor: models.Actor{Role: models.RoleController, ID: rows[0].MadeBy},
		Narrowing: rows[0].Narrowing, Reason: models.Personal(rows[0].Reason),
	})
	if models.KindOf(err) == models.Conflict { // it was instructed, or refused, before
		return nil
	}
	if err != nil {
		return err
	}
	return s.record(tx, r, models.System(), "instruction.followed", map[string]any{"instruction_id": rows[0].ID, "decision_id": d.ID})
}
