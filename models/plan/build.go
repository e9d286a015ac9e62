package plan

import (
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
	Rules      []string
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
	Through      calendar.Date // last day held
	ErasableFrom calendar.Date // the day after
	ThirdCountry bool
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
	reason                            Reason
	through                           calendar.Date
}

// NewBuilder plans for one right, as of today in the controller's time zone.
func NewBuilder(right models.Right, today calendar.Date, hold HoldFunc) *Builder {
	return &Builder{right: right, today: today, hold: hold, index: map[groupKey]int{}}
}

// Add puts a row into its group and returns the group's number.
func (b *Builder) Add(c Collection, row Row) (int, error) {
	g, err := b.judge(c, row)
	if err != nil {
		return 0, err
	}
	key := groupKey{c.Dataset, c.Name, g.Rule, g.SharedWith, g.Reason, g.HoldThrough}
	i, ok := b.index[key]
	if !ok {
		i = len(b.groups)
		b.index[key] = i
		g.No, g.System, g.Dataset, g.Collection, g.Categories = i+1, c.System, c.Dataset, c.Name, c.Categories
		b.groups = append(b.groups, g)
	}
	b.groups[i].Rows++
	return i + 1, nil
}

// Groups are the groups so far, in the order of first appearance.
func (b *Builder) Groups() []Group { return b.groups }

func (b *Builder) judge(c Collection, row Row) (Group, error) {
	if b.right != models.Erasure {
		return b.judgeCopy(c, row), nil
	}
	if c.Kept {
		return Group{Proposed: models.TreatKeep, Reason: ReasonKeptByMap}, nil
	}
	h, missing, err := b.latestHold(c.Rules, row.Anchors)
	if err != nil {
		return Group{}, err
	}
	g := Group{
		Rule: h.Rule, Citation: h.Citation, Explanation: h.Explanation, HoldThrough: h.Through, ErasableOn: h.ErasableFrom,
		SharedWith: row.SharedWith,
	}
	erase := models.TreatErase
	if c.Masked {
		erase = models.TreatMask
	}
	held := !h.Through.IsZero()
	switch {
	case missing != "":
		g.Rule, g.Reason = missing, ReasonAnchorMissing
		g.Proposed, g.Options = models.TreatRefer, []models.Treatment{models.TreatKeep, erase}
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
		g.Options = []models.Treatment{models.TreatKeep, erase}
	default:
		g.Proposed, g.Reason = erase, ReasonGround
	}
	return g, nil
}

// judgeCopy plans a row of a copy: nothing is held back but what is another person's (15(4)) or not portable (20(1)).
func (b *Builder) judgeCopy(c Collection, row Row) Group {
	switch {
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

// latestHold is the hold in force that ends last; missing names a rule whose start date the row lacks and that could outlast it.
func (b *Builder) latestHold(rules []string, anchors map[string]map[string]calendar.Date) (latest Hold, missing string, err error) {
	for _, code := range rules {
		h, err := b.hold(code, anchors[code])
		if models.CodeOf(err) == "missing_field" {
			missing = code
			continue
		}
		if err != nil {
			return Hold{}, "", err
		}
		inForce := !h.Through.Before(b.today)
		// A hold of the Union outranks one of a third country that ends later: only the former is an exemption.
		outlasts := h.Through.After(latest.Through) && (latest.Through.IsZero() || latest.ThirdCountry || !h.ThirdCountry)
		replaces := latest.ThirdCountry && !h.ThirdCountry
		if inForce && (latest.Through.IsZero() || outlasts || replaces) {
			latest = h
		}
	}
	return latest, missing, nil
}
