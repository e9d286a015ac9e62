package plan

import (
	"slices"
	"strings"

	"habeas/models"
	"habeas/models/calendar"
)

// Collection is what a plan needs to know of a collection of the data map.
type Collection struct {
	System     string
	Dataset    string
	Name       string
	Categories []string
	Masked     bool // the data map says that rows stay and fields are replaced
	Kept       bool // the data map says that nothing is erased here
	Portable   bool // provided by the person, Art. 20(1)
	SharedKept bool // the data map says that shared rows are kept unasked
	Markable   bool // the data map says how rows are marked as restricted
	Objected   bool // used for a purpose that the person objects to
	Absolute   bool // and nothing can be weighed against it, Art. 21(3)
	LeftOut    bool // by the customer's instruction
	Fields     []Field
	Holds      []HoldRule
}

// HoldRule is a retention rule on a collection. Fields names what must be kept; empty, it is the whole row.
type HoldRule struct {
	Code   string
	Fields []string
}

// Row is what a plan needs to know of one located row.
type Row struct {
	SharedWith string                              // empty when only this person reaches the row
	Anchors    map[string]map[string]calendar.Date // start dates by rule code and field; a missing one is absent
}

// Hold is a computed hold on one row.
type Hold struct {
	Rule         string
	Citation     string
	Explanation  string
	Counted      *Counted
	Through      calendar.Date // last day held
	ErasableFrom calendar.Date // the day after
	ThirdCountry bool
	Fields       []string // set by the builder
}

// HoldFunc computes the hold that a rule puts on a row; it fails with missing_field when the row lacks the start date.
type HoldFunc func(rule string, anchors map[string]calendar.Date) (Hold, error)

// Builder sorts rows into groups. Use one per plan; it is not safe for concurrent use.
type Builder struct {
	right  models.Right
	today  calendar.Date
	hold   HoldFunc
	groups []Group
	index  map[groupKey]int
}

type groupKey struct {
	dataset, collection, rule, shared string
	fields                            string // that the holds cover: what else is in the row is masked
	reason                            Reason
	through                           calendar.Date
	by                                Means
}

// NewBuilder plans for one right, as of today in the controller's time zone.
func NewBuilder(right models.Right, today calendar.Date, hold HoldFunc) *Builder {
	return &Builder{right: right, today: today, hold: hold, index: map[groupKey]int{}}
}

// Add puts a row into its group and returns the group's number.
func (b *Builder) Add(c Collection, row Row) (int, error) { return b.add(c, row, "", 1) }

// AddUnlocated puts records that a person has counted, or that a processor holds, into a group of their own. Nothing is known of them but the
// collection: where a hold applies to it, its start is missing and the DPO decides.
func (b *Builder) AddUnlocated(c Collection, by Means, rows int64) (int, error) {
	return b.add(c, Row{}, by, rows)
}

func (b *Builder) add(c Collection, row Row, by Means, rows int64) (int, error) {
	g, err := b.judge(c, row)
	if err != nil {
		return 0, err
	}
	key := groupKey{c.Dataset, c.Name, g.Rule, g.SharedWith, strings.Join(g.HeldFields, "\x00"), g.Reason, g.HoldThrough, by}
	i, ok := b.index[key]
	if !ok {
		i = len(b.groups)
		b.index[key] = i
		g.No, g.System, g.Dataset, g.Collection, g.Categories, g.By = i+1, c.System, c.Dataset, c.Name, c.Categories, by
		if g.SharedWith != "" || b.right == models.Rectification && !c.LeftOut {
			g.Fields = c.Fields
		}
		b.groups = append(b.groups, g)
	}
	b.groups[i].Rows += rows
	return i + 1, nil
}

// Groups are the groups so far, in the order of first appearance.
func (b *Builder) Groups() []Group { return b.groups }

