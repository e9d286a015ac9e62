package templates

import (
	"time"

	"habeas/models"
	"habeas/models/request"
)

// InboxView lists requests by legal date.
type InboxView struct {
	Rows      []InboxRow
	Choices   []InboxChoice
	Open      string // "open", "closed" or "all"
	Reference string
	Filtered  bool
	Searched  bool   // the rows are what a search found
	Cut       bool   // and there are more
	CanSave   bool   // there is a filter that a view may keep
	All       bool   // every row is to be selected
	Here      string // URL of this list with nothing selected
	SelectAll string // URL of this list with everything selected
	Next      string // URL of the next page of rows; empty on the last
	Views     []ViewLink
	Actions   []string // what may be decided about several requests at once
	MayFile   bool     // a request for a person
	MayRemind bool     // whom requests wait for
	Flash     string
	Failure   string // the safe sentence of an action that was refused
}

// InboxChoice is one list of the filter; the key of its name is "inbox.by." and its own.
type InboxChoice struct {
	Name    string
	Options []Option
}

// Selected is the value that is chosen; empty for any.
func (c InboxChoice) Selected() string {
	for _, o := range c.Options {
		if o.Selected {
			return o.Value
		}
	}
	return ""
}

// ViewLink leads to a view that was kept; Remove is empty for another's.
type ViewLink struct {
	Name, Href, Remove string
	Shared, Current    bool
}

// InboxRow is one request of the inbox.
type InboxRow struct {
	ID         string
	Path       string
	Reference  string
	Right      models.Right
	State      models.State
	Outcome    models.Outcome
	Waits      string // for whom; empty when closed
	Controller string
	Due        Due
	ReceivedAt time.Time
}

// BulkView is a decision about several requests: what it would do before, and what became of it after it was taken.
type BulkView struct {
	Kind        string
	NeedsReason bool
	Rows        []BulkRow
	Possible    int  // how many may be, or were, decided
	Done        bool // the decision was taken
}

// BulkRow is one request of them. Refusal is the safe sentence that says why it is not decided.
type BulkRow struct {
	ID, Path, Reference, Digest string
	Right                       models.Right
	State                       models.State
	Totals                      []Total
	First                       bool // two persons have to approve, and this is the first of them
	Refusal                     string
}

// The inbox and what leads on from it.
var (
	Inbox = &Page[InboxView]{"staff/inbox", []InboxView{{Open: "open"}, inboxExample(), {Open: "all", Searched: true, Filtered: true, Failure: "Choose between one and 50 requests."}}}
	Bulk  = &Page[BulkView]{"staff/bulk", []BulkView{
		{Kind: "approve", Possible: 1, Rows: bulkExample()},
		{Kind: "extend", NeedsReason: true, Rows: bulkExample()[1:]},
		{Kind: "approve", Done: true, Possible: 1, Rows: bulkExample()},
	}}
)

func bulkExample() []BulkRow {
	row := func(reference string) BulkRow {
		return BulkRow{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a11", Path: "/staff/requests/sample", Reference: reference, Right: models.Erasure, State: models.InReview}
	}
	good, bad := row("7K3F-9QXM-2T"), row("2D8P-44VN-1R")
	good.Digest, good.Totals = "a3f1c09d5e6b7788", []Total{{models.TreatErase, 1412}, {models.TreatRetain, 3}}
	bad.Refusal = "Part of the plan is referred to the DPO: decide it on the request's page."
	return []BulkRow{good, bad}
}

func inboxExample() InboxView {
	row := func(ref string, r models.Right, s models.State, c string, d Due) InboxRow {
		return InboxRow{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a11", Path: "/staff/requests/sample", Waits: string(request.WaitsFor(s, false)), Reference: ref, Right: r, State: s, Controller: c, Due: d, ReceivedAt: exampleTime.AddDate(0, -1, 0)}
	}
	zone := "Europe/Berlin"
	closed := row("9ZQ2-0M4C-7B", models.Access, models.Closed, "Acme Forwarding", Due{On: exampleDate(time.March, 29), Zone: zone, Done: true})
	closed.Outcome = models.Fulfilled
	return InboxView{
		Open: "all", Filtered: true, CanSave: true, Next: "/staff?cursor=sample", Here: "/staff?open=all", SelectAll: "/staff?open=all&select=all",
		Actions: []string{"approve", "extend"}, Flash: "flash.view.saved", MayFile: true, MayRemind: true,
		Views: []ViewLink{
			{Name: "Mine, near the date", Href: "/staff?due=soon", Remove: "/staff/views/sample/remove", Current: true},
			{Name: "Nordic Parcels", Href: "/staff?controller=nordic", Shared: true},
		},
		Choices: []InboxChoice{
			{"due", []Option{{Value: "overdue", Words: "inbox.due.overdue"}, {Value: "soon", Words: "inbox.due.soon", Selected: true}}},
			{"waits", []Option{{Value: "person", Words: "waits.person"}, {Value: "dpo", Words: "waits.dpo", Selected: true}}},
			{"right", []Option{{Value: "access", Words: "right.access.short"}, {Value: "deletion", Words: "right.deletion.short"}}},
			{"with", []Option{{Value: "hold", Words: "inbox.with.hold"}}},
			{"language", []Option{{Value: "pl", Label: "Polski"}}},
			{"controller", []Option{{Value: "acme", Label: "Acme Forwarding"}}},
		},
		Rows: []InboxRow{
			row("7K3F-9QXM-2T", models.Erasure, models.InReview, "Acme Forwarding", Due{On: exampleDate(time.February, 17), Zone: zone, Days: -2, Overdue: true}),
			row("2D8P-44VN-1R", models.Access, models.Locating, "Nordic Parcels", Due{On: exampleDate(time.February, 22), Zone: zone, Days: 3}),
			row("5HJ1-C0TE-8W", models.Export, models.AwaitingInstruction, "Nordic Parcels", Due{Paused: true}),
			row("B6XW-7A2M-3K", models.Erasure, models.Notifying, "Acme Forwarding", Due{On: exampleDate(time.March, 15), Zone: zone, Days: 24, Extended: true}),
			closed,
		},
	}
}
