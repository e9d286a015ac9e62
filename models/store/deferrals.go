package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
)

// DeferralState is how far a deferral has got.
type DeferralState string

const (
	DeferralPending DeferralState = "pending" // its hold still stands, or has just ended
	DeferralRunning DeferralState = "running"
	DeferralDone    DeferralState = "done"
)

// Deferral is a retained group of a plan that is erased when its hold has ended. Its rows are those of the group, see RowsOf. The request's
// key is needed until it is done.
type Deferral struct {
	ID           models.ID
	RequestID    models.ID
	ControllerID models.ID
	Group        plan.Group    // as it was retained
	DueOn        calendar.Date // in the controller's time zone: the day after the hold's last
	State        DeferralState
	CreatedAt    time.Time
	StartedAt    time.Time // zero while pending
	FinishedAt   time.Time // zero until done
}

type deferralRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	GroupNo      int
	Body         plan.Group `gorm:"serializer:json"`
	DueOn        time.Time
	State        DeferralState
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	StartedAt    *time.Time
	FinishedAt   *time.Time
}

func (deferralRow) TableName() string { return "deferrals" }

func (r deferralRow) deferral() Deferral {
	return Deferral{
		ID: r.ID, RequestID: r.RequestID, ControllerID: r.ControllerID, Group: r.Body, DueOn: calendar.DateOf(r.DueOn.UTC()), State: r.State,
		CreatedAt: r.CreatedAt.UTC(), StartedAt: instant(r.StartedAt), FinishedAt: instant(r.FinishedAt),
	}
}

// midnight is how a date is handed to PostgreSQL, whose session is in UTC.
func midnight(d calendar.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// CreateDeferrals makes a deferral of each group, due when its hold has ended; one that exists stays as it is. It fails with not_found, and
// with no_date for a group without a date on which it may be erased.
func (s *Store) CreateDeferrals(ctx context.Context, requestID models.ID, groups []plan.Group) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), requestID)
		if err != nil {
			return err
		}
		for _, g := range groups {
			if g.ErasableOn.IsZero() {
				return models.Errorf(models.Invalid, "no_date", "Group %d has no date on which it may be erased.", g.No)
			}
			row := deferralRow{
				ID: newID(), RequestID: r.ID, ControllerID: r.ControllerID, GroupNo: g.No, Body: g, DueOn: midnight(g.ErasableOn),
				State: DeferralPending, CreatedAt: s.now(),
			}
			result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
			if result.Error != nil {
				return result.Error
			}
			if result.RowsAffected == 0 {
				continue
			}
			data := map[string]any{"deferral_id": row.ID, "group": g.No, "rows": g.Rows, "rule": g.Rule, "due_on": g.ErasableOn}
			if err := s.record(tx, r, models.System(), "deferral.created", data); err != nil {
				return err
			}
		}
		return nil
	})
}

// DueDeferrals are at most limit deferrals that are not done and whose date has come in their controller's time zone, those that nobody
// has started first, then the longest due; of those of one request that are due on the same day, one stands for all. today gives the date in a zone by its IANA name.
func (s *Store) DueDeferrals(ctx context.Context, today func(timezone string) calendar.Date, limit int) ([]models.ID, error) {
	tx := s.read(ctx)
	var zones []string
	err := tx.Raw(`
SELECT DISTINCT c.timezone FROM controllers c
WHERE EXISTS (SELECT FROM deferrals d WHERE d.controller_id = c.id AND d.state <> 'done') ORDER BY 1`).Scan(&zones).Error
	if err != nil || len(zones) == 0 {
		return nil, unavailable(err)
	}
	due := s.read(ctx).Where("false")
	for _, zone := range zones {
		due = due.Or("c.timezone = ? AND d.due_on <= ?", zone, midnight(today(zone)))
	}
	var ids []models.ID
	err = s.read(ctx).Table("deferrals d").Joins("JOIN controllers c ON c.id = d.controller_id").Where("d.state <> ?", DeferralDone).
		Where(`NOT EXISTS (SELECT FROM deferrals o WHERE o.request_id = d.request_id AND o.due_on = d.due_on AND o.state <> 'done' AND o.id < d.id)`).
		Where(due).Order("d.state, d.due_on, d.id").Limit(limit).Pluck("d.id", &ids).Error
	return ids, unavailable(err)
}

