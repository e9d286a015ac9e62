package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/task"
)

type taskRow struct {
	ID            models.ID `gorm:"primaryKey"`
	RequestID     models.ID
	ControllerID  models.ID
	DeferralID    models.ID
	System        string
	Action        task.Action
	Collections   []string `gorm:"serializer:json"`
	Groups        []int    `gorm:"serializer:json"`
	Reason        task.Reason
	Instructions  string
	State         task.State
	Counts        map[string]int64 `gorm:"serializer:json"`
	CreatedAt     time.Time        `gorm:"autoCreateTime:false"`
	DoneAt        *time.Time
	DoneRole      models.Role
	DoneBy        models.ID
	ConfirmedAt   *time.Time
	ConfirmedRole models.Role
	ConfirmedBy   models.ID
}

func (taskRow) TableName() string { return "tasks" }

func (r taskRow) task() task.Task {
	t := task.Task{
		ID: r.ID, State: r.State, Counts: r.Counts, CreatedAt: r.CreatedAt.UTC(), DoneAt: instant(r.DoneAt), ConfirmedAt: instant(r.ConfirmedAt),
		Spec: task.Spec{
			RequestID: r.RequestID, DeferralID: r.DeferralID, System: r.System, Action: r.Action, Reason: r.Reason, Collections: r.Collections,
			Groups: r.Groups, Instructions: r.Instructions,
		},
	}
	if r.DoneAt != nil {
		t.DoneBy = models.Actor{Role: r.DoneRole, ID: r.DoneBy}
	}
	if r.ConfirmedAt != nil {
		t.ConfirmedBy = models.Actor{Role: r.ConfirmedRole, ID: r.ConfirmedBy}
	}
	return t
}

// EnsureTask makes sure that there is the task that the spec names, and returns it. Collections and groups that it did not have yet are added, and
// open it again, since nobody has done them; otherwise one that is there stays as it is. It fails with not_found.
func (s *Store) EnsureTask(ctx context.Context, spec task.Spec) (task.Task, error) {
	var out task.Task
	err := s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, models.ScopeOperator(), spec.RequestID)
		if err != nil {
			return err
		}
		row, found, err := findTask(tx, spec)
		if err != nil {
			return err
		}
		if found {
			err = s.widenTask(tx, r, &row, spec)
		} else {
			row, err = s.newTask(tx, r, spec)
		}
		out = row.task()
		return err
	})
	return out, err
}

func findTask(tx *gorm.DB, spec task.Spec) (row taskRow, found bool, err error) {
	q := tx.Where("request_id = ? AND system = ? AND action = ?", spec.RequestID, spec.System, spec.Action)
	if spec.DeferralID.IsZero() {
		q = q.Where("deferral_id IS NULL")
	} else {
		q = q.Where("deferral_id = ?", spec.DeferralID)
	}
	var rows []taskRow
	if err := q.Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return taskRow{}, false, err
	}
	return rows[0], true, nil
}

func (s *Store) newTask(tx *gorm.DB, r requestRow, spec task.Spec) (taskRow, error) {
	row := taskRow{
		ID: newID(), RequestID: r.ID, ControllerID: r.ControllerID, DeferralID: spec.DeferralID, System: spec.System, Action: spec.Action,
		Collections: union(nil, spec.Collections), Groups: union(nil, spec.Groups), Reason: spec.Reason, Instructions: spec.Instructions, State: task.Open,
		Counts: map[string]int64{}, CreatedAt: s.now(),
	}
	if err := tx.Create(&row).Error; err != nil {
		return row, err
	}
	return row, s.record(tx, r, models.System(), "task.created", taskData(row, map[string]any{"collections": row.Collections, "reason": row.Reason}))
}

// widenTask adds what the task does not have yet.
func (s *Store) widenTask(tx *gorm.DB, r requestRow, row *taskRow, spec task.Spec) error {
	collections, groups := union(row.Collections, spec.Collections), union(row.Groups, spec.Groups)
	if len(collections) == len(row.Collections) && len(groups) == len(row.Groups) {
		return nil
	}
	row.Collections, row.Groups = collections, groups
	if err := reopen(tx, row, row.Reason); err != nil {
		return err
	}
	return s.record(tx, r, models.System(), "task.widened", taskData(*row, map[string]any{"collections": collections}))
}

