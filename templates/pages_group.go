package templates

import (
	"habeas/models"
	"habeas/models/plan"
)

// GroupView shows the records of one group of a plan, page by page, and what may be decided about them. Values and new values are there only after
// an explicit, recorded act.
type GroupView struct {
	Path        string
	Query       string // of this page
	RequestPath string
	Reference   string
	Right       models.Right
	Group       plan.Group
	Digest      string
	Rows        []GroupRow
	Next        string // URL of the next page of records; empty on the last
	Revealed    bool
	CanReveal   bool
	CanDecide   bool
	CanCorrect  bool
	Corrections []CorrectionRow
	Flash       string
	Failure     string
}

// GroupRow is one record. Why is a code of the walk, Via the collection through which another person reaches it.
type GroupRow struct {
	No       int
	Name     string // stands for it in forms
	Status   string
	Why, Via string
	Copied   bool
	Values   []KindValue
}

// CorrectionRow is one correction that was entered.
type CorrectionRow struct {
	ID      string
	Field   string
	OneRow  bool
	No      int // of the one record, when it is on this page
	Shown   bool
	Value   string
	Status  string
	Code    string
	Rows    int64
	CanDrop bool
}

// MarkedByDefault reports whether a field is redacted, or masked, when the DPO chooses nothing else.
func (v GroupView) MarkedByDefault(f plan.Field) bool {
	if len(v.Group.Marked) > 0 {
		for _, name := range v.Group.Marked {
			if name == f.Name {
				return true
			}
		}
		return false
	}
	return f.Personal && !f.Identity && (v.Right == models.Access || v.Right == models.Export)
}

// Group is the page of the records of a group.
var Group = &Page[GroupView]{"staff/group", []GroupView{sharedExample(false), sharedExample(true), correctionExample()}}

func sharedExample(revealed bool) GroupView {
	v := GroupView{
		Path: "/staff/requests/sample/groups/3", Query: "?after=0&from=0", RequestPath: "/staff/requests/sample", Reference: "7K3F-9QXM-2T", Right: models.Access,
		Digest: "a3f1c09d5e6b7788", Revealed: revealed, CanReveal: !revealed, CanDecide: true, Next: "/staff/requests/sample/groups/3?after=25&from=25",
		Group: plan.Group{
			No: 3, System: "chat", Dataset: "chat", Collection: "messages", Rows: 31, Proposed: models.TreatRefer, Reason: plan.ReasonShared, SharedWith: "chat.messages",
			Options: []models.Treatment{models.TreatRedact, models.TreatDisclose, models.TreatWithhold},
			Fields: []plan.Field{
				{Name: "id", Fixed: true},
				{Name: "sender", Personal: true, Identity: true},
				{Name: "recipient", Personal: true, Identity: true},
				{Name: "body", Personal: true},
				{Name: "sent_at"},
			},
		},
		Rows: []GroupRow{
			{No: 1, Name: "3a1f", Status: "located", Why: "other_identity", Via: "chat.messages"},
			{No: 2, Name: "9c02", Status: "located", Why: "shared_row", Via: "chat.threads"},
		},
	}
	if revealed {
		v.Failure = "Mark the person's own fields first."
		v.Rows[0].Copied, v.Rows[0].Values = true, []KindValue{
			{"id", "881"}, {"sender", "sam.sample@example.com"}, {"recipient", "kim@example.com"}, {"body", "Kim, your parcel is with the neighbour, Mrs Sample."}, {"sent_at", "2027-01-04T10:00:00Z"},
		}
	}
	return v
}

func correctionExample() GroupView {
	v := sharedExample(true)
	v.Right, v.CanDecide, v.CanCorrect, v.Failure, v.Flash, v.Next = models.Rectification, false, true, "", "flash.changed", ""
	v.Group.Options, v.Group.Reason, v.Group.Choice, v.Group.Corrected, v.Group.Rows = nil, plan.ReasonAsIs, models.TreatRectify, []string{"street"}, 2
	v.Group.Dataset, v.Group.Collection = "parties", "addresses"
	v.Group.Fields = []plan.Field{{Name: "id", Fixed: true}, {Name: "street", Personal: true}, {Name: "city", Personal: true}}
	v.Rows[0].Values = []KindValue{{"id", "77"}, {"street", "Kirchweg 8"}, {"city", "Bremen"}}
	v.Corrections = []CorrectionRow{
		{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a12", Field: "street", Shown: true, Value: "Kirchweg 9", Status: "planned", CanDrop: true},
		{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13", Field: "city", OneRow: true, No: 1, Status: "refused", Code: "map_mismatch"},
	}
	return v
}