// Deferrals are the deferrals of a request inside the scope, by date. It fails with not_found.
func (s *Store) Deferrals(ctx context.Context, scope models.Scope, requestID models.ID) ([]Deferral, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	var rows []deferralRow
	if err := tx.Where("request_id = ?", requestID).Order("due_on, group_no").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Deferral, len(rows))
	for i, row := range rows {
		out[i] = row.deferral()
	}
	return out, nil
}

// AllDeferrals are at most limit deferrals of all requests inside the scope, in a state or in any, by date, from the one on that follows the named one;
// zero is the first page.
func (s *Store) AllDeferrals(ctx context.Context, scope models.Scope, state DeferralState, after models.ID, limit int) ([]Deferral, error) {
	q := scoped(s.read(ctx), scope)
	if state != "" {
		q = q.Where("state = ?", state)
	}
	if !after.IsZero() {
		q = q.Where("(due_on, id) > (SELECT due_on, id FROM deferrals WHERE id = ?)", after)
	}
	var rows []deferralRow
	if err := q.Order("due_on, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Deferral, len(rows))
	for i, row := range rows {
		out[i] = row.deferral()
	}
	return out, nil
}

// Deferral is one deferral inside the scope; it fails with not_found.
func (s *Store) Deferral(ctx context.Context, scope models.Scope, id models.ID) (Deferral, error) {
	var row deferralRow
	err := scoped(s.read(ctx), scope).Where("id = ?", id).Take(&row).Error
	return row.deferral(), missing(err, "deferral")
}

// StartDeferral marks a deferral as running and gives it; one that runs or is done stays as it is. It fails with not_found.
func (s *Store) StartDeferral(ctx context.Context, id models.ID) (Deferral, error) {
	return s.moveDeferral(ctx, id, func(tx *gorm.DB, r requestRow, row *deferralRow) error {
		if row.State != DeferralPending {
			return nil
		}
		now := s.now()
		row.State, row.StartedAt = DeferralRunning, &now
		return s.record(tx, r, models.System(), "deferral.started", map[string]any{"deferral_id": id, "group": row.GroupNo})
	})
}

// PostponeDeferral gives a deferral back a later date, because another hold stands; g is its group with that hold. The same date again
// changes nothing. It fails with not_found, no_date, or deferral_done.
func (s *Store) PostponeDeferral(ctx context.Context, id models.ID, g plan.Group) error {
	_, err := s.moveDeferral(ctx, id, func(tx *gorm.DB, r requestRow, row *deferralRow) error {
		switch {
		case g.ErasableOn.IsZero():
			return models.Errorf(models.Invalid, "no_date", "Group %d has no date on which it may be erased.", g.No)
		case row.State == DeferralDone:
			return models.Errorf(models.Conflict, "deferral_done", "The deferral is done.")
		case row.State == DeferralPending && row.Body.ErasableOn == g.ErasableOn && row.Body.Rule == g.Rule:
			return nil
		}
		g.No, g.Rows = row.Body.No, row.Body.Rows
		row.Body, row.DueOn, row.State, row.StartedAt = g, midnight(g.ErasableOn), DeferralPending, nil
		data := map[string]any{"deferral_id": id, "group": row.GroupNo, "rule": g.Rule, "due_on": g.ErasableOn}
		return s.record(tx, r, models.System(), "deferral.postponed", data)
	})
	return err
}

// FinishDeferral marks a deferral as done; one that is done stays as it is. It fails with not_found.
func (s *Store) FinishDeferral(ctx context.Context, id models.ID) error {
	_, err := s.moveDeferral(ctx, id, func(tx *gorm.DB, r requestRow, row *deferralRow) error {
		if row.State == DeferralDone {
			return nil
		}
		now := s.now()
		row.State, row.FinishedAt = DeferralDone, &now
		data := map[string]any{"deferral_id": id, "group": row.GroupNo, "rows": row.Body.Rows}
		return s.record(tx, r, models.System(), "deferral.done", data)
	})
	return err
}

// moveDeferral changes a deferral under the lock of its request.
func (s *Store) moveDeferral(ctx context.Context, id models.ID, move func(*gorm.DB, requestRow, *deferralRow) error) (Deferral, error) {
	var row deferralRow
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row = deferralRow{}
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "deferral")
		}
		r, err := lockRequest(tx, models.ScopeOperator(), row.RequestID)
		if err != nil {
			return err
		}
		row = deferralRow{}
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "deferral")
		}
		if err := move(tx, r, &row); err != nil {
			return err
		}
		return tx.Select("body", "due_on", "state", "started_at", "finished_at").Updates(&row).Error
	})
	return row.deferral(), err
}
