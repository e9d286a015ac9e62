package store

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
)

// Filter narrows a list of requests; its zero value keeps all.
type Filter struct {
	State        models.State
	Right        models.Right
	ControllerID models.ID
	Open         *bool
	Waits        request.Party // open and waiting for it
	Outcome      models.Outcome
	Channel      request.Channel
	Language     string          // its first subtag: "de" keeps de-AT too
	Held         bool            // something is, or by its plan would be, kept by law
	Represented  bool            // somebody asks for the person
	Paused       bool            // open, and its clock stands
	Extended     bool            // open, and its time was extended
	Overdue      bool            // open and past the due date
	DueBefore    time.Time       // open, not overdue, and due before this instant; zero keeps all
	Reference    string          // as people write it
	Find         models.Personal // an identity in full, or what others call the request by; not found after the request was shredded
}

// pageLimit bounds how many requests one page of a list has.
const pageLimit = 200

// dueOrder is the order of a list, as the index requests_due has it.
const dueOrder = "coalesce(due_before, 'infinity'::timestamptz), id"

// Requests lists requests inside the scope, the earliest due first and those without a due date last. next is the cursor of the following
// page, empty at the end. It fails with bad_cursor or bad_reference.
func (s *Store) Requests(ctx context.Context, scope models.Scope, f Filter, cursor string, limit int) (page []request.Request, next string, err error) {
	if limit < 1 || limit > pageLimit {
		limit = pageLimit
	}
	query, err := s.filtered(ctx, scope, f)
	if err != nil {
		return nil, "", err
	}
	if cursor != "" {
		due, id, err := parseCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		query = query.Where("("+dueOrder+") > (?::timestamptz, ?::uuid)", due, id)
	}
	var rows []requestRow
	if err := query.Order(dueOrder).Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, "", unavailable(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursorOf(rows[limit-1])
	}
	page = make([]request.Request, len(rows))
	for i, r := range rows {
		page[i] = r.request()
	}
	return page, next, nil
}

func (s *Store) filtered(ctx context.Context, scope models.Scope, f Filter) (*gorm.DB, error) {
	query := scoped(s.read(ctx), scope)
	if f.State != "" {
		query = query.Where("state = ?", f.State)
	}
	if f.Right != "" {
		query = query.Where("right_code = ?", f.Right)
	}
	if !f.ControllerID.IsZero() {
		query = query.Where("controller_id = ?", f.ControllerID)
	}
	if f.Open != nil {
		condition := "closed_at IS NOT NULL"
		if *f.Open { // written out, because an index of the open requests serves only this very condition
			condition = "closed_at IS NULL"
		}
		query = query.Where(condition)
	}
	if f.Overdue {
		query = query.Where("closed_at IS NULL AND due_before <= ? AND coalesce(due_before, 'infinity'::timestamptz) <= ?", s.now(), s.now())
	}
	if !f.DueBefore.IsZero() {
		query = query.Where("closed_at IS NULL AND due_before > ? AND coalesce(due_before, 'infinity'::timestamptz) BETWEEN ? AND ?", s.now(), s.now(), f.DueBefore)
	}
	if f.Waits != "" {
		query = query.Where("closed_at IS NULL AND waits_for = ?", f.Waits)
	}
	if f.Outcome != "" {
		query = query.Where("closed_at IS NOT NULL AND outcome = ?", f.Outcome)
	}
	query = f.kinds(query)
	if f.Reference != "" {
		reference, err := ParseReference(f.Reference)
		if err != nil {
			return nil, err
		}
		query = query.Where("reference = ?", reference)
	}
	if f.Find != "" {
		return s.found(ctx, query, scope, f.Find)
	}
	return query, nil
}

// kinds narrows a query by how a request came in and what became of its time and its data.
func (f Filter) kinds(query *gorm.DB) *gorm.DB {
	if f.Channel != "" {
		query = query.Where("channel = ?", f.Channel)
	}
	if f.Language != "" {
		query = query.Where("split_part(language, '-', 1) = ?", f.Language)
	}
	if f.Held {
		query = query.Where(f.held())
	}
	if f.Represented {
		query = query.Where(`id IN (SELECT request_id FROM agents
UNION SELECT s.request_id FROM drp_requests d JOIN submissions s ON s.id = d.submission_id)`)
	}
	if f.Paused {
		query = query.Where("closed_at IS NULL AND coalesce(due_before, 'infinity'::timestamptz) = 'infinity' AND (clock->>'Paused')::boolean")
	}
	if f.Extended {
		query = query.Where("closed_at IS NULL AND clock->>'ExtendedTo' <> ''")
	}
	return query
}

// held is the condition that something is, or by the plan would be, kept by law. What is open has a plan that says so, what is closed a deferral: each is
// asked for by itself, since an index serves no alternative.
func (f Filter) held() string {
	const (
		planned  = "EXISTS (SELECT FROM plans p WHERE p.request_id = requests.id AND p.version = requests.plan_version AND p.held)"
		deferred = "EXISTS (SELECT FROM deferrals d WHERE d.request_id = requests.id AND d.state <> 'done')"
	)
	switch {
	case f.Open == nil:
		return "(closed_at IS NULL AND " + planned + " OR closed_at IS NOT NULL AND " + deferred + ")"
	case *f.Open:
		return planned
	default:
		return deferred
	}
}

func cursorOf(r requestRow) string {
	due := "infinity"
	if r.DueBefore != nil {
		due = r.DueBefore.UTC().Format(time.RFC3339Nano)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(due + "|" + r.ID.String()))
}

func parseCursor(cursor string) (due string, id models.ID, err error) {
	bad := models.Errorf(models.Invalid, "bad_cursor", "The page cursor is not one that was given out.").At("/cursor")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", models.ID{}, bad
	}
	due, text, _ := strings.Cut(string(b), "|")
	if id, err = models.ParseID(text); err != nil {
		return "", models.ID{}, bad
	}
	if _, err := time.Parse(time.RFC3339Nano, due); err != nil && due != "infinity" {
		return "", models.ID{}, bad
	}
	return due, id, nil
}
