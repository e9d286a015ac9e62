package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/request"
)

// Plan says what happens to every located row of one request. It is shown to the DPO and recorded; Digest binds a decision to what was shown.
type Plan struct {
	RequestID     models.ID    `json:"request_id"`
	Version       int          `json:"version"`
	Right         models.Right `json:"right"`
	Groups        []Group      `json:"groups"`
	RuleSet       string       `json:"rule_set"`
	DataMapDigest string       `json:"data_map_digest"`
	Sorting       int64        `json:"-"`                        // how the store knows which rows are in which group; no part of what is shown
	NeedsDecision bool         `json:"needs_decision,omitempty"` // a person must approve it even when no group is open
	Corrections   string       `json:"corrections,omitempty"`    // keyed digest of the corrections that were entered, Art. 16
	Narrowed      *Narrowed    `json:"narrowed,omitempty"`       // nil: the customer has instructed the whole
}

// Narrowed says by whose instruction a plan leaves data out, Art. 28(3)(a).
type Narrowed struct {
	DecisionID   models.ID         `json:"decision_id"`
	Controller   string            `json:"controller"` // its slug
	Name         string            `json:"name"`       // of the controller
	At           time.Time         `json:"at"`
	Instruction  request.Narrowing `json:"instruction"`
	ReasonDigest string            `json:"reason_digest"` // keyed, as in the ledger: the words are sealed
}

// Group is the rows of one collection that are treated alike for the same reason.
type Group struct {
	No          int                `json:"no"` // 1-based, in the order of first appearance
	System      string             `json:"system"`
	Dataset     string             `json:"dataset"`
	Collection  string             `json:"collection"`
	Rows        int64              `json:"rows"`
	Proposed    models.Treatment   `json:"proposed"`
	Choice      models.Treatment   `json:"choice,omitempty"`  // the DPO's, for a referred or changed group
	Options     []models.Treatment `json:"options,omitempty"` // what may be chosen; empty when there is nothing to choose
	Reason      Reason             `json:"reason"`
	SharedWith  string             `json:"shared_with,omitempty"` // dataset.collection through which another person reaches the rows
	Rule        string             `json:"rule,omitempty"`
	Citation    string             `json:"citation,omitempty"`
	Explanation string             `json:"explanation,omitempty"` // in words, of the hold
	Counted     *Counted           `json:"counted,omitempty"`     // how the hold's last day came about; plans of old say it in the explanation alone
	HeldFields  []string           `json:"held_fields,omitempty"` // what the hold covers; empty: the whole row
	HoldThrough calendar.Date      `json:"hold_through,omitzero"`
	ErasableOn  calendar.Date      `json:"erasable_on,omitzero"` // the day after HoldThrough
	Categories  []string           `json:"categories,omitempty"` // data categories of the collection
	By          Means              `json:"by,omitempty"`         // who does it; empty: Habeas itself
	Fields      []Field            `json:"fields,omitempty"`     // where somebody may choose among them
	Marked      []string           `json:"marked,omitempty"`     // fields that the DPO chose to be redacted or masked
	Corrected   []string           `json:"corrected,omitempty"`  // fields that get another value
	SplitFrom   int                `json:"split_from,omitempty"` // the group from which the DPO took these rows
}

// Counted is how long a hold lasts and from when, so that it can be said in any language.
type Counted struct {
	Years  int               `json:"years,omitempty"`
	Months int               `json:"months,omitempty"`
	Days   int               `json:"days,omitempty"`
	OfYear bool              `json:"of_year,omitempty"` // from the end of the year of the start, not from its day
	Start  string            `json:"start"`             // field of the rule, e.g. declaration_accepted
	Events map[string]string `json:"events,omitempty"`  // what happened then, by language, where the rule is a deployment's own
}

// Field is a field of a collection among which somebody chooses.
type Field struct {
	Name     string `json:"name"`
	Personal bool   `json:"personal,omitempty"`
	Identity bool   `json:"identity,omitempty"`
	Fixed    bool   `json:"fixed,omitempty"` // key or read-only: nobody changes it
}

// Means is who carries out what the plan says of a group that Habeas has not located itself.
type Means string

const (
	ByHand     Means = "hand"     // a person, by a manual task; Rows is what that person counted
	ByDelegate Means = "delegate" // a processor that carries out the whole right by itself; Rows is not known
)

// Reason is why a group is treated as proposed.
type Reason string