func (b *Builder) judge(c Collection, row Row) (Group, error) {
	if c.LeftOut { // before anything else: nothing is decided about what nobody may process
		return b.judgeLeftOut(), nil
	}
	switch b.right {
	case models.Erasure, models.Deletion:
	case models.Restriction:
		return judgeRestriction(c, row), nil
	case models.Rectification:
		return Group{Proposed: models.TreatKeep, Reason: ReasonAsIs, SharedWith: row.SharedWith}, nil
	case models.Objection:
		return judgeObjection(c, row), nil
	default:
		return b.judgeCopy(c, row), nil
	}
	if row.SharedWith != "" && c.SharedKept {
		return Group{Proposed: models.TreatKeep, Reason: ReasonShared, SharedWith: row.SharedWith}, nil
	}
	if c.Kept {
		return Group{Proposed: models.TreatKeep, Reason: ReasonKeptByMap}, nil
	}
	h, missing, err := b.latestHold(c.Holds, row.Anchors)
	if err != nil {
		return Group{}, err
	}
	g := Group{
		Rule: h.Rule, Citation: h.Citation, Explanation: h.Explanation, Counted: h.Counted, HoldThrough: h.Through, ErasableOn: h.ErasableFrom,
		SharedWith: row.SharedWith, HeldFields: h.Fields,
	}
	erase := models.TreatErase
	if c.Masked {
		erase = models.TreatMask
	}
	held := !h.Through.IsZero()
	switch {
	case missing != "" && held:
		g.Reason = ReasonAnchorMissing
		g.Proposed, g.Options = models.TreatRefer, []models.Treatment{models.TreatKeep, models.TreatRetain}
	case missing != "":
		g.Rule, g.Reason = missing, ReasonAnchorMissing
		g.Proposed, g.Options = models.TreatRefer, []models.Treatment{models.TreatKeep, erase}
		if row.SharedWith != "" {
			g.Options = []models.Treatment{models.TreatKeep, models.TreatMask, models.TreatErase}
		}
	case held && row.SharedWith != "":
		g.Proposed, g.Reason = models.TreatRefer, ReasonSharedHeld
		g.Options = []models.Treatment{models.TreatKeep, models.TreatRetain}
	case held && h.ThirdCountry:
		g.Proposed, g.Reason = models.TreatRefer, ReasonThirdCountry
		g.Options = []models.Treatment{erase, models.TreatRetain}
	case held:
		g.Proposed, g.Reason = models.TreatRetain, ReasonHeld
	case row.SharedWith != "":
		g.Proposed, g.Reason = models.TreatRefer, ReasonShared
		g.Options = []models.Treatment{models.TreatKeep, models.TreatMask, models.TreatErase}
	default:
		g.Proposed, g.Reason = erase, ReasonGround
	}
	return g, nil
}

// judgeLeftOut plans a row that the customer's instruction leaves out: it is neither copied nor touched, and no hold makes a deferral of it.
func (b *Builder) judgeLeftOut() Group {
	if b.right.Copies() {
		return Group{Proposed: models.TreatWithhold, Reason: ReasonLeftOut}
	}
	return Group{Proposed: models.TreatKeep, Reason: ReasonLeftOut}
}

// judgeCopy plans a row of a copy: nothing is held back but what is another person's (15(4)) or not portable (20(1)).
func (b *Builder) judgeCopy(c Collection, row Row) Group {
	switch {
	case b.right == models.Return: // the customer's own rows, whoever else is concerned
		return Group{Proposed: models.TreatDisclose, Reason: ReasonGround}
	case b.right == models.Export && !c.Portable:
		return Group{Proposed: models.TreatWithhold, Reason: ReasonNotPortable}
	case row.SharedWith != "":
		return Group{
			Proposed: models.TreatRefer, Reason: ReasonShared, SharedWith: row.SharedWith,
			Options: []models.Treatment{models.TreatRedact, models.TreatDisclose, models.TreatWithhold},
		}
	}
	return Group{Proposed: models.TreatDisclose, Reason: ReasonGround}
}

// latestHold is the hold in force that ends last; missing names a rule whose start date the row lacks. The fields held are those of all
// holds in force together; until the last one ends, none of them is let go.
func (b *Builder) latestHold(rules []HoldRule, anchors map[string]map[string]calendar.Date) (latest Hold, missing string, err error) {
	var fields []string
	whole := false
	for _, rule := range rules {
		h, err := b.hold(rule.Code, anchors[rule.Code])
		if models.CodeOf(err) == "missing_field" {
			missing = rule.Code
			continue
		}
		if err != nil {
			return Hold{}, "", err
		}
		if h.Through.Before(b.today) {
			continue
		}
		whole = whole || len(rule.Fields) == 0
		fields = append(fields, rule.Fields...)
		if outranks(h, latest) {
			latest = h
		}
	}
	if !whole {
		slices.Sort(fields)
		latest.Fields = slices.Compact(fields)
	}
	return latest, missing, nil
}

// outranks reports whether hold a decides rather than b. A hold of the Union outranks one of a third country even when that ends
// later: only the former is an exemption (Art. 17(3)(b)).
func outranks(a, b Hold) bool {
	if b.Through.IsZero() || a.ThirdCountry != b.ThirdCountry {
		return b.Through.IsZero() || b.ThirdCountry
	}
	return a.Through.After(b.Through)
}
