package store

import (
	"context"
	"time"

	"habeas/models"
	"habeas/models/request"
)

// Soon is how near a legal date is that is told to be near.
const Soon = 7 * 24 * time.Hour

// Period is a time that figures are of; its months are those of Zone.
type Period struct {
	From, Before time.Time
	Zone         *time.Location
}

// OpenCount counts the open requests of one controller and right that wait for the same party.
type OpenCount struct {
	ControllerID models.ID
	Right        models.Right
	Waits        request.Party
	Open         int64
	Soon         int64 // due before an instant, and not overdue
	Overdue      int64
}

// What figures are told apart by; ByNothing counts all of them.
const (
	ByNothing    = ""
	ByMonth      = "month" // "2027-02", in the period's zone
	ByRight      = "right"
	ByController = "controller" // its ID
	ByOutcome    = "outcome"
)

// Count counts the requests of a period that have Key in common.
type Count struct {
	By, Key string
	N       int64
}

// Closing counts the requests that were closed in a period and have Key in common. Times are of those that were answered: neither
// withdrawn nor lapsed.
type Closing struct {
	By, Key     string
	Closed      int64
	Late        int64 // answered after the legal date
	Answered    int64
	Median, P90 time.Duration // from receipt to close; zero when none was answered
}

// OpenCounts counts the open requests inside the scope; soon is the instant before which one is due soon.
func (s *Store) OpenCounts(ctx context.Context, scope models.Scope, soon time.Time) ([]OpenCount, error) {
	now := s.now()
	var out []OpenCount
	err := scoped(s.read(ctx).Table("requests"), scope).Where("closed_at IS NULL").
		Select(`controller_id, right_code AS "right", waits_for AS waits, count(*) AS open,
count(*) FILTER (WHERE due_before > ? AND due_before <= ?) AS soon, count(*) FILTER (WHERE due_before <= ?) AS overdue`, now, soon, now).
		Group("controller_id, right_code, waits_for").Order("controller_id, right_code, waits_for").Scan(&out).Error
	return out, unavailable(err)
}

// Received counts the requests inside the scope that came in during a period: all, by month, by right and by controller.
func (s *Store) Received(ctx context.Context, scope models.Scope, p Period) ([]Count, error) {
	inner := scoped(s.read(ctx).Table("requests"), scope).Where("received_at >= ? AND received_at < ?", p.From, p.Before).
		Select(`to_char(received_at AT TIME ZONE ?, 'YYYY-MM') AS month, right_code, controller_id`, p.Zone.String())
	var out []Count
	err := s.read(ctx).Raw(`
SELECT CASE WHEN GROUPING(month) = 0 THEN 'month' WHEN GROUPING(right_code) = 0 THEN 'right' WHEN GROUPING(controller_id) = 0 THEN 'controller' ELSE '' END AS "by",
    coalesce(month, right_code, controller_id::text, '') AS key, count(*) AS n
FROM (?) r GROUP BY GROUPING SETS ((), (month), (right_code), (controller_id)) ORDER BY 1, 2`, inner).Scan(&out).Error
	return out, unavailable(err)
}

// closingsSQL takes the times of those that were answered only.
const closingsSQL = `
SELECT CASE WHEN GROUPING(month) = 0 THEN 'month' WHEN GROUPING(right_code) = 0 THEN 'right' WHEN GROUPING(controller_id) = 0 THEN 'controller'
        WHEN GROUPING(outcome) = 0 THEN 'outcome' ELSE '' END AS "by",
    coalesce(month, right_code, controller_id::text, outcome, '') AS key, count(*) AS closed, count(*) FILTER (WHERE answered AND late) AS late,
    count(*) FILTER (WHERE answered) AS answered,
    coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY took) FILTER (WHERE answered), 0) AS median,
    coalesce(percentile_disc(0.9) WITHIN GROUP (ORDER BY took) FILTER (WHERE answered), 0) AS p90
FROM (?) r GROUP BY GROUPING SETS ((), (month), (right_code), (controller_id), (outcome)) ORDER BY 1, 2`