const (
	ReasonGround        Reason = "ground"         // nothing stands against the request
	ReasonHeld          Reason = "held"           // a hold of the law of the Union or a Member State, Art. 17(3)(b)
	ReasonThirdCountry  Reason = "third_country"  // a hold of third-country law: no exemption by itself
	ReasonShared        Reason = "shared"         // also reachable from another person
	ReasonSharedHeld    Reason = "shared_held"    // both
	ReasonAnchorMissing Reason = "anchor_missing" // a hold applies but the row lacks the date it starts from
	ReasonNotPortable   Reason = "not_portable"   // not provided by the person, Art. 20(1)
	ReasonKeptByMap     Reason = "kept_by_map"    // the data map says that the collection is not erased
	ReasonNoMark        Reason = "no_mark"        // the data map does not say how rows are marked as restricted
	ReasonAsIs          Reason = "as_is"          // nothing is to be corrected here, so far
	ReasonOtherPurpose  Reason = "other_purpose"  // used for none of the purposes objected to
	ReasonWeigh         Reason = "weigh"          // the DPO weighs the person's situation, Art. 21(1)
	ReasonLeftOut       Reason = "left_out"       // by the customer's instruction, Art. 28(3)(a)
)

// Treatment is what will be done: the DPO's choice where there is one, else what was proposed.
func (g Group) Treatment() models.Treatment {
	if g.Choice != "" {
		return g.Choice
	}
	return g.Proposed
}

// LeftOut reports whether the rows stay out of the processing by the customer's instruction.
func (g Group) LeftOut() bool { return g.Reason == ReasonLeftOut }

// LeftOut are the groups that stay out by the customer's instruction.
func (p Plan) LeftOut() []Group {
	return slices.DeleteFunc(slices.Clone(p.Groups), func(g Group) bool { return !g.LeftOut() })
}

// Name is dataset.collection.
func (g Group) Name() string { return g.Dataset + "." + g.Collection }

// Undecided lists the numbers of the groups that still need the DPO's choice.
func (p Plan) Undecided() []int {
	var out []int
	for _, g := range p.Groups {
		if g.Treatment() == models.TreatRefer {
			out = append(out, g.No)
		}
	}
	return out
}

// Digest is the SHA-256 (hex) of the plan as shown, choices included.
func (p Plan) Digest() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // the type holds nothing that cannot be written
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Choose returns a copy with the DPO's choices applied. It fails with unknown_group, choice_not_offered or, when complete is asked
// for and a referred group is left without a choice, choice_missing.
func (p Plan) Choose(choices map[int]models.Treatment, complete bool) (Plan, error) {
	out := p
	out.Groups = slices.Clone(p.Groups)
	for no, choice := range choices {
		i := slices.IndexFunc(out.Groups, func(g Group) bool { return g.No == no })
		if i < 0 {
			return Plan{}, models.Errorf(models.Invalid, "unknown_group", "The plan has no group %d.", no).At("/choices")
		}
		if !slices.Contains(out.Groups[i].Options, choice) {
			return Plan{}, models.Errorf(models.Invalid, "choice_not_offered", "Group %d cannot be treated that way.", no).At("/choices")
		}
		out.Groups[i].Choice = choice
		if out.Groups[i].NeedsFields(choice) {
			return Plan{}, models.Errorf(models.Invalid, "fields_missing", "Mark the person's own fields of group %d first.", no).At("/choices")
		}
	}
	if left := out.Undecided(); complete && len(left) > 0 {
		return Plan{}, models.Errorf(models.Invalid, "choice_missing", "Choose what happens to group %d first.", left[0]).At("/choices")
	}
	return out, nil
}

// NeedsFields reports whether fields have to be marked before a treatment can be chosen: of rows that another person shares, only fields that
// identify the person or that the DPO has marked are masked.
func (g Group) NeedsFields(t models.Treatment) bool {
	own := slices.ContainsFunc(g.Fields, func(f Field) bool { return f.Identity && !f.Fixed })
	return t == models.TreatMask && g.SharedWith != "" && !own && len(g.Marked) == 0
}

// Retained lists the groups that a deferral must finish later.
func (p Plan) Retained() []Group { return p.with(models.TreatRetain) }

// Rows counts the rows under a treatment.
func (p Plan) Rows(t models.Treatment) int64 {
	var n int64
	for _, g := range p.with(t) {
		n += g.Rows
	}
	return n
}

func (p Plan) with(t models.Treatment) []Group {
	var out []Group
	for _, g := range p.Groups {
		if g.Treatment() == t {
			out = append(out, g)
		}
	}
	return out
}
