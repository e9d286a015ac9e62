package v1

import (
	"cmp"
	"context"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/task"
)

// GetTasks lists the manual tasks of a request.
func (s *Server) GetTasks(ctx context.Context, in GetTasksRequestObject) (GetTasksResponseObject, error) {
	r, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	tasks, err := s.store.Tasks(ctx, caller(ctx).Scope, r.ID)
	if err != nil {
		return nil, err
	}
	tasks, next, err := pageOf(tasks, in.Params.Cursor, in.Params.Limit, func(t task.Task) string { return t.ID.String() })
	if err != nil {
		return nil, err
	}
	out := TaskList{Tasks: make([]Task, len(tasks)), Next: next}
	for i, t := range tasks {
		out.Tasks[i] = taskOf(t, r)
	}
	return GetTasks200JSONResponse(out), nil
}

// ListTasks lists the manual tasks that wait for people.
func (s *Server) ListTasks(ctx context.Context, in ListTasksRequestObject) (ListTasksResponseObject, error) {
	from, err := after(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	tasks, more, err := s.store.WaitingTasksAfter(ctx, caller(ctx).Scope, from, cmp.Or(in.Params.Limit, usualPage))
	if err != nil {
		return nil, err
	}
	out := TaskList{Tasks: make([]Task, len(tasks))}
	if more {
		out.Next = cursorAt(tasks[len(tasks)-1].ID.String())
	}
	for i, t := range tasks {
		out.Tasks[i] = taskOf(t.Task, t.Request)
	}
	return ListTasks200JSONResponse(out), nil
}

// taskOf is a task as the document has it: it names no member of staff.
func taskOf(t task.Task, r request.Request) Task {
	out := Task{
		ID: t.ID.String(), RequestID: t.RequestID.String(), System: t.System, Action: string(t.Action), State: string(t.State), Reason: string(t.Reason),
		Collections: t.Collections, Counts: t.Counts, CreatedAt: t.CreatedAt, DoneAt: t.DoneAt, ConfirmedAt: t.ConfirmedAt, DueOn: r.Clock.DueOn.String(),
	}
	if t.DeferralID != (models.ID{}) {
		out.DeferralID = t.DeferralID.String()
	}
	return out
}