// Closings counts the requests inside the scope that were closed during a period: all, by month, by right, by controller and by outcome.
func (s *Store) Closings(ctx context.Context, scope models.Scope, p Period) ([]Closing, error) {
	inner := scoped(s.read(ctx).Table("requests"), scope).Where("closed_at >= ? AND closed_at < ?", p.From, p.Before).
		Select(`to_char(closed_at AT TIME ZONE ?, 'YYYY-MM') AS month, right_code, controller_id, outcome, closed_at >= due_before AS late,
outcome NOT IN ('withdrawn', 'lapsed') AS answered, extract(epoch FROM closed_at - received_at)::bigint AS took`, p.Zone.String())
	var rows []struct {
		By, Key                             string
		Closed, Late, Answered, Median, P90 int64
	}
	if err := s.read(ctx).Raw(closingsSQL, inner).Scan(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]Closing, len(rows))
	for i, r := range rows {
		out[i] = Closing{
			By: r.By, Key: r.Key, Closed: r.Closed, Late: r.Late, Answered: r.Answered,
			Median: time.Duration(r.Median) * time.Second, P90: time.Duration(r.P90) * time.Second,
		}
	}
	return out, nil
}

// LateRequest is a request that is, or was answered, after its legal date.
type LateRequest struct {
	ID           models.ID
	Reference    string
	ControllerID models.ID
	Right        models.Right
	State        models.State
	Waits        request.Party // empty when closed
	DueBefore    time.Time
	ClosedAt     time.Time // zero while open
	Extended     bool
}

// LateRequests are at most limit requests inside the scope that were late at some time of a period, the longest due first.
func (s *Store) LateRequests(ctx context.Context, scope models.Scope, p Period, limit int) ([]LateRequest, error) {
	var rows []requestRow
	until := p.Before
	if now := s.now(); now.Before(until) {
		until = now
	}
	err := scoped(s.read(ctx), scope).
		Where("due_before <= ? AND (closed_at IS NULL OR closed_at >= ? AND closed_at >= due_before) AND outcome NOT IN ('withdrawn', 'lapsed')", until, p.From).
		Order("due_before, id").Limit(limit).Find(&rows).Error
	out := make([]LateRequest, len(rows))
	for i, r := range rows {
		one := r.request()
		out[i] = LateRequest{
			ID: one.ID, Reference: one.Reference, ControllerID: one.ControllerID, Right: one.Right, State: one.State, Waits: one.Waits,
			DueBefore: instant(r.DueBefore), ClosedAt: one.ClosedAt, Extended: !one.Clock.ExtendedTo.IsZero(),
		}
	}
	return out, unavailable(err)
}

// NoticeCounts counts the notices that were queued in a period by state.
func (s *Store) NoticeCounts(ctx context.Context, scope models.Scope, p Period) ([]Count, error) {
	var out []Count
	err := scoped(s.read(ctx).Table("notices"), scope).Where("queued_at >= ? AND queued_at < ?", p.From, p.Before).
		Select(`'state' AS "by", state AS key, count(*) AS n`).Group("state").Order("state").Scan(&out).Error
	return out, unavailable(err)
}

// HoldCount counts what is retained under one rule.
type HoldCount struct {
	Rule, Citation string
	Holds, Rows    int64
	First, Last    time.Time // days on which a hold has ended and its data is erased
}

// countHolds counts the deferrals in force inside the scope by rule.
func (s *Store) countHolds(ctx context.Context, scope models.Scope) ([]HoldCount, error) {
	var out []HoldCount
	err := scoped(s.read(ctx).Model(&deferralRow{}), scope).Where("state <> 'done'").
		Select(`coalesce(body->>'rule', '') AS rule, coalesce(max(body->>'citation'), '') AS citation, count(*) AS holds,
coalesce(sum((body->>'rows')::bigint), 0) AS rows, min(due_on) AS first, max(due_on) AS last`).
		Group("coalesce(body->>'rule', '')").Order("rule").Scan(&out).Error
	return out, unavailable(err)
}
