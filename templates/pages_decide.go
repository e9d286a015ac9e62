package templates

import (
	"habeas/models"
	"habeas/models/plan"
)

// Offer is a decision that the signed-in person may take now.
type Offer struct {
	Kind   string
	Words  string // of the catalogue: the kind, or the kind and the right
	Reason bool   // a reason is mandatory
	Danger bool   // cannot be undone
	Parts  bool   // parts of the data may be left out, on a page of its own
}

// Entered is what somebody wrote into the form of an offer.
type Entered struct {
	Kind    string
	Choices map[int]models.Treatment // by number of the group
	Reason  string
}

// Checked reports whether a treatment of a group is chosen in the form of an offer: as it was entered, or as the plan has it.
func (v RequestView) Checked(o Offer, g plan.Group, t models.Treatment) bool {
	if entered, ok := v.Entered.Choices[g.No]; ok && v.Entered.Kind == o.Kind {
		return entered == t
	}
	return g.Choice == t
}
