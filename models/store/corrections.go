package store

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store/vault"
)

type correctionRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	GroupNo      int
	RowDigest    []byte
	Dataset      string
	Collection   string
	Field        string
	ValueSealed  []byte
	Status       request.CorrectionStatus
	Code         string
	Rows         int64
	MadeAt       time.Time
	DoneAt       *time.Time
}

func (correctionRow) TableName() string { return "corrections" }

func valuePlace(id models.ID) string { return "corrections.value/" + id.String() }

func (r correctionRow) open(key *vault.Key) (request.Correction, error) {
	plain, err := key.Open(valuePlace(r.ID), r.ValueSealed)
	return request.Correction{
		ID: r.ID, RequestID: r.RequestID, Group: r.GroupNo, Row: hex.EncodeToString(r.RowDigest), Dataset: r.Dataset, Collection: r.Collection, Field: r.Field,
		Value: models.Personal(plain), Status: r.Status, Code: r.Code, Rows: r.Rows, At: r.MadeAt.UTC(),
	}, err
}

// maxCorrections bounds the corrections of one request.
const maxCorrections = 500

// EnterCorrection enters what a field of located rows is to become, in place of what was entered for it before, and makes a new version of the
// plan, so that what is approved is what was shown. actor must be the DPO. It fails with not_found, decision_forbidden, decision_not_open,
// not_a_rectification, plan_changed, unknown_group, unknown_row, unknown_field, field_fixed or too_many_corrections.
func (s *Store) EnterCorrection(ctx context.Context, scope models.Scope, actor models.Actor, digest string, c request.Correction) (request.Correction, error) {
	_, err := s.changePlan(ctx, scope, actor, c.RequestID, digest, func(tx *gorm.DB, r requestRow, p plan.Plan) (plan.Plan, error) {
		i, err := correctable(r, p, c)
		if err != nil {
			return p, err
		}
		digest, err := checkRow(tx, r.ID, p.Groups[i], c)
		if err != nil {
			return p, err
		}
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return p, err
		}
		c.ID, c.Dataset, c.Collection, c.Status = newID(), p.Groups[i].Dataset, p.Groups[i].Collection, request.CorrectionPlanned
		row := correctionRow{
			ID: c.ID, RequestID: r.ID, ControllerID: r.ControllerID, GroupNo: c.Group, RowDigest: digest, Dataset: c.Dataset, Collection: c.Collection,
			Field: c.Field, ValueSealed: key.Seal(valuePlace(c.ID), []byte(c.Value.Reveal())), Status: c.Status, MadeAt: s.now(),
		}
		err = tx.Where("request_id = ? AND group_no = ? AND row_digest = ? AND field = ?", r.ID, c.Group, digest, c.Field).Delete(&correctionRow{}).Error
		if err == nil {
			err = tx.Create(&row).Error
		}
		if err != nil {
			return p, err
		}
		data := map[string]any{"correction_id": c.ID, "group": c.Group, "collection": p.Groups[i].Name(), "field": c.Field, "one_row": c.Row != ""}
		if err := s.record(tx, r, actor, "correction.entered", data); err != nil {
			return p, err
		}
		return s.withCorrections(tx, r, key, p)
	})
	return c, err
}

// DropCorrection takes back a correction that was entered. It fails with not_found and as EnterCorrection does.
func (s *Store) DropCorrection(ctx context.Context, scope models.Scope, actor models.Actor, requestID, id models.ID, digest string) error {
	_, err := s.changePlan(ctx, scope, actor, requestID, digest, func(tx *gorm.DB, r requestRow, p plan.Plan) (plan.Plan, error) {
		result := tx.Where("id = ? AND request_id = ?", id, r.ID).Delete(&correctionRow{})
		if result.Error != nil {
			return p, result.Error
		}
		if result.RowsAffected == 0 {
			return p, notFound("correction")
		}
		key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
		if err != nil {
			return p, err
		}
		if err := s.record(tx, r, actor, "correction.dropped", map[string]any{"correction_id": id}); err != nil {
			return p, err
		}
		return s.withCorrections(tx, r, key, p)
	})
	return err
}

// correctable is the index of the correction's group.
func correctable(r requestRow, p plan.Plan, c request.Correction) (int, error) {
	if r.RightCode != models.Rectification {
		return 0, models.Errorf(models.Invalid, "not_a_rectification", "Only a request for rectification has corrections.")
	}
	i := slices.IndexFunc(p.Groups, func(g plan.Group) bool { return g.No == c.Group })
	if i < 0 {
		return 0, models.Errorf(models.Invalid, "unknown_group", "The plan has no group %d.", c.Group).At("/group")
	}
	f := slices.IndexFunc(p.Groups[i].Fields, func(f plan.Field) bool { return f.Name == c.Field })
	switch {
	case f < 0:
		return 0, models.Errorf(models.Invalid, "unknown_field", "Choose a field of the records.").At("/field")
	case p.Groups[i].Fields[f].Fixed:
		return 0, models.Errorf(models.Invalid, "field_fixed", "This field is a key or read-only in its system and cannot be corrected.").At("/field")
	}
	return i, nil
}

