package plan

import (
	"slices"

	"habeas/models"
)

// Split is what the DPO decides about some rows of a group, or about all of them.
type Split struct {
	Group     int
	Rows      int64 // 0: all rows of the group
	Treatment models.Treatment
	Marked    []string // fields to redact or mask besides those that identify somebody; nil: as the data map says
}

// Split returns a copy of the plan in which rows of a group are treated by themselves, and the number of the group that they are in now: one of
// the same choice that was taken from the group before, or a new one. It fails with unknown_group, choice_not_offered, unknown_field or
// fields_missing.
func (p Plan) Split(s Split) (Plan, int, error) {
	i := slices.IndexFunc(p.Groups, func(g Group) bool { return g.No == s.Group })
	if i < 0 || s.Rows < 0 || s.Rows > p.Groups[i].Rows {
		return Plan{}, 0, models.Errorf(models.Invalid, "unknown_group", "The plan has no such records in group %d.", s.Group)
	}
	part := p.Groups[i]
	if !slices.Contains(part.Options, s.Treatment) {
		return Plan{}, 0, models.Errorf(models.Invalid, "choice_not_offered", "Group %d cannot be treated that way.", s.Group)
	}
	part.Choice, part.Marked = s.Treatment, nil
	if s.Treatment == models.TreatMask || s.Treatment == models.TreatRedact {
		part.Marked = slices.Sorted(slices.Values(s.Marked))
	}
	for _, name := range part.Marked {
		markable := func(f Field) bool {
			return f.Name == name && !f.Identity && (!f.Fixed || s.Treatment != models.TreatMask)
		}
		if !slices.ContainsFunc(part.Fields, markable) {
			return Plan{}, 0, models.Errorf(models.Invalid, "unknown_field", "Group %d has no such field to mark.", s.Group)
		}
	}
	if part.NeedsFields(part.Choice) {
		return Plan{}, 0, models.Errorf(models.Invalid, "fields_missing", "Mark the person's own fields first.")
	}
	out := p
	out.Groups = slices.Clone(p.Groups)
	if s.Rows == 0 || s.Rows == part.Rows {
		out.Groups[i] = part
		return out, part.No, nil
	}
	out.Groups[i].Rows -= s.Rows
	part.SplitFrom = part.No
	same := func(g Group) bool {
		return g.SplitFrom == part.SplitFrom && g.Choice == part.Choice && slices.Equal(g.Marked, part.Marked)
	}
	if j := slices.IndexFunc(out.Groups, same); j >= 0 {
		out.Groups[j].Rows += s.Rows
		return out, out.Groups[j].No, nil
	}
	part.No, part.Rows = nextNo(p.Groups), s.Rows
	out.Groups = append(out.Groups, part)
	return out, part.No, nil
}

// nextNo follows the highest number of a group.
func nextNo(groups []Group) int {
	no := 0
	for _, g := range groups {
		no = max(no, g.No)
	}
	return no + 1
}
