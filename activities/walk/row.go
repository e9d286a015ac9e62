package walk

import (
	"context"
	"slices"
	"time"

	"habeas/models/datamap"
)

// found is a located row as it is kept.
func (r *run) found(node *datamap.Node, row datamap.Row, path []string) datamap.FoundRow {
	f := datamap.FoundRow{
		System: node.System, Address: node.Address, Key: row.Pick(node.Key),
		Links:      datamap.Row{Columns: node.Links, Values: row.Pick(node.Links)},
		Controller: controller(node, row), Path: path,
	}
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	for _, c := range node.AnchorColumns() {
		v, _ := row.Get(c)
		date, _ := v.Date(zone)
		f.Anchors = append(f.Anchors, datamap.AnchorDate{Column: c, Date: date})
	}
	if node.Collection.Shared == datamap.ShareAlways {
		f.Shared, f.Reason = true, datamap.ShareReason{Code: datamap.SharedByMap, Via: node.Address}
	}
	return f
}

func controller(node *datamap.Node, row datamap.Row) string {
	if c := node.Collection.ControllerColumn; c != "" {
		v, _ := row.Get(c)
		return v.Text()
	}
	return node.Dataset.Controller
}

func (r *run) inScope(controller string) bool { return r.Scope == nil || r.Scope(controller) }

// whose is what the identities in a row tell about it.
type whose int

const (
	nobodys  whose = iota // it carries no identity
	own                   // it carries one of the subject's
	otherToo              // it carries one of the subject's, and another person's in another field
	others                // it carries identities of the subject's kinds, none of which is the subject's
	unsure                // it carries identities only of kinds of which the subject has given none
)

// judge compares the identities in a row with the subject's.
func (r *run) judge(node *datamap.Node, row datamap.Row) whose {
	if r.Controller != "" {
		return map[bool]whose{true: own, false: others}[controller(node, row) == r.Controller]
	}
	mine, foreign, stranger, unknown := false, false, false, false
	for _, id := range node.Identities {
		v, _ := row.Get(id.Field)
		given, matched, present, rest := r.compare(id.Kind, v)
		if matched && rest && !id.AllElements && !id.SamePerson {
			stranger = true
		}
		mine = mine || matched
		foreign = foreign || given && present && !matched
		stranger = stranger || given && present && !matched && !id.SamePerson
		unknown = unknown || present && !given
	}
	switch {
	case mine && stranger:
		return otherToo
	case mine:
		return own
	case foreign:
		return others
	case unknown:
		return unsure
	}
	return nobodys
}

// compare also tells, by rest, whether an element beside the subject's is somebody else's.
func (r *run) compare(kind string, v datamap.Value) (given, matched, present, rest bool) {
	for _, known := range r.Identities {
		given = given || known.Kind == kind
	}
	for _, e := range v.Elements() {
		text := datamap.Fold(kind, e.Text())
		same := false
		for _, known := range r.Identities {
			same = same || text != "" && known.Kind == kind && datamap.Fold(kind, known.Value.Reveal()) == text
		}
		present = present || text != ""
		matched = matched || same
		rest = rest || text != "" && !same
	}
	return given, matched, present, rest
}

// step lengthens a path by an edge; a circle is left out.
func step(path []string, edge string) []string {
	if i := slices.Index(path, edge); i >= 0 {
		return path[:i+1]
	}
	return append(slices.Clone(path), edge)
}

// adder collects rows and hands them on in batches.
type adder struct {
	ctx  context.Context //nolint:containedctx // lives as long as one look-up
	run  *run
	rows []datamap.FoundRow
}

func (r *run) adder(ctx context.Context) *adder { return &adder{ctx: ctx, run: r} }

func (a *adder) row(f datamap.FoundRow) error {
	if !a.run.inScope(f.Controller) {
		return nil
	}
	a.rows = append(a.rows, f)
	if len(a.rows) < a.run.batch {
		return nil
	}
	return a.flush()
}

func (a *adder) flush() error {
	if len(a.rows) == 0 {
		return nil
	}
	_, err := a.run.Found.Add(a.ctx, a.rows)
	a.rows = a.rows[:0]
	return err
}