// ReopenTask opens a settled task again, because what was said of it has turned out not to be so; one that is open stays as it is. It fails
// with not_found.
func (s *Store) ReopenTask(ctx context.Context, id models.ID, reason task.Reason) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		r, row, err := lockTask(tx, models.ScopeOperator(), id)
		if err != nil || row.State == task.Open {
			return err
		}
		if err := reopen(tx, &row, reason); err != nil {
			return err
		}
		return s.record(tx, r, models.System(), "task.reopened", taskData(row, map[string]any{"reason": reason}))
	})
}

func reopen(tx *gorm.DB, row *taskRow, reason task.Reason) error {
	row.State, row.Reason = task.Open, reason
	row.DoneAt, row.DoneRole, row.DoneBy = nil, "", models.ID{}
	row.ConfirmedAt, row.ConfirmedRole, row.ConfirmedBy = nil, "", models.ID{}
	return saveTask(tx, *row)
}

func saveTask(tx *gorm.DB, row taskRow) error {
	return tx.Select("collections", "groups", "reason", "state", "counts", "done_at", "done_role", "done_by", "confirmed_at", "confirmed_role", "confirmed_by").
		Where("id = ?", row.ID).Updates(&row).Error
}

// taskData is what the ledger says of a task, with more.
func taskData(row taskRow, more map[string]any) map[string]any {
	more["task_id"], more["system"], more["action"] = row.ID, row.System, row.Action
	if !row.DeferralID.IsZero() {
		more["deferral_id"] = row.DeferralID
	}
	return more
}