// checkRow gives the digest of the one row that a correction is for, empty when it is for all of its group.
func checkRow(tx *gorm.DB, requestID models.ID, g plan.Group, c request.Correction) ([]byte, error) {
	var entered int64
	if err := tx.Model(&correctionRow{}).Where("request_id = ?", requestID).Count(&entered).Error; err != nil {
		return nil, err
	}
	if entered >= maxCorrections {
		return nil, models.Errorf(models.Invalid, "too_many_corrections", "A request has at most %d corrections.", maxCorrections)
	}
	if c.Row == "" {
		return []byte{}, nil
	}
	digest, err := hex.DecodeString(c.Row)
	if err != nil || len(digest) == 0 {
		return nil, unknownRow(g.No)
	}
	var there int64
	err = tx.Table("located_rows").Where("digest = ? AND request_id = ? AND dataset = ? AND collection = ?", digest, requestID, g.Dataset, g.Collection).
		Count(&there).Error
	if err == nil && there == 0 {
		err = unknownRow(g.No)
	}
	return digest, err
}

func unknownRow(group int) error {
	return models.Errorf(models.Invalid, "unknown_row", "Group %d has no such record.", group).At("/row")
}

// withCorrections is the plan with what has been entered so far. The digest is keyed, because a short value could be guessed from a plain one.
func (s *Store) withCorrections(tx *gorm.DB, r requestRow, key *vault.Key, p plan.Plan) (plan.Plan, error) {
	var rows []correctionRow
	if err := tx.Where("request_id = ?", r.ID).Order("group_no, field, row_digest").Find(&rows).Error; err != nil {
		return p, err
	}
	var text strings.Builder
	fields := map[int][]string{}
	for _, row := range rows {
		c, err := row.open(key)
		if err != nil {
			return p, err
		}
		text.WriteString(row.ID.String() + c.Value.Reveal() + "\x00")
		fields[row.GroupNo] = append(fields[row.GroupNo], row.Field)
	}
	p.Corrections = ""
	if len(rows) > 0 {
		p.Corrections = hex.EncodeToString(key.Digest("corrections", []byte(text.String())))
	}
	p.Groups = slices.Clone(p.Groups)
	for i := range p.Groups {
		g := &p.Groups[i]
		g.Choice, g.Corrected = "", slices.Compact(fields[g.No])
		if len(g.Corrected) > 0 {
			g.Choice = models.TreatRectify
		}
	}
	return p, nil
}

// Corrections are the corrections of a request inside the scope, by group and field. It fails with not_found or key_destroyed.
func (s *Store) Corrections(ctx context.Context, scope models.Scope, requestID models.ID) ([]request.Correction, error) {
	tx := s.read(ctx)
	r, err := findRequest(tx, scope, requestID)
	if err != nil {
		return nil, err
	}
	var rows []correctionRow
	if err := tx.Where("request_id = ?", requestID).Order("group_no, field, row_digest").Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, unavailable(err)
	}
	key, err := s.vault.Unwrap(r.ID, r.WrappedKey)
	if err != nil {
		return nil, err
	}
	out := make([]request.Correction, len(rows))
	for i, row := range rows {
		if out[i], err = row.open(key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SettleCorrection records what became of a correction: how many rows carry the value, or why it was refused. What is settled stays. It fails
// with not_found.
func (s *Store) SettleCorrection(ctx context.Context, id models.ID, status request.CorrectionStatus, code string, rows int64) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var row correctionRow
		if err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "correction")
		}
		if row.DoneAt != nil {
			return nil
		}
		r, err := findRequest(tx, models.ScopeOperator(), row.RequestID)
		if err != nil {
			return err
		}
		err = tx.Model(&correctionRow{}).Where("id = ?", id).
			Updates(map[string]any{"status": status, "code": code, "rows": rows, "done_at": s.now()}).Error
		if err != nil {
			return err
		}
		data := map[string]any{"correction_id": id, "group": row.GroupNo, "collection": row.Dataset + "." + row.Collection, "field": row.Field, "rows": rows}
		if code != "" {
			data["code"] = code
		}
		return s.record(tx, r, models.System(), "correction."+string(status), data)
	})
}
