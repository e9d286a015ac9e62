package templates

import (
	"time"

	"habeas/models"
	"habeas/models/task"
)

// TasksView lists the manual tasks that wait for somebody, by legal date.
type TasksView struct {
	Rows []TaskRow
	More bool // the list was cut

	Complaints []ComplaintRow
}

// ComplaintRow is a complaint that waits for the data protection officer's answer.
type ComplaintRow struct {
	Path      string
	Reference string // of the request
	Right     models.Right
	At        time.Time
}

// TaskRow is one manual task of a list.
type TaskRow struct {
	Path        string
	RequestPath string
	Reference   string // of the request
	Right       models.Right
	System      string
	Action      task.Action
	State       task.State
	Collections []string
	Records     int64 // as counted; of a task that was done
	Due         Due
	Deferral    bool // a hold has ended: there is no legal date
}

// TaskView is one manual task. It shows nothing of the person but what staff wrote and how the files that they uploaded are called.
type TaskView struct {
	TaskRow
	Reason       task.Reason
	Instructions string
	Parts        []TaskPart
	Files        []TaskFileView
	MaxFile      int64 // bytes
	History      []DecisionRow
	CreatedAt    time.Time
	CanWork      bool // add files, say that it is done
	CanConfirm   bool
	CanReturn    bool
	CanAbandon   bool
	OwnWork      bool // it waits for a second person, and who looks at it is the first
	Flash        string
	Failure      string // the safe sentence of an action that was refused
}

// TaskPart is one collection of a task.
type TaskPart struct {
	Name      string
	Treatment models.Treatment // of the plan; empty before there is one
	Planned   int64            // records by the plan
	Count     int64            // as the person counted
	Counted   bool
}

// TaskFileView is an uploaded file. It is offered for download and never shown.
type TaskFileView struct {
	ID, Name, Media string
	Size            int64
	At              time.Time
}

// The pages of manual tasks.
var (
	Tasks = &Page[TasksView]{"staff/tasks", []TasksView{{}, tasksExample()}}
	Task  = &Page[TaskView]{"staff/task", []TaskView{
		openTaskExample(task.Locate), openTaskExample(task.Export), openTaskExample(task.Erase), doneTaskExample(), confirmedTaskExample(),
	}}
)

func tasksExample() TasksView {
	row := func(reference string, right models.Right, system string, action task.Action, state task.State, due Due) TaskRow {
		return TaskRow{
			Path: "/staff/tasks/sample", RequestPath: "/staff/requests/sample", Reference: reference, Right: right, System: system, Action: action,
			State: state, Collections: []string{"archive.letters", "archive.photographs"}, Due: due,
		}
	}
	zone := "Europe/Berlin"
	deferred := row("9ZQ2-0M4C-7B", models.Erasure, "customs_archive", task.Erase, task.Open, Due{Done: true})
	deferred.Deferral = true
	complaints := []ComplaintRow{{Path: "/staff/requests/sample#complaints", Reference: "7K3F-9QXM-2T", Right: models.Erasure, At: exampleTime}}
	return TasksView{More: true, Complaints: complaints, Rows: []TaskRow{
		row("7K3F-9QXM-2T", models.Erasure, "paper_archive", task.Locate, task.Open, Due{On: exampleDate(time.February, 17), Zone: zone, Days: -2, Overdue: true}),
		row("2D8P-44VN-1R", models.Access, "helpdesk", task.Export, task.Done, Due{On: exampleDate(time.February, 22), Zone: zone, Days: 3}),
		row("B6XW-7A2M-3K", models.Erasure, "helpdesk", task.Prove, task.Open, Due{Paused: true}),
		deferred,
	}}
}

func openTaskExample(action task.Action) TaskView {
	v := TaskView{TaskRow: tasksExample().Rows[0], Reason: task.Unsupported, MaxFile: 25_000_000, CreatedAt: exampleTime, CanWork: true, CanAbandon: true}
	v.Action = action
	v.Parts = []TaskPart{{Name: "archive.letters"}, {Name: "archive.photographs"}}
	v.Instructions = "Ask at the archive's desk, telephone 4711.\nThe index cards are sorted by family name."
	if action != task.Locate {
		v.Parts[0].Treatment, v.Parts[0].Planned = models.TreatDisclose, 4
		v.Parts[1].Treatment, v.Parts[1].Planned = models.TreatRedact, 1
		v.Files = []TaskFileView{{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a15", Name: "Letters of Sam Sample.pdf", Media: "application/pdf", Size: 482_113, At: exampleTime}}
	}
	if action == task.Erase {
		v.Reason, v.CanAbandon, v.Files = task.StillThere, false, nil
		v.Parts[0].Treatment, v.Parts[1].Treatment = models.TreatErase, models.TreatErase
		v.Failure = "Say how many records there are of each collection; none is 0."
	}
	return v
}

func doneTaskExample() TaskView {
	v := openTaskExample(task.Export)
	v.State, v.CanWork, v.CanConfirm, v.CanReturn, v.Flash = task.Done, false, true, true, "flash.decided"
	v.Parts[0].Counted, v.Parts[0].Count, v.Parts[1].Counted = true, 4, true
	v.History = []DecisionRow{{At: exampleTime, Kind: "complete", By: "case_handler", Reason: "Found in cabinet 3 and scanned. The photograph shows somebody else."}}
	return v
}

func confirmedTaskExample() TaskView {
	v := doneTaskExample()
	v.State, v.CanConfirm, v.CanReturn, v.CanAbandon, v.Flash = task.Confirmed, false, false, false, ""
	v.History = append(v.History, DecisionRow{At: exampleTime, Kind: "confirm", By: "dpo"})
	return v
}