// union is a followed by what b has more, each once.
func union[T comparable](a, b []T) []T {
	out := slices.Clone(a)
	if out == nil {
		out = []T{}
	}
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// lockTask finds a task inside the scope and locks its request, as everything that decides about a request does; it is read under that lock.
func lockTask(tx *gorm.DB, scope models.Scope, id models.ID) (requestRow, taskRow, error) {
	var row taskRow
	if err := scoped(tx, scope).Select("id", "request_id").Where("id = ?", id).Take(&row).Error; err != nil {
		return requestRow{}, row, missing(err, "task")
	}
	r, err := lockRequest(tx, scope, row.RequestID)
	if err != nil {
		return r, row, err
	}
	row = taskRow{}
	err = tx.Where("id = ?", id).Take(&row).Error
	return r, row, missing(err, "task")
}

// decideTask applies a decision about a manual task, in the transaction that records it and has locked the request; it returns the deferral whose
// task it is. It fails with not_found and with what task.Allows, task.CheckCounts and Apart fail with.
func (s *Store) decideTask(tx *gorm.DB, r requestRow, d request.Decision) (deferral models.ID, err error) {
	var row taskRow
	if err := tx.Where("id = ? AND request_id = ?", d.TaskID, r.ID).Take(&row).Error; err != nil {
		return deferral, missing(err, "task")
	}
	t := row.task()
	if err := t.Allows(d.Kind, d.Actor); err != nil {
		return deferral, err
	}
	now := s.now()
	switch d.Kind {
	case request.Complete:
		files, err := countFiles(tx, row.ID)
		if err != nil {
			return deferral, err
		}
		if err := t.CheckCounts(d.Counts, files); err != nil {
			return deferral, err
		}
		row.State, row.Counts, row.DoneAt, row.DoneRole, row.DoneBy = task.Done, d.Counts, &now, d.Actor.Role, d.Actor.ID
	case request.Confirm:
		if err := apart(tx, t.DoneBy.ID, d.Actor.ID); err != nil {
			return deferral, err
		}
		row.State = task.Confirmed
		row.ConfirmedAt, row.ConfirmedRole, row.ConfirmedBy = &now, d.Actor.Role, d.Actor.ID
	case request.Abandon:
		row.State = task.Refused
		row.ConfirmedAt, row.ConfirmedRole, row.ConfirmedBy = &now, d.Actor.Role, d.Actor.ID
	default: // Return
		return row.DeferralID, reopen(tx, &row, row.Reason)
	}
	return row.DeferralID, saveTask(tx, row)
}

// Task is one task inside the scope; it fails with not_found.
func (s *Store) Task(ctx context.Context, scope models.Scope, id models.ID) (task.Task, error) {
	var row taskRow
	if err := scoped(s.read(ctx), scope).Where("id = ?", id).Take(&row).Error; err != nil {
		return task.Task{}, missing(err, "task")
	}
	return row.task(), nil
}

// Tasks are the tasks of a request and its deferrals, in the order in which they were made. It fails with not_found.
func (s *Store) Tasks(ctx context.Context, scope models.Scope, requestID models.ID) ([]task.Task, error) {
	tx := s.read(ctx)
	if _, err := findRequest(tx, scope, requestID); err != nil {
		return nil, err
	}
	var rows []taskRow
	if err := tx.Where("request_id = ?", requestID).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := make([]task.Task, len(rows))
	for i, row := range rows {
		out[i] = row.task()
	}
	return out, nil
}

// TasksOf are the tasks of the request itself, or of one of its deferrals.
func (s *Store) TasksOf(ctx context.Context, requestID, deferralID models.ID) ([]task.Task, error) {
	all, err := s.Tasks(ctx, models.ScopeOperator(), requestID)
	return slices.DeleteFunc(all, func(t task.Task) bool { return t.DeferralID != deferralID }), err
}

// WaitingTask is a task that waits for somebody, with its request.
type WaitingTask struct {
	task.Task
	Request request.Request
}

// waitingLimit bounds the list of tasks.
const waitingLimit = 200

// WaitingTasks are the tasks inside the scope that wait for somebody, those of the request with the earliest legal date first and those of a
// deferral, which have none, last. more says that the list was cut.
func (s *Store) WaitingTasks(ctx context.Context, scope models.Scope) (list []WaitingTask, more bool, err error) {
	return s.WaitingTasksAfter(ctx, scope, models.ID{}, waitingLimit)
}

// waitingOrder is the order of the waiting tasks. No part of it is ever null, so that pages can be compared by it.
const waitingOrder = "r.closed_at IS NOT NULL, coalesce(CASE WHEN r.closed_at IS NULL THEN r.due_before END, 'infinity'::timestamptz), tasks.created_at, tasks.id"

// WaitingTasksAfter are at most limit waiting tasks, from the one on that follows the named one; zero is the first page.
func (s *Store) WaitingTasksAfter(ctx context.Context, scope models.Scope, after models.ID, limit int) (list []WaitingTask, more bool, err error) {
	tx := s.read(ctx)
	var rows []taskRow
	q := tx.Table("tasks").Joins("JOIN requests r ON r.id = tasks.request_id").Select("tasks.*").
		Where("tasks.state IN ('open', 'done') AND (r.closed_at IS NULL OR tasks.deferral_id IS NOT NULL)")
	if id, limited := scope.Controller(); limited {
		q = q.Where("tasks.controller_id = ?", id)
	}
	if !after.IsZero() {
		q = q.Where("("+waitingOrder+") > (SELECT "+waitingOrder+" FROM tasks JOIN requests r ON r.id = tasks.request_id WHERE tasks.id = ?)", after)
	}
	if err = q.Order(waitingOrder).Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, false, unavailable(err)
	}
	if more = len(rows) > limit; more {
		rows = rows[:limit]
	}
	requests := map[models.ID]request.Request{}
	for _, row := range rows {
		r, known := requests[row.RequestID]
		if !known {
			found, err := findRequest(tx, scope, row.RequestID)
			if err != nil {
				return nil, false, err
			}
			r = found.request()
			requests[row.RequestID] = r
		}
		list = append(list, WaitingTask{row.task(), r})
	}
	return list, more, nil
}
